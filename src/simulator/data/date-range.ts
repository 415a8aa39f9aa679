import {
  addDays,
  addMonths,
  dayOf,
  daysBetween,
  laterDay,
  parseDay,
  type Day,
} from '../../base/days.ts';
import type { Bank } from '../banks/bank.ts';

/** What a request says of days: both ends included, or nothing of use. */
export type AskedRange =
  | { readonly kind: 'days'; readonly from: Day; readonly to: Day }
  /** As it is without `from` and `to`: what the bank gives by itself, about three months. */
  | { readonly kind: 'usual' }
  | { readonly kind: 'malformed' };

/** The days that a bank answers with, or why it does not. */
export type DateRange =
  | { readonly kind: 'days'; readonly from: Day; readonly to: Day }
  | { readonly kind: 'impossible' }
  /** Further back than the bank still allows; its own refusal is the answer. */
  | { readonly kind: 'too-far-back' };

/**
 * Reads `from` and `to` as the real API does: plain days or full ISO times, of which the day
 * counts; only together, since `from` alone is known to be ignored.
 */
export function readRange(query: URLSearchParams): AskedRange {
  const from = readDay(query.get('from'));
  const to = readDay(query.get('to'));
  if (from === 'malformed' || to === 'malformed') return { kind: 'malformed' };
  return from === undefined || to === undefined ? { kind: 'usual' } : { kind: 'days', from, to };
}

/** What a bank makes of it. `isInWindow`: shortly after authentication it gives all that it has. */
export function rangeAt(
  bank: Bank,
  asked: Exclude<AskedRange, { kind: 'malformed' }>,
  isInWindow: boolean,
  now: Date,
): DateRange {
  const today = dayOf(now);
  if (asked.kind === 'usual') {
    return { kind: 'days', from: addDays(today, -bank.laterDays), to: today };
  }
  const { from, to } = asked;
  if (from > to || to > today) return { kind: 'impossible' };
  const { longestRangeDays } = bank;
  if (longestRangeDays > 0 && daysBetween(from, to) >= longestRangeDays)
    return { kind: 'impossible' };
  if (!isInWindow && from < addDays(today, -bank.laterDays)) return { kind: 'too-far-back' };
  const firstKept = firstKeptDay(bank, now);
  if (bank.refusesLostDays && from < firstKept) return { kind: 'too-far-back' };
  // At most banks older days are no error: they have simply kept no rows of them.
  return { kind: 'days', from: laterDay(from, firstKept), to };
}

/** The oldest day of which the bank still has rows. */
export function firstKeptDay(bank: Bank, now: Date): Day {
  return addMonths(dayOf(now), -bank.maxHistoryMonths);
}

const ISO = /^(\d{4}-\d{2}-\d{2})(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})?)?$/;

function readDay(text: string | null): Day | undefined | 'malformed' {
  if (text === null) return undefined;
  // In a query an unescaped `+` of a zone arrives as a space.
  const match = ISO.exec(text.replace(' ', '+'));
  // An hour or a zone that is none has the right shape and yet no meaning.
  if (match === null || Number.isNaN(Date.parse(match[0]))) return 'malformed';
  try {
    return parseDay(match[1] ?? '');
  } catch {
    return 'malformed';
  }
}
