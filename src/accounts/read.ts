import { type QueryResult, types } from 'pg';
import type { AccountKind, AccountStatus, TransactionStatus } from '../generated/prisma/enums.ts';
import type { Database } from '../postgres/db.ts';

/** How far a transaction has come; removed: the bank shows it no more. */
export type ShownStatus = TransactionStatus | 'REMOVED';

/** One transaction as the API shows it. Days and amounts are text, exact. */
export interface TransactionRow {
  readonly id: string;
  readonly account_id: string;
  readonly status: ShownStatus;
  readonly booked_on: string;
  readonly booked_at: Date | null;
  readonly amount: string;
  readonly currency: string;
  readonly description: string;
  readonly merchant_name: string | null;
  readonly category: string;
  readonly classification: readonly string[];
  readonly counterparty_name: string | null;
  readonly reference: string | null;
  readonly running_balance: string | null;
  readonly transaction_id: string;
  readonly normalised_id: string | null;
  readonly provider_transaction_id: string | null;
  readonly sign_disputed: boolean;
  readonly version: number;
  readonly first_seen_at: Date;
  readonly changed_at: Date;
  /** When the bank no longer showed it; null while it does. */
  readonly removed_at: Date | null;
}

/** An account with its newest balance. */
export interface AccountRow {
  readonly id: string;
  readonly consent_id: string;
  readonly environment: string;
  readonly provider_id: string;
  readonly kind: AccountKind;
  readonly account_type: string | null;
  /** The viewer's own name for it, else the bank's. */
  readonly display_name: string;
  readonly bank_name: string | null;
  readonly holder_name: string | null;
  readonly currency: string | null;
  readonly iban: string | null;
  readonly account_number: string | null;
  readonly sort_code: string | null;
  readonly bic: string | null;
  readonly card_network: string | null;
  readonly last_digits: string | null;
  readonly valid_to: string | null;
  readonly first_seen_at: Date;
  readonly status: AccountStatus;
  readonly excluded: boolean;
  /** The account that the viewer merged it into; lists leave it out. */
  readonly merged_into_id: string | null;
  readonly balance_currency: string | null;
  readonly current: string | null;
  readonly available: string | null;
  readonly overdraft: string | null;
  readonly credit_limit: string | null;
  readonly last_statement_balance: string | null;
  readonly last_statement_on: string | null;
  readonly payment_due: string | null;
  readonly payment_due_on: string | null;
  readonly as_of: Date | null;
  readonly fetched_at: Date | null;
  readonly direct_debits_read_at: Date | null;
  readonly standing_orders_read_at: Date | null;
}

/** Where a page of transactions begins: after this row, in the order newest first. */
export interface TransactionPosition {
  readonly bookedOn: string;
  readonly id: string;
}

/** A page of transactions, newest first. Days are inclusive; null means without that bound. */
export interface TransactionPage {
  readonly from: string | null;
  readonly to: string | null;
  readonly after: TransactionPosition | null;
  /** Only of these; null for all that are not removed. */
  readonly statuses: readonly ShownStatus[] | null;
  /** Rows wanted; one more is read to tell whether there is a next page. */
  readonly first: number;
}

const SHOWN_STATUS = `case when t.removed_at is null then t.status::text else 'REMOVED' end`;

const TRANSACTION_COLUMNS = `t.id, t.account_id, ${SHOWN_STATUS} as status, t.booked_on, t.booked_at, t.amount,
  t.currency, t.description,
  t.merchant_name, t.category, t.classification, t.counterparty_name, t.reference,
  t.running_balance, t.transaction_id, t.normalised_id, t.provider_transaction_id,
  t.sign_disputed, t.version, t.first_seen_at, t.changed_at, t.removed_at`;

const ACCOUNT_COLUMNS = `a.id, a.consent_id, a.environment, a.provider_id, a.kind, a.account_type,
  a.display_name, a.holder_name, a.currency, a.iban, a.account_number, a.sort_code, a.bic,
  a.card_network, a.last_digits, a.valid_to, a.first_seen_at, a.bank_name, a.status, a.excluded,
  a.merged_into_id, a.direct_debits_read_at, a.standing_orders_read_at,
  b.currency as balance_currency,
  b.current, b.available, b.overdraft, b.credit_limit, b.last_statement_balance,
  b.last_statement_on, b.payment_due, b.payment_due_on, b.as_of, b.fetched_at`;

