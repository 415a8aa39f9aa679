import { later, MINUTE, SECOND } from '../base/clock.ts';
import type { HistorySpan } from '../generated/prisma/client.ts';

/** How often a span is asked for as a task; after that it is read at once, with our own retries. */
export const TASKS_MAX = 3;

// A task that hangs is asked for anew while its window is still open. The first patience outlasts a
// bank that takes twenty seconds; the last one that takes minutes.
const PATIENCES = [40 * SECOND, 90 * SECOND];
const PATIENCE_MAX = 10 * MINUTE;

const POLL_MILLISECONDS_FIRST = 2 * SECOND;
const POLL_MILLISECONDS_MIN = SECOND;
const POLL_MILLISECONDS_MAX = 30 * SECOND;

/** When a task that was taken on just now is first looked at; a notice may have it looked at sooner. */
export function firstPollAt(now: Date): Date {
  return later(now, POLL_MILLISECONDS_FIRST);
}

/** When a task that is not done is looked at again: the longer it takes, the later. */
export function nextPollAt(span: Pick<HistorySpan, 'taskAskedAt'>, now: Date): Date {
  const wait = Math.min(
    Math.max(ageOf(span, now) / 2, POLL_MILLISECONDS_MIN),
    POLL_MILLISECONDS_MAX,
  );
  return later(now, Math.ceil(wait));
}

/**
 * Whether a task has been waited for long enough.
 *
 * @param isLast - nothing can be asked in its place, so that it has all the time there is
 */
export function isOverdue(
  span: Pick<HistorySpan, 'taskAskedAt' | 'tasks'>,
  isLast: boolean,
  now: Date,
): boolean {
  const patience = isLast ? PATIENCE_MAX : (PATIENCES[span.tasks - 1] ?? PATIENCE_MAX);
  return ageOf(span, now) >= patience;
}

/** When a span is asked for anew whose task has failed: TrueLayer has tried again by itself. */
export function nextTaskAt(span: Pick<HistorySpan, 'tasks'>, now: Date): Date {
  return later(now, span.tasks * SECOND);
}

function ageOf({ taskAskedAt }: Pick<HistorySpan, 'taskAskedAt'>, now: Date): number {
  return now.getTime() - (taskAskedAt ?? now).getTime();
}
