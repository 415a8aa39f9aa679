import type { ChangeEntry } from '../changes/log.ts';
import { Prisma } from '../generated/prisma/client.ts';
import type { Tx } from '../postgres/db.ts';
import type { WireBalance, WireCardBalance } from '../truelayer/wire-balance.ts';

/** The account whose balance is saved. */
interface BalanceOwner {
  readonly id: string;
  readonly viewerId: string;
  /** Its own, for card balances that leave theirs out. */
  readonly currency: string | null;
  /** The account that it is really read of, where the viewer has merged that into this one. */
  readonly originId?: string;
}

// What makes it another balance than before: a later instant alone is none.
const SAYS = [
  'currency',
  'current',
  'available',
  'overdraft',
  'credit_limit',
  'last_statement_balance',
  'last_statement_on',
  'payment_due',
  'payment_due_on',
] as const;
const COLUMNS = Prisma.raw(SAYS.join(', '));
const saysOf = (table: string) => Prisma.raw(SAYS.map((column) => `${table}.${column}`).join(', '));
const ASSIGNED = Prisma.raw(SAYS.map((column) => `${column} = excluded.${column}`).join(', '));

/**
 * Saves the balance that a bank gave, unless a newer one is there already, and as that of its day where it
 * is another than before.
 *
 * @param fetchedAt - when the bank was asked
 */
export async function saveBalance(
  tx: Tx,
  account: BalanceOwner,
  balance: WireBalance | WireCardBalance,
  fetchedAt: Date,
): Promise<readonly ChangeEntry[]> {
  const currency = balance.currency ?? account.currency;
  if (currency === null) return [];
  const row = {
    account_id: account.id,
    viewer_id: account.viewerId,
    currency,
    current: balance.current,
    available: balance.available,
    overdraft: 'overdraft' in balance ? balance.overdraft : null,
    as_of: balance.updatedAt ?? fetchedAt,
    fetched_at: fetchedAt,
    ...('creditLimit' in balance
      ? {
          credit_limit: balance.creditLimit,
          last_statement_balance: balance.lastStatementBalance,
          last_statement_on: balance.lastStatementDate,
          payment_due: balance.paymentDue,
          payment_due_on: balance.paymentDueDate,
        }
      : {}),
  };
  // What is new is told from the snapshot before the statement writes.
  const news = await tx.$queryRaw<unknown[]>`
    with saved as (
      insert into balance
      select * from jsonb_populate_record(null::balance, ${JSON.stringify(row)}::jsonb)
      on conflict (account_id) do update set ${ASSIGNED}, as_of = excluded.as_of,
        fetched_at = excluded.fetched_at
      where balance.fetched_at <= excluded.fetched_at
      returning *
    ), news as (
      select saved.* from saved left join balance before on before.account_id = saved.account_id
      where before.account_id is null or (${saysOf('before')}) is distinct from (${saysOf('saved')})
    ), kept as (
      insert into balance_day (account_id, day, viewer_id, origin_account_id, ${COLUMNS}, as_of,
        fetched_at)
      select account_id, (fetched_at at time zone 'UTC')::date, viewer_id,
        ${account.originId ?? null}::uuid, ${COLUMNS}, as_of, fetched_at from news
      on conflict (account_id, day) do update set ${ASSIGNED}, as_of = excluded.as_of,
        fetched_at = excluded.fetched_at
    )
    select 1 from news`;
  return news.length === 0 ? [] : [{ subject: 'BALANCE', subjectId: account.id, act: 'CHANGED' }];
}
