import { DAY, HOUR, later, MINUTE } from '../base/clock.ts';
import { fractionOf } from '../base/entropy.ts';

/** A refresh token dies when it lies unused for so long. */
export const REFRESH_TOKEN_IDLE_DAYS = 30;

const KEEP_ALIVE_DAYS_MIN = 17;
const KEEP_ALIVE_DAYS_MAX = 22;
/** How long after one try to keep a token alive the next is due, until one succeeds. */
const KEEP_ALIVE_AGAIN_HOURS = 6;

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
  /** How long after one read the next is due; null where nothing is read by itself. */
  readonly readEveryHours: number | null;
  /** When an idle refresh token is to be used; null without one. */
  readonly keepAliveAt?: Date | null;
  /** When the next alert before the end is due; null where none is left. */
  readonly alertAt?: Date | null;
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

/** The first instant, from now on, at which there is something to do for a consent. */
export function firstDue(input: DueInput): Date {
  const instants = [input.endsAt.getTime()];
  if (input.historySince) instants.push(nextLook(input.now, input.historySince).getTime());
  if (input.keptAlive) {
    if (input.readEveryHours !== null) {
      instants.push((input.readAt ?? input.now).getTime() + input.readEveryHours * HOUR);
    }
    if (input.keepAliveAt) instants.push(input.keepAliveAt.getTime());
    if (input.alertAt) instants.push(input.alertAt.getTime());
  }
  return new Date(Math.max(Math.min(...instants), input.now.getTime()));
}

/** Whether the newest days should be read by now. */
export function readIsDue(now: Date, readAt: Date, readEveryHours: number | null): boolean {
  return readEveryHours !== null && now.getTime() >= readAt.getTime() + readEveryHours * HOUR;
}

/**
 * When a refresh token that lies idle is to be used: between day 17 and 22, for each consent at
 * another moment, so that those of one busy day do not come together again. An outage of a week
 * after that costs none.
 *
 * @param refreshEndsAt - when it would die of idleness
 */
export function keepAliveInstant(consentId: string, refreshEndsAt: Date): Date {
  const usedAt = addConsentPeriod(refreshEndsAt, -REFRESH_TOKEN_IDLE_DAYS);
  const spread = fractionOf('keep alive', consentId) * (KEEP_ALIVE_DAYS_MAX - KEEP_ALIVE_DAYS_MIN);
  return addConsentPeriod(usedAt, KEEP_ALIVE_DAYS_MIN + spread);
}

/** When to look again after a try to keep a token alive. */
export function keepAliveAgain(now: Date): Date {
  return later(now, KEEP_ALIVE_AGAIN_HOURS * HOUR);
}
