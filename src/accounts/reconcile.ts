import { addDays, type Day } from '../base/days.ts';
import type { Tx } from '../postgres/db.ts';
import type { DayRange } from '../truelayer/bank.ts';
import type { TransactionOwner } from './owner.ts';
import { type GonePayment, matchReissued, matchSettled, type NewPayment } from './settle.ts';
import { type IncomingTransaction, merchantOf } from './write-transactions.ts';

/** A row that may be one of an answer's under another identity. */
interface UnsettledRow {
  readonly id: string;
  readonly identity: string;
  readonly bookedOn: Day;
  readonly amount: string;
  readonly currency: string;
  readonly description: string;
  readonly merchantName: string | null;
  /** The day it went; null while it is there. */
  readonly goneOn: Day | null;
}

/** What an account has that a new answer is compared with. */
export interface Unsettled {
  /** Those that are pending, and those that were and wait. */
  readonly pending: readonly UnsettledRow[];
  /** Whether booked rows of the days covered are there already: it is a re-read. */
  readonly reread: boolean;
}

/** What an answer says, and the rows that it is about to be compared with. */
export interface Comparison {
  readonly booked: readonly IncomingTransaction[];
  /** Pending rows that this answer, or an earlier one, no longer shows. */
  readonly gone: readonly UnsettledRow[];
  /** Given where the answer is compared with booked rows of these days too. */
  readonly reread: DayRange | null;
  readonly today: Day;
}

const UNSETTLED_MAX = 500;
const MISSING_MAX = 2_000;

/** Finds the few rows of an account that are pending or wait, by an index that holds no others. */
export async function findUnsettled(
  tx: Tx,
  owner: TransactionOwner,
  covers: DayRange | null,
): Promise<Unsettled> {
  const { from = null, to = null } = covers ?? {};
  const [found] = await tx.$queryRaw<Unsettled[]>`
    select exists (
        select from transaction where account_id = ${owner.id}::uuid and status = 'BOOKED'
          and booked_on between ${from}::date and ${to}::date
      ) as reread,
      (select coalesce(jsonb_agg(row), '[]') from (
        select id, identity, booked_on as "bookedOn", amount::text as amount, currency, description,
          merchant_name as "merchantName", removed_at::date as "goneOn"
        from transaction where account_id = ${owner.id}::uuid and status = 'PENDING'
        order by id desc limit ${UNSETTLED_MAX}
      ) row) as pending`;
  return found ?? { pending: [], reread: false };
}

/**
 * Gives rows that came back under another identity that identity, so that they are written as the rows that
 * they are: pending ones that were booked, and booked ones that the bank calls otherwise now. Rules and
 * reasons stand in `docs/transactions.md`.
 */
export async function rename(
  tx: Tx,
  owner: TransactionOwner,
  { booked, gone, reread, today }: Comparison,
): Promise<void> {
  const missing = reread === null ? [] : await findMissing(tx, owner, booked, reread);
  if (gone.length === 0 && missing.length === 0) return;
  const oldest = [...gone, ...missing].map(({ bookedOn }) => bookedOn).toSorted()[0] as Day;
  const near = booked.filter(({ wire }) => wire.timestamp.day >= addDays(oldest, -1));
  const fresh = await findNew(tx, owner, near);
  const settled = matchSettled(
    gone.map((row): GonePayment => ({ ...row, goneOn: row.goneOn ?? today })),
    fresh,
  );
  const taken = new Set(settled.map(({ identity }) => identity));
  const reissued = matchReissued(
    missing,
    fresh.filter(({ identity }) => !taken.has(identity)),
  );
  const ids = new Map([...settled, ...reissued].map(({ id, identity }) => [identity, id]));
  if (ids.size === 0) return;
  const renamed = near.flatMap(({ identity, wire }) => {
    const { normalisedId, providerTransactionId } = wire;
    return ids.has(identity)
      ? [{ id: ids.get(identity), identity, normalisedId, providerTransactionId }]
      : [];
  });
  await tx.$executeRaw`
    update transaction set identity = renamed.identity, normalised_id = renamed."normalisedId",
      provider_transaction_id = renamed."providerTransactionId"
    from jsonb_to_recordset(${JSON.stringify(renamed)}::jsonb) as renamed (id uuid, identity text,
      "normalisedId" text, "providerTransactionId" text)
    where transaction.id = renamed.id`;
}

/** Booked rows of the days covered that the answer lacks. */
async function findMissing(
  tx: Tx,
  owner: TransactionOwner,
  booked: readonly IncomingTransaction[],
  { from, to }: DayRange,
): Promise<readonly UnsettledRow[]> {
  return tx.$queryRaw`
    select id::text as id, identity, booked_on::text as "bookedOn", amount::text as amount, currency,
      description, merchant_name as "merchantName", null as "goneOn"
    from transaction where account_id = ${owner.id}::uuid and status = 'BOOKED'
      and removed_at is null and booked_on between ${from}::date and ${to}::date
      and origin_account_id is not distinct from ${owner.originId ?? null}::uuid
      and not exists (select from unnest(${booked.map(({ identity }) => identity)}::text[])
        as shown (identity) where shown.identity = transaction.identity)
    order by id limit ${MISSING_MAX}`;
}

/** Those of an answer that no row has the identity of. */
async function findNew(
  tx: Tx,
  owner: TransactionOwner,
  booked: readonly IncomingTransaction[],
): Promise<readonly NewPayment[]> {
  if (booked.length === 0) return [];
  const known = await tx.$queryRaw<{ identity: string }[]>`
    select identity from transaction where account_id = ${owner.id}::uuid
      and identity = any (${booked.map(({ identity }) => identity)}::text[])`;
  const identities = new Set(known.map(({ identity }) => identity));
  return booked
    .filter(({ identity }) => !identities.has(identity))
    .map(({ identity, amount, wire }) => ({
      identity,
      amount,
      bookedOn: wire.timestamp.day,
      currency: wire.currency,
      description: wire.description,
      merchantName: merchantOf(wire),
    }));
}
