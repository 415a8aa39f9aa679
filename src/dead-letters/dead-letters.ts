import { recordAct } from '../acts/acts.ts';
import { endAlarms, raiseAlarm } from '../alarms/alarms.ts';
import type { App, BankClient } from '../app.ts';
import { nowOf } from '../base/clock.ts';
import { ExpectedError } from '../base/errors.ts';
import { jobs, queueRules } from '../jobs.ts';
import {
  countDeadLetters,
  type DeadLetter,
  dropSettledLetters,
  takeDeadLetters,
} from '../postgres/dead-letters.ts';
import { NOBODY } from '../postgres/db.ts';
import { PASSING } from './cause.ts';

/** What an operator's act needs: less than a running house has. */
export type LetterInstruments = Pick<App, 'clock' | 'database' | 'queue'> & {
  readonly client: Pick<BankClient, 'environment'>;
};

/** There is no such dead letter, or nobody answers its job any more. */
export class DeadLetterRefusedError extends ExpectedError {}

/** How many may be retried or discarded by one request. */
export const LETTERS_AT_ONCE = 100;

/**
 * The jobs that nobody asks for again. All others are: by their schedule, by the sweep over what is due,
 * by the next look at the consent. A dead letter of theirs is of use as long as its work is undone.
 */
const NOT_REVIVED: readonly string[] = [jobs.completeLink.name, jobs.replayWebhooks.name];

/** Whether the server asks for the work again by itself and it may then succeed. */
export function passes({ job, code }: Pick<DeadLetter, 'job' | 'code'>): boolean {
  return !NOT_REVIVED.includes(job) && PASSING.includes(code);
}

/**
 * Asks for the jobs of dead letters again, once however often and by however many that is wanted, and
 * writes that down. A job of which one waits already is not asked for twice.
 *
 * @returns the ids of those that were there
 * @throws DeadLetterRefusedError if none is there, or one is of a job that this version does not know
 */
export async function retryDeadLetters(
  app: LetterInstruments,
  operator: string,
  ids: readonly string[],
): Promise<readonly string[]> {
  const known = queueRules();
  return app.database.transact(NOBODY, async (tx) => {
    const taken = await takeDeadLetters(tx, app.client.environment, bounded(ids));
    if (taken.length === 0) throw unknown();
    const lost = taken.find(({ job }) => !known.has(job));
    if (lost !== undefined) {
      const message = `This version knows no job ${lost.job}: discard ${lost.id}.`;
      throw new DeadLetterRefusedError('DEAD_LETTER_JOB_UNKNOWN', message);
    }
    const at = nowOf(app.clock);
    for (const { id, job } of taken) {
      const subject = `${job} ${id}`;
      await recordAct(tx, { operator, act: 'DEAD_LETTER_RETRIED', subject, at });
    }
    await app.queue.send(
      tx,
      taken.map(({ job, payload, priority, key, group }) => ({
        name: job,
        payload,
        priority,
        ...(key === null ? {} : { key }),
        ...(group === null ? {} : { group }),
      })),
    );
    return taken.map(({ id }) => id);
  });
}

/**
 * Forgets dead letters, and writes that down. Work that the server itself asks for again is not kept
 * from that.
 *
 * @returns the ids of those that were there
 * @throws DeadLetterRefusedError if none is there
 */
export async function discardDeadLetters(
  app: LetterInstruments,
  operator: string,
  ids: readonly string[],
): Promise<readonly string[]> {
  return app.database.transact(NOBODY, async (tx) => {
    const taken = await takeDeadLetters(tx, app.client.environment, bounded(ids));
    if (taken.length === 0) throw unknown();
    const at = nowOf(app.clock);
    for (const { id, job } of taken) {
      const subject = `${job} ${id}`;
      await recordAct(tx, { operator, act: 'DEAD_LETTER_DISCARDED', subject, at });
    }
    return taken.map(({ id }) => id);
  });
}

function bounded(ids: readonly string[]): readonly string[] {
  if (ids.length > 0 && ids.length <= LETTERS_AT_ONCE) return ids;
  const message = `Name 1 to ${LETTERS_AT_ONCE} dead letters, not ${ids.length}.`;
  throw new DeadLetterRefusedError('DEAD_LETTERS_TOO_MANY', message);
}

function unknown(): DeadLetterRefusedError {
  return new DeadLetterRefusedError(
    'DEAD_LETTER_UNKNOWN',
    'There is no such dead letter: somebody was faster, its work was done since, or 30 days are over.',
  );
}

/**
 * Drops the dead letters of work that was done or asked for since, and raises the operator's alarm while
 * there are others than pass by themselves. Answers `tendDeadLetters`.
 */
export async function tendDeadLetters(app: App): Promise<void> {
  const { environment } = app.client;
  const { name } = jobs.tendDeadLetters;
  const dropped = await dropSettledLetters(app.database, environment, name);
  if (dropped > 0) app.log.info({ dropped }, 'dead letters whose work goes on are dropped');
  const cause = { kind: 'JOBS_DEAD', environment } as const;
  const counts = await countDeadLetters(app.database, environment);
  if (counts.every(passes)) return endAlarms(app, [cause]);
  const up = await app.database.shared.operatorAlarm.count({ where: { ...cause, endedAt: null } });
  // Once, and not again every few minutes while nothing changes.
  if (up === 0) await raiseAlarm(app, cause);
}
