import type { App } from '../app.ts';
import { DAY, later } from '../base/clock.ts';
import { addDays, type Day, dayOf, laterDay } from '../base/days.ts';
import { uuidsv7 } from '../base/entropy.ts';
import { type ChangeEntry, recordChanges } from '../changes/log.ts';
import type { Tx } from '../postgres/db.ts';
import type { DayRange } from '../truelayer/bank.ts';
import type { WireTransaction } from '../truelayer/wire-transaction.ts';
import { identify } from './identity.ts';
import type { TransactionOwner } from './owner.ts';
import { findUnsettled, rename } from './reconcile.ts';
import { type IncomingTransaction, transactionParts } from './write-transactions.ts';

/** What a bank answered of one account. */
export interface TransactionsAnswer {
  /** All that it has booked on whole days; null where that was not had. */
  readonly booked: readonly WireTransaction[] | null;
  /** The days asked for, where every record of them was understood; null where one was not. */
  readonly whole: DayRange | null;
  /** The complete set of those pending now, an empty one too; null where that was not had. */
  readonly pending: readonly WireTransaction[] | null;
}

/** What else the log is to hold of it. */
export interface SaveRecord {
  /** When the bank was asked. */
  readonly at: Date;
  readonly changes: readonly ChangeEntry[];
  readonly consentId: string;
}

/** How long a pending row that vanished waits to be booked after all. */
const WAITS_DAYS = 30;
/** What lies in so few days every bank gives whole. */
const WEEKS_DAYS = 35;

/**
 * Saves what a bank answered of an account, and writes the change log, which makes it the last statement
 * of its transaction. However many rows were booked, they, their versions and their log are one statement.
 *
 * A transaction that is there already changes only where the bank now says something else, and what it
 * said before is kept as a version. What the viewer added stays. A pending row that the bank shows no
 * more is removed, and is the booked one that it has become, where that is certain. A booked row that two
 * whole answers lack is removed, and comes back if it is shown again.
 */
export async function saveTransactions(
  app: App,
  tx: Tx,
  owner: TransactionOwner,
  answer: TransactionsAnswer,
  { at, changes, consentId }: SaveRecord,
): Promise<void> {
  const booked = incoming(app, owner, answer.booked ?? [], 'BOOKED', at);
  const isBooked = new Set(booked.map(({ identity }) => identity));
  // Some banks show for a while as pending what they have booked.
  const pending =
    answer.pending &&
    incoming(app, owner, answer.pending, 'PENDING', at).filter(
      ({ identity }) => !isBooked.has(identity),
    );
  const covers = coveredDays(answer);
  const known = await findUnsettled(tx, owner, covers);
  const isPending = new Set(pending?.map(({ identity }) => identity));
  const gone = known.pending.filter(
    ({ identity, goneOn }) =>
      !isBooked.has(identity) && !isPending.has(identity) && (goneOn !== null || pending !== null),
  );
  const reread = known.reread ? covers : null;
  await rename(tx, owner, { booked, gone, reread, today: dayOf(at) });
  const replaced =
    pending === null || (pending.length === 0 && known.pending.length === 0)
      ? []
      : await replacePending(tx, owner, pending, [...isBooked, ...isPending], at);
  const before = [...changes, ...replaced];
  if (answer.booked === null) {
    return recordChanges(app, tx, owner.viewerId, at, before, consentId);
  }
  const parts = transactionParts(owner, { rows: booked, status: 'BOOKED', at, covers: reread });
  const written = { parts, accountId: owner.id };
  await recordChanges(app, tx, owner.viewerId, at, before, consentId, written);
}

function incoming(
  app: App,
  owner: TransactionOwner,
  transactions: readonly WireTransaction[],
  status: 'PENDING' | 'BOOKED',
  at: Date,
): readonly IncomingTransaction[] {
  // Banks answer newest first. Ids grow from the oldest, so that a page by day and id keeps the
  // bank's order within a day.
  const oldestFirst = identify(owner.kind, transactions, status).toReversed();
  const ids = uuidsv7(app.entropy, at, oldestFirst.length);
  return oldestFirst.map((item, order) => ({ ...item, id: ids[order] as string }));
}

/**
 * The days of which an answer shows surely all that there is. Those at its ends are none, for banks draw
 * the line in time zones of their own; nor, where years were asked for, are those before the oldest row, for
 * a bank may give less of them without a word.
 */
function coveredDays({ booked, whole }: TransactionsAnswer): DayRange | null {
  if (booked === null || whole === null) return null;
  const first = isOfWeeks(whole) ? whole.from : oldestOf(booked);
  if (first === null) return null;
  const from = addDays(laterDay(whole.from, first), 1);
  const to = addDays(whole.to, -1);
  return from <= to ? { from, to } : null;
}

function isOfWeeks({ from, to }: DayRange): boolean {
  return from > addDays(to, -WEEKS_DAYS);
}

function oldestOf(booked: readonly WireTransaction[]): Day | null {
  const days = booked.map(({ timestamp }) => timestamp.day);
  return days.length === 0 ? null : days.reduce((a, b): Day => (a < b ? a : b));
}

/**
 * Removes what is no longer pending, forgets what has waited for long, and writes what is pending now.
 *
 * @param shown - the identities of all that the answer shows, booked or pending
 */
async function replacePending(
  tx: Tx,
  owner: TransactionOwner,
  pending: readonly IncomingTransaction[],
  shown: readonly string[],
  at: Date,
): Promise<readonly ChangeEntry[]> {
  const rows = { rows: pending, status: 'PENDING', at, covers: null } as const;
  const happened = await tx.$queryRaw<{ id: string; act: ChangeEntry['act'] }[]>`
    with gone as (
      update transaction set removed_at = ${at}
      where account_id = ${owner.id}::uuid and status = 'PENDING' and removed_at is null
        and identity <> all (${shown}::text[])
      returning id
    ), forgotten as (
      delete from transaction where account_id = ${owner.id}::uuid and status = 'PENDING'
        and removed_at < ${later(at, -WAITS_DAYS * DAY)} and identity <> all (${shown}::text[])
    ), ${transactionParts(owner, rows)}
    select id::text as id, act from happened
    union all select id::text, 'REMOVED' from gone`;
  return happened.map(({ id, act }) => ({
    subject: 'TRANSACTION',
    subjectId: id,
    act,
    accountId: owner.id,
  }));
}
