import { DAY, HOUR, later } from '../base/clock.ts';
import { firstWithin, isWithin, lastWithin, type WallHours, type Zone } from '../base/zones.ts';

/** One alert of those before a consent's end. */
export interface AlertStep {
  readonly daysBefore: number;
  /** When it is due, at a civil hour of the user's. */
  readonly at: Date;
}

/** When people may be spoken to. */
const CIVIL: WallHours = { from: 9, until: 20 };
/** Steps stand an hour earlier at the latest, so that one that is an hour late is still civil. */
const STEPS: WallHours = { ...CIVIL, until: CIVIL.until - 1 };
/** The last step leaves the user time to act, and us time to be late. */
const LAST_STEP_MILLISECONDS = HOUR;

/** One period of a consent, and how its end is announced. */
export interface LadderInput {
  /** When the user confirmed it last. */
  readonly consentedAt: Date;
  readonly endsAt: Date;
  /** How many days before its end it is announced. */
  readonly daysBefore: readonly number[];
  readonly zone: Zone;
}

/**
 * The alerts before the end of a period, the one farthest from the end first. Each is due at the last
 * civil instant that is its number of whole days before the end; that of 0 days an hour. What would
 * be due before the period began is left out.
 */
export function alertLadder(input: LadderInput): readonly AlertStep[] {
  const { consentedAt, endsAt, zone } = input;
  return input.daysBefore
    .toSorted((a, b) => b - a)
    .map((daysBefore) => {
      const distance = daysBefore === 0 ? LAST_STEP_MILLISECONDS : daysBefore * DAY;
      return { daysBefore, at: lastWithin(later(endsAt, -distance), STEPS, zone) };
    })
    .filter(({ at }) => at >= consentedAt);
}

/** What is to be done about the alerts of a period. */
export interface AlertPlan {
  /** The step to raise now; null for none. */
  readonly raise: AlertStep | null;
  /** When to look again, `raise` being done; null where no step is left. */
  readonly nextAt: Date | null;
}

/**
 * Decides what to raise. Of several steps that have come meanwhile, as after an outage, only the one
 * nearest to the end is raised, and those before it never: nobody wants to hear the same five times.
 * One that is so late that it is night waits for the morning, unless the end comes first.
 *
 * @param raised - the steps of this period that were raised, by their days
 */
export function planAlert(
  ladder: readonly AlertStep[],
  raised: readonly number[],
  { now, endsAt, zone }: { readonly now: Date; readonly endsAt: Date; readonly zone: Zone },
): AlertPlan {
  const nearest = Math.min(...raised);
  const left = ladder.filter(({ daysBefore }) => daysBefore < nearest);
  const raise = left.findLast(({ at }) => at <= now) ?? null;
  const coming = left.find(({ at }) => at > now)?.at ?? null;
  if (raise === null) return { raise, nextAt: coming };
  const morning = isWithin(now, CIVIL, zone) ? now : firstWithin(now, CIVIL, zone);
  if (morning > now && morning < endsAt) return { raise: null, nextAt: morning };
  return { raise, nextAt: coming };
}
