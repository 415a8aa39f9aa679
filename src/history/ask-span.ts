import type { App } from '../app.ts';
import { nowOf } from '../base/clock.ts';
import { dayOf } from '../base/days.ts';
import { randomText } from '../base/entropy.ts';
import { hashOf } from '../consents/secrets.ts';
import { withBankAccess } from '../consents/tokens.ts';
import type { Bank, DayRange } from '../truelayer/bank.ts';
import { BankError } from '../truelayer/errors.ts';
import type { Listing } from '../truelayer/listing.ts';
import type { WireTransaction } from '../truelayer/wire-transaction.ts';
import { endOf, endSpan } from './end-span.ts';
import {
  findOpenSpan,
  isPastDeadline,
  type OpenSpan,
  unwantedEnd,
  WINDOW_CLOSED,
} from './open-span.ts';
import { foresee } from './foresee.ts';
import { notePace } from './pace.ts';
import { askForBooked, readBooked } from './read-booked.ts';
import { resultsNoticeUri } from './results-address.ts';
import { saveSpan } from './save-span.ts';
import { askForPoll, askForSpan } from './span-job.ts';
import { isSynchronous, noteSynchronous } from './synchronous-banks.ts';
import { firstPollAt, TASKS_MAX } from './task-times.ts';
import { waitAsAsked } from './wait-span.ts';

/**
 * Asks for the days of one span: as a task that the bank does in its own time, or at once where the
 * user waits for them, the bank knows no tasks, or its tasks came to nothing. A span that has ended
 * stays as it is. Nothing is asked after the deadline; a refusal closes the span with its reason and
 * is no failure. Calls the network; answers `fetchSpan`.
 *
 * @throws BankError where trying again can help
 */
export async function fetchSpan(app: App, viewerId: string, spanId: string): Promise<void> {
  const span = await findOpenSpan(app, viewerId, spanId);
  if (span === null) return;
  const unwanted = unwantedEnd(span);
  if (unwanted !== null) return endSpan(app, span, unwanted);
  // Asked for already: what the bank has taken on is still to come, and may come after the deadline.
  if (span.resultsUri !== null) return lookAtOnce(app, span);
  const foreseen = await foresee(app, span, nowOf(app.clock));
  if (foreseen === 'CUT') return;
  if (foreseen !== null) return endSpan(app, span, foreseen);
  let listing: Listing<WireTransaction> | null | 'TOO_LATE';
  try {
    listing = wantsTask(app, span) ? await askForTask(app, span) : await readNow(app, span);
  } catch (error) {
    const end = endOf(error, span);
    if (end !== null) return endSpan(app, span, end, error);
    if (await waitAsAsked(app, span, error, askForSpan)) return;
    throw error;
  }
  if (listing === 'TOO_LATE') return endSpan(app, span, WINDOW_CLOSED);
  if (listing !== null) await saveSpan(app, span, listing);
}

function wantsTask(app: App, span: OpenSpan): boolean {
  // The first is small, and the user waits for it.
  if (span.ordinal === 0 || span.tasks >= TASKS_MAX) return false;
  return !isSynchronous(app, span.account.providerId, nowOf(app.clock));
}

/** @returns the rows where the bank gave them at once, null where they are to come or not wanted */
async function askForTask(
  app: App,
  span: OpenSpan,
): Promise<Listing<WireTransaction> | null | 'TOO_LATE'> {
  const secret = randomText(app.entropy, 32);
  const taskHash = hashOf(secret);
  if (!(await expectTask(app, span, taskHash))) return null;
  try {
    const answer = await whileOpen(app, span, (bank, range) =>
      askForBooked(bank, span.asked, range, resultsNoticeUri(app, secret)),
    );
    if (answer === 'TOO_LATE') return answer;
    if (answer.resultsUri !== null) {
      await awaitTask(app, span, taskHash, answer.resultsUri);
      return null;
    }
    noteSynchronous(app, span.account.providerId, nowOf(app.clock));
    return answer.listing;
  } catch (error) {
    if (!(error instanceof BankError)) throw error;
    if (error.meaning === 'NOT_SUPPORTED') {
      noteSynchronous(app, span.account.providerId, nowOf(app.clock));
    } else if (error.status !== 202) {
      throw error;
    }
    // It knows no tasks, or took one on of which nothing is ever heard.
    return readNow(app, span);
  }
}

async function readNow(app: App, span: OpenSpan): Promise<Listing<WireTransaction> | 'TOO_LATE'> {
  return whileOpen(app, span, async (bank, range) => {
    const begun = app.clock.now();
    const listing = await readBooked(bank, span.asked, range);
    notePace(app, span.account.providerId, app.clock.now() - begun);
    return listing;
  });
}

/** Asks the bank, unless the deadline has passed: also while its token was being refreshed. */
function whileOpen<T>(
  app: App,
  span: OpenSpan,
  call: (bank: Bank, range: DayRange) => Promise<T>,
): Promise<T | 'TOO_LATE'> {
  const { viewerId, consentId, consent } = span;
  const isTooLate = () => isPastDeadline(span, nowOf(app.clock));
  if (isTooLate()) return Promise.resolve('TOO_LATE');
  const attended = nowOf(app.clock) < consent.windowEndsAt;
  const range = { from: dayOf(span.fromOn), to: dayOf(span.untilOn) };
  return withBankAccess(app, { viewerId, consentId, attended }, async (bank) =>
    isTooLate() ? 'TOO_LATE' : call(bank, range),
  );
}

/**
 * Writes down what a task will be known by, before the bank is asked: its notice may be faster than
 * its answer.
 *
 * @returns whether the span still waits to be asked for
 */
function expectTask(app: App, span: OpenSpan, taskHash: Uint8Array<ArrayBuffer>): Promise<boolean> {
  return app.database.transact(span.viewerId, async (tx) => {
    const { count } = await tx.historySpan.updateMany({
      where: { id: span.id, status: 'PLANNED', period: span.period, resultsUri: null },
      data: { taskHash, taskAskedAt: nowOf(app.clock), noticedAt: null, pollFailures: 0 },
    });
    return count === 1;
  });
}

/** Keeps where the results of a task will lie, and has them looked for. */
async function awaitTask(
  app: App,
  span: OpenSpan,
  taskHash: Uint8Array<ArrayBuffer>,
  resultsUri: string,
): Promise<void> {
  const now = nowOf(app.clock);
  await app.database.transact(span.viewerId, async (tx) => {
    // Of two runs of this job that both asked, the later one is waited for.
    const [kept] = await tx.historySpan.updateManyAndReturn({
      where: { id: span.id, status: 'PLANNED', period: span.period, resultsUri: null, taskHash },
      data: { resultsUri, tasks: { increment: 1 } },
      select: { noticedAt: true },
    });
    if (kept === undefined) return;
    const notBefore = kept.noticedAt === null ? firstPollAt(now) : now;
    await app.queue.send(tx, [askForPoll(span, { bank: span.account.providerId, notBefore })]);
  });
}

async function lookAtOnce(app: App, span: OpenSpan): Promise<void> {
  await app.database.transact(span.viewerId, (tx) =>
    app.queue.send(tx, [askForPoll(span, { bank: span.account.providerId })]),
  );
}
