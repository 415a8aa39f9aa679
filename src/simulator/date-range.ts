import { later, SECOND } from '../base/clock.ts';
import { addDays, addMonths, dayOf, laterDay, parseDay, type Day } from '../base/days.ts';
import type { Bank } from './bank.ts';

/** The days a request asks for, both included, or why it gets nothing. */
export type DateRange =
  | { readonly kind: 'days'; readonly from: Day; readonly to: Day }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'impossible' }
  /** Further back than the bank still allows; its own refusal is the answer. */
  | { readonly kind: 'too-far-back' };

/**
 * Reads `from` and `to` as the real API does: plain days or full ISO times, of which the day
 * counts; only together, since `from` alone is known to be ignored; about three months without.
 *
 * @param consentedAt - when the user authenticated at the bank: the history window opens here
 */
export function readDateRange(
  query: URLSearchParams,
  bank: Bank,
  consentedAt: Date,
  now: Date,
): DateRange {
  const today = dayOf(now);
  const from = readDay(query.get('from'));
  const to = readDay(query.get('to'));
  if (from === 'malformed' || to === 'malformed') return { kind: 'malformed' };
  if (from === undefined || to === undefined) {
    return { kind: 'days', from: addDays(today, -bank.laterDays), to: today };
  }
  if (from > to || to > today) return { kind: 'impossible' };
  const windowEnd = later(consentedAt, bank.windowSeconds * SECOND);
  if (now > windowEnd && from < addDays(today, -bank.laterDays)) return { kind: 'too-far-back' };
  // Older days are no error: the bank has simply kept no rows of them.
  return { kind: 'days', from: laterDay(from, firstKeptDay(bank, now)), to };
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
  try {
    return parseDay(match?.[1] ?? '');
  } catch {
    return 'malformed';
  }
}
