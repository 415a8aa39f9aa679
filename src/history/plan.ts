import { later, MINUTE } from '../base/clock.ts';
import { addDays, addMonths, type Day, dayOf, laterDay, parseDay } from '../base/days.ts';
import type { HistoryLimits } from '../providers/limits.ts';
import { common, type Stretch, without } from './stretch.ts';

/** The days that one call covers, both ends included. */
export interface PlannedSpan extends Stretch {
  /** True where the bank stops serving these days once its window has closed. */
  readonly windowOnly: boolean;
  /** Why it need not be asked for: the bank would refuse it. Null where it is to be fetched. */
  readonly closed: 'OUT_OF_REACH' | 'WINDOW_CLOSED' | null;
}

/** What there is to plan for one account. */
export interface PlanRequest {
  readonly limits: HistoryLimits;
  /** The days wanted go from as far as the bank reaches to this one's. */
  readonly consentedAt: Date;
  readonly now: Date;
  /** Days that are here, or are somebody else's to fetch. */
  readonly covered: readonly Stretch[];
  /** Days that were wanted before and not had, also where they are older than the bank reaches. */
  readonly gaps: readonly Stretch[];
  /** True where the quick recent call is made in any case, though its days are covered. */
  readonly quick: boolean;
}

/** Days of the first, small call that gives the user something to see at once. */
const QUICK_DAYS = 30;

/**
 * Cuts the days that an account still lacks into spans, in the order to fetch them: first a quick
 * recent one, then the days that the window's closing takes away, newest before oldest, so that what
 * is had is whole; then what can still be read later; last, closed, what the bank would refuse. Spans
 * never overlap, and together are exactly the days that are lacking.
 *
 * @throws RangeError if the limits are not positive, or reach beyond 72 months
 * @see https://docs.truelayer.com "Fetch historical transactions": 3 to 6 months a call
 */
export function planSpans(request: PlanRequest): readonly PlannedSpan[] {
  const { limits, now, covered, gaps, quick } = request;
  const { wanted, served, laterFrom, quickFrom, today, windowEndsAt } = boundsOf(request);
  const lacking = without([{ from: wanted, until: today }, ...gaps], covered);
  const among = (days: readonly Stretch[], from: Day, before: Day) =>
    common(days, [{ from, until: addDays(before, -1) }]).toReversed();
  const cut = (days: readonly Stretch[]) =>
    days.flatMap((stretch) => cutDays(stretch, limits.longestDays));
  const soon = quick ? [{ from: quickFrom, until: today }] : lacking;
  const closed = now < windowEndsAt ? null : 'WINDOW_CLOSED';
  return [
    ...spansOf(cut(among(soon, quickFrom, addDays(today, 1))), false, null),
    ...spansOf(cut(among(lacking, served, laterFrom)), true, closed),
    ...spansOf(cut(among(lacking, laterFrom, quickFrom)), false, null),
    ...spansOf(among(lacking, EVER, served), true, 'OUT_OF_REACH'),
  ];
}

function spansOf(
  days: readonly Stretch[],
  windowOnly: boolean,
  closed: PlannedSpan['closed'],
): PlannedSpan[] {
  return days.map((stretch) => ({ ...stretch, windowOnly, closed }));
}

// Gaps that are older than what is wanted now were wanted once.
const EVER = parseDay('0001-01-01');

/** Stretches of at most `longestDays`, newest first; of equal length but for the oldest. */
export function cutDays({ from: oldest, until: newest }: Stretch, longestDays: number): Stretch[] {
  const spans: Stretch[] = [];
  for (let until = newest; until >= oldest;) {
    const from = laterDay(addDays(until, 1 - longestDays), oldest);
    spans.push({ from, until });
    until = addDays(from, -1);
  }
  return spans;
}

/** The oldest day that can still be read once the window has closed. */
export function laterFromOf(limits: HistoryLimits, consentedAt: Date): Day {
  return addDays(dayOf(consentedAt), 1 - limits.laterDays);
}

/**
 * Whether a call may still be begun: not after the deadline, nor where it cannot end before it.
 *
 * @param callMilliseconds - what such a call takes at the least
 */
export function mayBegin(deadlineAt: Date | null, now: Date, callMilliseconds: number): boolean {
  return deadlineAt === null || later(now, Math.max(callMilliseconds, 1)) <= deadlineAt;
}

interface Bounds {
  readonly today: Day;
  /** The oldest day that is wanted. */
  readonly wanted: Day;
  /** The oldest that the bank is known to serve; older than every wish where that is not known. */
  readonly served: Day;
  readonly laterFrom: Day;
  readonly quickFrom: Day;
  readonly windowEndsAt: Date;
}

function boundsOf({ limits, consentedAt }: PlanRequest): Bounds {
  const { windowMinutes, reachMonths, reachDays, laterDays, longestDays } = limits;
  const positive = [laterDays, longestDays, reachDays ?? 1].every((days) => days >= 1);
  if (!(reachMonths >= 1 && reachMonths <= 72) || !positive) {
    throw new RangeError(`history limits out of range: ${JSON.stringify(limits)}`);
  }
  const today = dayOf(consentedAt);
  const wanted = addMonths(today, -reachMonths);
  const served = reachDays === null ? EVER : addDays(today, -reachDays);
  const laterFrom = [laterFromOf(limits, consentedAt), wanted, served].reduce(laterDay);
  const quickDays = Math.min(QUICK_DAYS, longestDays);
  return {
    today,
    wanted,
    served,
    laterFrom,
    quickFrom: laterDay(addDays(today, 1 - quickDays), laterFrom),
    windowEndsAt: later(consentedAt, windowMinutes * MINUTE),
  };
}