// The viewer is set by the very statement that reads, for its own transaction only: one round trip.
// All tables stand in a lateral part that refers to the setting and that `limit` or `offset 0` keep
// whole, so that no plan can look at a row, and have it refused, before the setting is made.
/** Names the viewer, `$1`, to row-level security: the first thing in the `from` of a hot read. */
export const AS_VIEWER = `(select set_config('app.viewer', $1, true) as id) viewer`;

const ACCOUNT_BOUNDS = `($2::text is null or (a.display_name, a.id) > ($2, $3::uuid))`;

// Accounts that were merged into another are that other one.
const LISTED = `a.merged_into_id is null`;

// A row that a merged account has as well is shown once: the other is passed over by what it says itself.
const PAGE_BOUNDS = `t.collapsed_into_id is null and t.booked_on >= coalesce($2::date, '-infinity')
  and t.booked_on <= coalesce($3::date, 'infinity')
  and (t.booked_on, t.id) < (coalesce($4::date, 'infinity'),
    coalesce($5::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))`;

// Statements of their own, for what may be any status is guessed to hold for few rows, and the pages that
// nearly everybody asks for would no longer be read along their index.
const STATUS_BOUNDS = {
  ofAll: 't.removed_at is null',
  ofSome: `${SHOWN_STATUS} = any ($7::text[])`,
} as const;

/**
 * Pages of several accounts in one statement, by account id. Accounts that are not the viewer's
 * have no rows.
 */
export async function readTransactionsByAccount(
  database: Database,
  viewerId: string,
  accountIds: readonly string[],
  page: TransactionPage,
): Promise<ReadonlyMap<string, readonly TransactionRow[]>> {
  const statuses = page.statuses === null ? 'ofAll' : 'ofSome';
  const values = pageValues(viewerId, page);
  const rows = await hotRead<TransactionRow>(
    database,
    `transactions_by_account_${statuses}`,
    `select ${TRANSACTION_COLUMNS} from ${AS_VIEWER}
     cross join unnest($${values.length + 1}::uuid[]) wanted (id)
     cross join lateral (
       select * from transaction t
       where t.account_id = wanted.id and t.viewer_id = viewer.id::uuid and ${PAGE_BOUNDS}
         and ${STATUS_BOUNDS[statuses]}
       order by t.booked_on desc, t.id desc limit $6
     ) t`,
    [...values, [...accountIds]],
  );
  return Map.groupBy(rows, (row) => row.account_id);
}

/** A page over all accounts of the viewer. */
export async function readTransactions(
  database: Database,
  viewerId: string,
  page: TransactionPage,
): Promise<readonly TransactionRow[]> {
  const statuses = page.statuses === null ? 'ofAll' : 'ofSome';
  return hotRead<TransactionRow>(
    database,
    `transactions_${statuses}`,
    `select ${TRANSACTION_COLUMNS} from ${AS_VIEWER}
     cross join lateral (
       select * from transaction t
       where t.viewer_id = viewer.id::uuid and ${PAGE_BOUNDS} and ${STATUS_BOUNDS[statuses]}
       order by t.booked_on desc, t.id desc limit $6
     ) t`,
    pageValues(viewerId, page),
  );
}

/** Transactions by id, removed ones too; those that are not the viewer's are left out. */
export async function findTransactions(
  database: Database,
  viewerId: string,
  ids: readonly string[],
): Promise<readonly TransactionRow[]> {
  return hotRead<TransactionRow>(
    database,
    'transactions_by_id',
    `select ${TRANSACTION_COLUMNS} from ${AS_VIEWER}
     cross join lateral (
       select * from transaction t
       where t.id = any ($2::uuid[]) and t.viewer_id = viewer.id::uuid
         and t.collapsed_into_id is null offset 0
     ) t`,
    [viewerId, [...ids]],
  );
}

/** Accounts by id; those that are not the viewer's are left out. */
export async function findAccounts(
  database: Database,
  viewerId: string,
  ids: readonly string[],
): Promise<readonly AccountRow[]> {
  return hotRead<AccountRow>(
    database,
    'accounts_by_id',
    `select found.* from ${AS_VIEWER}
     cross join lateral (
       select ${ACCOUNT_COLUMNS} from account a left join balance b on b.account_id = a.id
       where a.id = any ($2::uuid[]) and a.viewer_id = viewer.id::uuid offset 0
     ) found`,
    [viewerId, [...ids]],
  );
}

