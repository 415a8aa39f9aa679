import type { App } from '../app.ts';
import { HOUR, later, nowOf, SECOND } from '../base/clock.ts';
import { BankError } from '../truelayer/errors.ts';
import type { OpenSpan } from './open-span.ts';
import { type askForPoll, type askForSpan } from './span-job.ts';

const WAITS_MAX = 30;
const WAIT_MILLISECONDS_MIN = 5 * SECOND;
const WAIT_MILLISECONDS_MAX = HOUR;

/**
 * Has a span's job come again when the bank has asked for it.
 *
 * @param askAgain - which of its jobs
 * @returns whether it does; otherwise the queue's own bounded retries are to
 */
export async function waitAsAsked(
  app: App,
  span: OpenSpan,
  error: unknown,
  askAgain: typeof askForSpan | typeof askForPoll,
): Promise<boolean> {
  // Where the bank says how long to wait, the queue's own delay would either hurry or dawdle. After
  // many waits the queue's own bounded retries take over.
  if (!(error instanceof BankError) || error.retryAfterSeconds === undefined) return false;
  if (span.waits >= WAITS_MAX) return false;
  const now = nowOf(app.clock);
  // However long the bank says: where a window closes, there is another try in what is left of it.
  const left =
    span.deadlineAt === null ? Infinity : (span.deadlineAt.getTime() - now.getTime()) / 2;
  const milliseconds = Math.min(error.retryAfterSeconds * SECOND, left, WAIT_MILLISECONDS_MAX);
  const notBefore = later(now, Math.max(milliseconds, WAIT_MILLISECONDS_MIN));
  await app.database.transact(span.viewerId, async (tx) => {
    const { count } = await tx.historySpan.updateMany({
      where: { id: span.id },
      data: { waits: { increment: 1 } },
    });
    // Erased while the bank was answering, there is nothing to wait for.
    const bank = span.account.providerId;
    if (count === 1) await app.queue.send(tx, [askAgain(span, { bank, notBefore })]);
  });
  return true;
}
