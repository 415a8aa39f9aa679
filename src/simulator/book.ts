import type { PlannedAccount } from './accounts-plan.ts';

/** What a row says beside its money and times. Shared between rows that say the same. */
export interface Words {
  readonly description: string;
  readonly category: string;
  readonly classification: readonly string[];
  readonly merchant?: string;
  /** The bank's own short code of the kind: DEB, DD, TFR, … */
  readonly bankCode: string;
}

/** One movement on an account. Instants in milliseconds since 1970. */
export interface Row {
  /** Its place in the order of making; names it for ever. */
  readonly serial: number;
  readonly madeAt: number;
  readonly bookedAt: number;
  /** In minor units as the holder sees it: negative is money spent, on cards as well. */
  readonly minor: number;
  /** What is reserved until booking; at filling stations not what is booked. */
  readonly pendingMinor: number;
  readonly words: Words;
}

/** An account while its days are being lived. */
export interface Book {
  readonly account: PlannedAccount;
  readonly rows: Row[];
  /** Opening plus all rows so far, whether booked by now or not. */
  totalMinor: number;
}

/** A row to be written; booked at once and for the same amount unless said otherwise. */
export interface Entry {
  readonly at: number;
  readonly bookedAt?: number;
  readonly minor: number;
  readonly pendingMinor?: number;
  readonly words: Words;
}

/** A book with nothing in it but its opening balance. */
export function openBook(account: PlannedAccount): Book {
  return { account, rows: [], totalMinor: account.openingMinor };
}

/** Writes one row and moves the total. */
export function write(book: Book, entry: Entry): void {
  book.totalMinor += entry.minor;
  book.rows.push({
    serial: book.rows.length,
    madeAt: entry.at,
    bookedAt: entry.bookedAt ?? entry.at,
    minor: entry.minor,
    pendingMinor: entry.pendingMinor ?? entry.minor,
    words: entry.words,
  });
}
