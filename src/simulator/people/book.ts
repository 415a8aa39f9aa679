import type { PlannedAccount } from './accounts-plan.ts';
import type { Month } from './month.ts';

/** What a row says beside its money and times. Shared between rows that say the same. */
export interface Words {
  readonly description: string;
  readonly category: string;
  readonly classification: readonly string[];
  readonly merchant?: string | undefined;
  /** The bank's own short code of the kind: DEB, DD, TFR, … */
  readonly bankCode: string;
}

/** One movement on an account. Instants in milliseconds since 1970. */
export interface Row {
  /** Names it within its account, for ever. */
  readonly serial: number;
  readonly madeAt: number;
  /** Infinite while nobody knows when: pending until settled. */
  readonly bookedAt: number;
  /** In minor units as the holder sees it: negative is money spent, on cards as well. */
  readonly minor: number;
  /** What is reserved until booking; at filling stations not what is booked. */
  readonly pendingMinor: number;
  readonly words: Words;
}

/** A row to be written; booked at once and for the same amount unless said otherwise. */
export interface Entry {
  readonly at: number;
  readonly bookedAt?: number;
  readonly minor: number;
  readonly pendingMinor?: number;
  readonly words: Words;
}

/** What happened on one account in one month. */
export interface Book {
  readonly account: PlannedAccount;
  readonly rows: Row[];
  /** The sum of the rows, whenever they are booked. */
  totalMinor: number;
}

/** More rows than a month of an account ever has. */
const ROWS_A_MONTH_MAX = 8_192;

/** Serials from here on belong to rows that were added by hand. */
export const ADDED_SERIALS = 2 ** 40;

/** A month of an account in which nothing has happened yet. */
export function openBook(account: PlannedAccount): Book {
  return { account, rows: [], totalMinor: 0 };
}

/** Writes one row and moves the total. */
export function write(book: Book, month: Month, entry: Entry): void {
  book.totalMinor += entry.minor;
  book.rows.push({
    // Counted from long before any clock is set to, so that serials stay positive.
    serial: (month + 12_000) * ROWS_A_MONTH_MAX + book.rows.length,
    madeAt: entry.at,
    bookedAt: entry.bookedAt ?? entry.at,
    minor: entry.minor,
    pendingMinor: entry.pendingMinor ?? entry.minor,
    words: entry.words,
  });
}

/** The month in whose course a generated row was written. */
export function monthOfSerial(serial: number): Month {
  return Math.floor(serial / ROWS_A_MONTH_MAX) - 12_000;
}