/** The accounts that were merged into others, by the id of the account that stays. */
export async function findMergedAccounts(
  database: Database,
  viewerId: string,
  keptIds: readonly string[],
): Promise<ReadonlyMap<string, readonly AccountRow[]>> {
  const rows = await hotRead<AccountRow>(
    database,
    'accounts_merged',
    `select found.* from ${AS_VIEWER}
     cross join lateral (
       select ${ACCOUNT_COLUMNS} from account a left join balance b on b.account_id = a.id
       where a.merged_into_id = any ($2::uuid[]) and a.viewer_id = viewer.id::uuid
       order by a.merged_at, a.id offset 0
     ) found`,
    [viewerId, [...keptIds]],
  );
  return Map.groupBy(rows, (row) => row.merged_into_id ?? '');
}

/** Where a page of accounts begins: after this row, in the order of names. */
export interface AccountPosition {
  readonly displayName: string;
  readonly id: string;
}

/** A page of accounts by name. */
export interface AccountPage {
  readonly after: AccountPosition | null;
  /** Rows wanted; one more is read to tell whether there is a next page. */
  readonly first: number;
  /** Whether those that the viewer does not want are listed too. */
  readonly includeExcluded: boolean;
}

/** A page of all the viewer's accounts. */
export async function readAccounts(
  database: Database,
  viewerId: string,
  page: AccountPage,
): Promise<readonly AccountRow[]> {
  return hotRead<AccountRow>(
    database,
    'accounts',
    `select page.* from ${AS_VIEWER}
     cross join lateral (
       select ${ACCOUNT_COLUMNS} from account a left join balance b on b.account_id = a.id
       where a.viewer_id = viewer.id::uuid and ${LISTED} and (not a.excluded or $5)
         and ${ACCOUNT_BOUNDS}
       order by a.display_name, a.id limit $4
     ) page`,
    accountPageValues(viewerId, page),
  );
}

/**
 * Pages of the accounts that several consents feed, in one statement, by consent id. Consents that
 * are not the viewer's have none.
 */
export async function readAccountsByConsent(
  database: Database,
  viewerId: string,
  consentIds: readonly string[],
  page: AccountPage,
): Promise<ReadonlyMap<string, readonly AccountRow[]>> {
  const rows = await hotRead<AccountRow>(
    database,
    'accounts_by_consent',
    `select page.* from ${AS_VIEWER}
     cross join unnest($6::uuid[]) wanted (id)
     cross join lateral (
       select ${ACCOUNT_COLUMNS} from account a left join balance b on b.account_id = a.id
       where a.consent_id = wanted.id and a.viewer_id = viewer.id::uuid and ${LISTED}
         and (not a.excluded or $5) and ${ACCOUNT_BOUNDS}
       order by a.display_name, a.id limit $4
     ) page`,
    [...accountPageValues(viewerId, page), [...consentIds]],
  );
  return Map.groupBy(rows, (row) => row.consent_id);
}

function accountPageValues(
  viewerId: string,
  { after, first, includeExcluded }: AccountPage,
): unknown[] {
  return [viewerId, after?.displayName ?? null, after?.id ?? null, first + 1, includeExcluded];
}

function pageValues(viewerId: string, page: TransactionPage): unknown[] {
  const { from, to, after, first, statuses } = page;
  const values = [viewerId, from, to, after?.bookedOn ?? null, after?.id ?? null, first + 1];
  return statuses === null ? values : [...values, [...statuses]];
}

const DATE_TYPE = 1082;

/** Rows of a named prepared statement. Days stay text: a Date would move them through time zones. */
export async function hotRead<Row extends object>(
  database: Database,
  name: string,
  text: string,
  values: unknown[],
): Promise<readonly Row[]> {
  const result: QueryResult<Row> = await database.pool.query<Row>({
    name,
    text,
    values,
    types: { getTypeParser },
  });
  return result.rows;
}

function getTypeParser(type: number, format?: 'text' | 'binary'): (value: string) => unknown {
  if (type === DATE_TYPE) return (value) => value;
  return types.getTypeParser(type, format);
}
