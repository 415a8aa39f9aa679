import type { App } from '../app.ts';
import { nowOf } from '../base/clock.ts';
import { withBankAccess } from '../consents/tokens.ts';
import { BankError } from '../truelayer/errors.ts';
import { RESULTS_ENDPOINT, type TaskState } from '../truelayer/tasks.ts';
import type { WireTransaction } from '../truelayer/wire-transaction.ts';
import { endOf, endSpan } from './end-span.ts';
import {
  findOpenSpan,
  isPastDeadline,
  type OpenSpan,
  unwantedEnd,
  WINDOW_CLOSED,
} from './open-span.ts';
import { notePace } from './pace.ts';
import { saveSpan } from './save-span.ts';
import { askForPoll, askForSpan } from './span-job.ts';
import { isOverdue, nextPollAt, nextTaskAt, TASKS_MAX } from './task-times.ts';
import { waitAsAsked } from './wait-span.ts';

/** How often in a row a results address may be unreadable before the task is given up. */
const POLL_FAILURES_MAX = 3;

/**
 * Looks whether the results of a span are there, and saves them; else looks again later, or has the
 * days asked for anew. Results of what the bank took on before the deadline are taken after it too.
 * Calls the network; answers `pollSpan`.
 *
 * @throws BankError where trying again can help
 */
export async function pollSpan(app: App, viewerId: string, spanId: string): Promise<void> {
  const span = await findOpenSpan(app, viewerId, spanId);
  if (span === null || span.resultsUri === null) return;
  const { consentId, consent, resultsUri } = span;
  const unwanted = unwantedEnd(span);
  if (unwanted !== null) return endSpan(app, span, unwanted);
  const attended = nowOf(app.clock) < consent.windowEndsAt;
  let task: TaskState<WireTransaction>;
  try {
    task = await withBankAccess(app, { viewerId, consentId, attended }, (bank) =>
      bank.transactionResults(resultsUri),
    );
  } catch (error) {
    return withoutAnswer(app, span, error);
  }
  switch (task.status) {
    case 'SUCCEEDED':
      notePace(app, span.account.providerId, paceOfTask(app, span));
      return saveSpan(app, span, task.listing);
    case 'FAILED':
      return afterFailure(app, span, task.failure);
    case 'WAITING':
      return pollAgain(app, span, 0);
  }
}

/** How long the bank has taken over a task, as far as our looks for it tell. */
function paceOfTask({ clock }: App, { taskAskedAt, noticedAt }: OpenSpan): number {
  const endedAt = noticedAt?.getTime() ?? clock.now();
  return Math.max(0, endedAt - (taskAskedAt?.getTime() ?? endedAt));
}

/** Goes on where the results address said nothing of the task, or nothing that can be read. */
async function withoutAnswer(app: App, span: OpenSpan, error: unknown): Promise<void> {
  if (!(error instanceof BankError) || error.endpoint !== RESULTS_ENDPOINT) {
    const end = endOf(error, span);
    if (end !== null) return endSpan(app, span, end, error);
    throw error;
  }
  if (await waitAsAsked(app, span, error, askForPoll)) return;
  switch (error.meaning) {
    case 'TOKEN_REJECTED':
    case 'OPERATOR_FAULT':
    case 'RATE_LIMITED':
      throw error;
    case 'UNAVAILABLE': {
      // It may be the failure of the task, or a bad moment of the address: a few looks tell.
      app.log.warn({ spanId: span.id, err: error }, 'results could not be read');
      const failures = span.pollFailures + 1;
      if (failures < POLL_FAILURES_MAX) return pollAgain(app, span, failures);
      return askAnew(app, span);
    }
    default:
      return afterFailure(app, span, error);
  }
}

/** Ends a span as the bank's word has it, or has it asked for anew. */
function afterFailure(app: App, span: OpenSpan, failure: BankError): Promise<void> {
  const end = endOf(failure, span);
  if (end !== null) return endSpan(app, span, end, failure);
  app.log.warn({ spanId: span.id, tasks: span.tasks, err: failure }, 'a task came to nothing');
  return askAnew(app, span);
}

async function pollAgain(app: App, span: OpenSpan, pollFailures: number): Promise<void> {
  const now = nowOf(app.clock);
  if (isOverdue(span, isPastDeadline(span, now), now)) {
    app.log.warn({ spanId: span.id, tasks: span.tasks }, 'a task does not end');
    return askAnew(app, span);
  }
  await app.database.transact(span.viewerId, async (tx) => {
    const [kept] = await tx.historySpan.updateManyAndReturn({
      where: { id: span.id, status: 'PLANNED', period: span.period, resultsUri: span.resultsUri },
      data: { pollFailures },
      select: { noticedAt: true },
    });
    if (kept === undefined) return;
    // A notice that came while the bank was answering found no job to bring forward.
    const noticed = span.noticedAt === null && kept.noticedAt !== null;
    const notBefore = noticed ? now : nextPollAt(span, now);
    await app.queue.send(tx, [askForPoll(span, { bank: span.account.providerId, notBefore })]);
  });
}

/** Gives a task up. Its days are asked for once more, as long as the bank still serves them. */
async function askAnew(app: App, span: OpenSpan): Promise<void> {
  const now = nowOf(app.clock);
  if (isPastDeadline(span, now)) return endSpan(app, span, WINDOW_CLOSED);
  await app.database.transact(span.viewerId, async (tx) => {
    const { count } = await tx.historySpan.updateMany({
      where: { id: span.id, status: 'PLANNED', period: span.period, resultsUri: span.resultsUri },
      data: { resultsUri: null },
    });
    if (count === 0) return;
    const notBefore = span.tasks < TASKS_MAX ? nextTaskAt(span, now) : now;
    await app.queue.send(tx, [askForSpan(span, { bank: span.account.providerId, notBefore })]);
  });
}
