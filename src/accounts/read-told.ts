import type { Database } from '../postgres/db.ts';
import { type AccountRow, AS_VIEWER, hotRead } from './read.ts';

/** A direct debit as the API shows it. Days and amounts are text, exact. */
export interface DirectDebitRow {
  readonly id: string;
  readonly account_id: string;
  readonly name: string | null;
  readonly mandate_id: string | null;
  readonly status: string;
  readonly currency: string | null;
  readonly previous_payment_on: string | null;
  readonly previous_payment_amount: string | null;
  readonly first_seen_at: Date;
  readonly changed_at: Date;
  readonly ended_at: Date | null;
}

/** A standing order likewise. */
export interface StandingOrderRow {
  readonly id: string;
  readonly account_id: string;
  readonly payee: string | null;
  readonly reference: string | null;
  readonly status: string;
  readonly frequency: string | null;
  readonly currency: string | null;
  readonly first_payment_on: string | null;
  readonly first_payment_amount: string | null;
  readonly previous_payment_on: string | null;
  readonly previous_payment_amount: string | null;
  readonly next_payment_on: string | null;
  readonly next_payment_amount: string | null;
  readonly final_payment_on: string | null;
  readonly final_payment_amount: string | null;
  readonly first_seen_at: Date;
  readonly changed_at: Date;
  readonly ended_at: Date | null;
}

/** Where a page of either begins: after this row, in the order of names. */
export interface MandatePosition {
  readonly name: string;
  readonly id: string;
}

/** A page of direct debits or standing orders, by name. */
export interface MandatePage {
  readonly after: MandatePosition | null;
  /** Rows wanted; one more is read to tell whether there is a next page. */
  readonly first: number;
  /** Whether those that the bank no longer lists are there too. */
  readonly includeEnded: boolean;
}

/** Pages of the direct debits of several accounts in one statement, by account id. */
export function readDirectDebits(
  database: Database,
  viewerId: string,
  accountIds: readonly string[],
  page: MandatePage,
): Promise<ReadonlyMap<string, readonly DirectDebitRow[]>> {
  return readMandates(database, viewerId, accountIds, page, {
    table: 'direct_debit',
    name: 'name',
  });
}

/** Pages of the standing orders of several accounts in one statement, by account id. */
export function readStandingOrders(
  database: Database,
  viewerId: string,
  accountIds: readonly string[],
  page: MandatePage,
): Promise<ReadonlyMap<string, readonly StandingOrderRow[]>> {
  return readMandates(database, viewerId, accountIds, page, {
    table: 'standing_order',
    name: 'payee',
  });
}

async function readMandates<Row extends { readonly account_id: string }>(
  database: Database,
  viewerId: string,
  accountIds: readonly string[],
  { after, first, includeEnded }: MandatePage,
  { table, name }: { readonly table: string; readonly name: string },
): Promise<ReadonlyMap<string, readonly Row[]>> {
  // Byte for byte, so that the order is the same in every database.
  const order = `coalesce(m.${name}, '') collate "C"`;
  const rows = await hotRead<Row>(
    database,
    `${table}s_by_account`,
    `select page.* from ${AS_VIEWER}
     cross join unnest($2::uuid[]) wanted (id)
     cross join lateral (
       select m.* from ${table} m
       where m.account_id = wanted.id and m.viewer_id = viewer.id::uuid
         and ($3::boolean or m.ended_at is null)
         and ($4::text is null or (${order}, m.id) > ($4 collate "C", $5::uuid))
       order by ${order}, m.id limit $6
     ) page`,
    [viewerId, [...accountIds], includeEnded, after?.name ?? null, after?.id ?? null, first + 1],
  );
  return Map.groupBy(rows, (row) => row.account_id);
}

/** A balance as the API shows it, the newest or one of the past. */
export type BalanceRow = Pick<
  AccountRow,
  | 'kind'
  | 'balance_currency'
  | 'current'
  | 'available'
  | 'overdraft'
  | 'credit_limit'
  | 'last_statement_balance'
  | 'last_statement_on'
  | 'payment_due'
  | 'payment_due_on'
  | 'as_of'
  | 'fetched_at'
>;

/** The last balance of a day on which it was another than before. */
export interface BalanceDayRow extends BalanceRow {
  readonly account_id: string;
  readonly day: string;
}

/** A page of balances, newest first. */
export interface BalancePage {
  /** The day after which, going back, it begins; null for the newest. */
  readonly before: string | null;
  /** Rows wanted; one more is read to tell whether there is a next page. */
  readonly first: number;
}

/** Pages of the past balances of several accounts in one statement, by account id. */
export async function readBalanceDays(
  database: Database,
  viewerId: string,
  accountIds: readonly string[],
  { before, first }: BalancePage,
): Promise<ReadonlyMap<string, readonly BalanceDayRow[]>> {
  const rows = await hotRead<BalanceDayRow>(
    database,
    'balance_days_by_account',
    `select page.* from ${AS_VIEWER}
     cross join unnest($2::uuid[]) wanted (id)
     cross join lateral (
       select b.account_id, b.day, a.kind, b.currency as balance_currency, b.current, b.available,
         b.overdraft, b.credit_limit, b.last_statement_balance, b.last_statement_on, b.payment_due,
         b.payment_due_on, b.as_of, b.fetched_at
       from balance_day b join account a on a.id = b.account_id
       where b.account_id = wanted.id and b.viewer_id = viewer.id::uuid
         and a.viewer_id = viewer.id::uuid and b.day < coalesce($3::date, 'infinity')
       order by b.day desc limit $4
     ) page`,
    [viewerId, [...accountIds], before, first + 1],
  );
  return Map.groupBy(rows, (row) => row.account_id);
}
