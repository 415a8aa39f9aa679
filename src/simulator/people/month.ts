import { DAY } from '../../base/clock.ts';

/** A calendar month in UTC, counted from January 1970. Months compare and subtract as numbers. */
export type Month = number;

/** The month that an instant falls into. */
export function monthOf(at: number): Month {
  const date = new Date(at);
  return (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth();
}

/** Midnight UTC at the start of a date of a month; dates beyond its length run on. */
export function startOfDate(month: Month, date: number): number {
  return Date.UTC(1970, month, date);
}

/** How many days a month has. */
export function lengthOf(month: Month): number {
  return (startOfDate(month + 1, 1) - startOfDate(month, 1)) / DAY;
}

/** The weekday of an instant, 0 for Sunday. */
export function weekdayOf(at: number): number {
  // 1 January 1970 was a Thursday.
  return (((Math.floor(at / DAY) + 4) % 7) + 7) % 7;
}
