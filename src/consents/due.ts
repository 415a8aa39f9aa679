import { DAY, HOUR, later, MINUTE } from '../base/clock.ts';

/** How long after one read of the newest days the next is due. */
const READ_EVERY_HOURS = 24;

/** The instant so many days of 24 hours later. */
export function addConsentPeriod(from: Date, days: number): Date {
  return later(from, days * DAY);
}

/** What decides when a consent next needs attention. */
export interface DueInput {
  readonly now: Date;
  readonly endsAt: Date;
  /** When the newest days were last read; null before the first time. */
  readonly readAt?: Date | null;
  readonly alertDaysBefore: number;
  readonly alertRaised?: boolean;
  /** False without a refresh token: such a consent is neither kept alive nor announced. */
  readonly keptAlive: boolean;
  /** When the consent was given, while its history is not yet fetched to its end. */
  readonly historySince?: Date | null;
}

/**
 * When to look again after a history that has not come to its end: soon after the consent was
 * given, then ever more rarely, for an outage may last and the bank should not be pressed.
 */
function nextLook(now: Date, since: Date): Date {
  const age = now.getTime() - since.getTime();
  return later(now, Math.min(Math.max(age / 4, 10 * MINUTE), DAY));
}

/** The instant at which the alert before a consent's end is due. */
export function alertInstant(endsAt: Date, daysBefore: number): Date {
  return later(endsAt, -daysBefore * DAY);
}

/** The first instant, from now on, at which there is something to do for a consent. */
export function firstDue(input: DueInput): Date {
  const instants = [input.endsAt.getTime()];
  if (input.historySince) instants.push(nextLook(input.now, input.historySince).getTime());
  if (input.keptAlive) {
    instants.push((input.readAt ?? input.now).getTime() + READ_EVERY_HOURS * HOUR);
    if (input.alertRaised !== true) {
      instants.push(alertInstant(input.endsAt, input.alertDaysBefore).getTime());
    }
  }
  return new Date(Math.max(Math.min(...instants), input.now.getTime()));
}

/** Whether the newest days should be read by now. */
export function readIsDue(now: Date, readAt: Date): boolean {
  return now.getTime() >= readAt.getTime() + READ_EVERY_HOURS * HOUR;
}
