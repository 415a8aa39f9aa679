import { addDays, addMonths, type Day, laterDay } from '../base/days.ts';
import type { HistoryLimits } from '../providers/limits.ts';

/** The days that one call covers, both ends included. */
export interface PlannedSpan {
  readonly from: Day;
  readonly until: Day;
  /** True where the bank stops serving these days once its window has closed. */
  readonly windowOnly: boolean;
}

/** Days of the first, small call that gives the user something to see at once. */
const QUICK_DAYS = 30;
const MONTHS_PER_SPAN = 6;

/**
 * Cuts the past into spans, in the order to fetch them: first a quick recent one, then the days
 * that the window's closing takes away, newest before oldest, so that what is had is whole; last
 * what can still be read later. Spans touch and never overlap.
 *
 * @param today - the last day wanted, inclusive
 * @throws RangeError if the limits are not positive, or reach beyond 72 months
 * @see https://docs.truelayer.com "Fetch historical transactions": 3 to 6 months a call
 */
export function planSpans(limits: HistoryLimits, today: Day): readonly PlannedSpan[] {
  const { reachMonths, laterDays } = limits;
  if (!(reachMonths >= 1 && reachMonths <= 72) || !(laterDays >= 1)) {
    throw new RangeError(`history limits out of range: ${reachMonths} months, ${laterDays} days`);
  }
  const oldest = addMonths(today, -reachMonths);
  const laterFrom = laterDay(addDays(today, 1 - laterDays), oldest);
  const quickFrom = laterDay(addDays(today, 1 - QUICK_DAYS), laterFrom);
  return [
    { from: quickFrom, until: today, windowOnly: false },
    ...cutDays(oldest, addDays(laterFrom, -1)).map((days) => ({ ...days, windowOnly: true })),
    ...cutDays(laterFrom, addDays(quickFrom, -1)).map((days) => ({ ...days, windowOnly: false })),
  ];
}

/** Spans of at most six months from `oldest` to `newest`, newest first; none if they are reversed. */
export function cutDays(oldest: Day, newest: Day): { readonly from: Day; readonly until: Day }[] {
  const spans = [];
  for (let until = newest; until >= oldest;) {
    const from = laterDay(addDays(addMonths(until, -MONTHS_PER_SPAN), 1), oldest);
    spans.push({ from, until });
    until = addDays(from, -1);
  }
  return spans;
}
