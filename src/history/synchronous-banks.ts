import type { App } from '../app.ts';
import { DAY, later } from '../base/clock.ts';
import type { Database } from '../postgres/db.ts';

/** Until when banks that knew no tasks are not asked for one again; of each database its own. */
const known = new WeakMap<Database, Map<string, Date>>();

/** Banks learn, and are few. */
const KEPT_MILLISECONDS = DAY;

/** Whether a bank was lately seen to know no tasks, by this process. */
export function isSynchronous(app: App, providerId: string, now: Date): boolean {
  const until = known.get(app.database)?.get(providerId);
  return until !== undefined && now < until;
}

/** Remembers that a bank knows no tasks: each process finds out by itself. */
export function noteSynchronous(app: App, providerId: string, now: Date): void {
  const banks = known.get(app.database) ?? new Map<string, Date>();
  known.set(app.database, banks);
  banks.set(providerId, later(now, KEPT_MILLISECONDS));
}
