import { HOUR, MINUTE } from '../../base/clock.ts';
import type { Book, Words } from './book.ts';
import { chanceOf } from '../chance.ts';
import { inCurrency, openingMinor, type Household, type LifeMonth } from './household-life.ts';
import { startOfDate } from './month.ts';

const POUND = 100;

/** What goes from the main account to each savings account every month, in pounds. */
export const SAVED_MONTHLY = 150;

/** What each holder pays into a joint account every month, in pounds. */
export const SHARED_MONTHLY = 300;

/** What was booked before this date of a month is on the statement that is paid in it. */
export const STATEMENT_DATE = 11;
export const CARD_PAYMENT_DATE = 16;

/**
 * Money between a person's own accounts, both sides at one instant. The last rows of a month bring
 * each account to the balance that the next one begins with: too much goes on to savings or away,
 * too little comes back.
 *
 * @param before - the purchases of the month before, some of them booked only now
 */
export function moveMoney(
  household: Household,
  life: LifeMonth,
  before: ReadonlyMap<string, Book>,
): void {
  const { main, month } = life;
  const of = (role: string) =>
    [...life.books.values()].filter(({ account }) => account.role === role);
  const savings = of('savings');
  for (const card of life.cards) payCard(life, card, owedMinor(life, card, before));
  for (const book of savings) payInterest(household, life, book);
  if (main === undefined) return;
  for (const book of of('foreign')) convert(household, life, main, book);
  for (const _ of of('joint')) payShare(household, life, main);
  for (const book of savings) {
    const at = startOfDate(month, 26) + 7 * HOUR;
    transfer(life, main, book, at, SAVED_MONTHLY * POUND * household.scale);
  }
  const levelAt = startOfDate(month, 28) + 18 * HOUR;
  for (const book of of('spare'))
    transfer(life, main, book, levelAt, lackMinor(household, life, book));
  const [reserve] = savings;
  const lack = lackMinor(household, life, main);
  if (reserve === undefined) settleOutside(life, main, lack);
  else transfer(life, reserve, main, levelAt + HOUR, lack);
  for (const book of savings) settleOutside(life, book, lackMinor(household, life, book));
}

/** What a card owes when its statement is made: all that was booked since the one before. */
function owedMinor({ month }: LifeMonth, card: Book, before: ReadonlyMap<string, Book>): number {
  const last = startOfDate(month - 1, STATEMENT_DATE);
  const now = startOfDate(month, STATEMENT_DATE);
  let sum = 0;
  const earlier = before.get(card.account.key)?.rows ?? [];
  for (const row of earlier) if (row.bookedAt >= last) sum -= row.minor;
  for (const row of card.rows) if (row.bookedAt < now) sum -= row.minor;
  return sum;
}

function payCard(life: LifeMonth, card: Book, owed: number): void {
  const { main, month } = life;
  if (owed === 0) return;
  const at = startOfDate(month, CARD_PAYMENT_DATE) + 3 * HOUR + 40 * MINUTE;
  const network = card.account.network ?? 'CARD';
  const words = (thanks: string, category: string, bankCode: string): Words => ({
    description: thanks,
    category,
    classification: [],
    bankCode,
  });
  // After a month of refunds the card pays back.
  const thanks = owed > 0 ? 'PAYMENT RECEIVED - THANK YOU' : 'CREDIT BALANCE REFUND';
  life.write(card, { at, minor: owed, words: words(thanks, 'CREDIT', 'BGC') });
  if (main === undefined) return;
  const description = `${network} ${card.account.numbers['number'] ?? ''} PAYMENT`;
  life.write(main, { at, minor: -owed, words: words(description, 'DIRECT_DEBIT', 'DD') });
}

function payInterest(household: Household, life: LifeMonth, book: Book): void {
  const opening = openingMinor(household, book.account, life.month);
  const words: Words = {
    description: 'INTEREST PAID',
    category: 'INTEREST',
    classification: [],
    bankCode: 'INT',
  };
  const minor = Math.floor((opening * 3) / 1200);
  life.write(book, { at: startOfDate(life.month, 1) + HOUR, minor, words });
}

/** Buys as much of another currency as the month spends, or sells what is too much. */
function convert(household: Household, life: LifeMonth, main: Book, book: Book): void {
  const { currency } = book.account;
  const minor = lackMinor(household, life, book);
  if (minor === 0) return;
  const at = startOfDate(life.month, 4) + 9 * HOUR;
  const rate = chanceOf(household.seed, currency, life.month).whole(985, 1035) / 1000;
  const cost = Math.round((minor / inCurrency(POUND, currency)) * POUND * rate);
  const pair =
    minor > 0
      ? `${main.account.currency} TO ${currency}`
      : `${currency} TO ${main.account.currency}`;
  const words = ownTransfer(`CONVERSION ${pair}`);
  life.write(main, { at, minor: -cost, words });
  life.write(book, { at, minor, words });
}

function payShare({ scale }: Household, life: LifeMonth, main: Book): void {
  life.write(main, {
    at: startOfDate(life.month, 2) + 8 * HOUR,
    minor: -SHARED_MONTHLY * POUND * scale,
    words: {
      description: 'TO JOINT ACCOUNT',
      category: 'STANDING_ORDER',
      classification: [],
      bankCode: 'SO',
    },
  });
}

/** What an account lacks of the balance with which it goes into the next month. */
function lackMinor(household: Household, { month }: LifeMonth, book: Book): number {
  const { account, totalMinor } = book;
  return (
    openingMinor(household, account, month + 1) -
    openingMinor(household, account, month) -
    totalMinor
  );
}

function settleOutside(life: LifeMonth, book: Book, minor: number): void {
  if (minor === 0) return;
  const words: Words = {
    description: minor > 0 ? 'MR J DOE OTHER BANK' : 'NORTHERN FUND PLATFORM',
    category: 'TRANSFER',
    classification: [],
    bankCode: minor > 0 ? 'FPI' : 'FPO',
  };
  life.write(book, { at: startOfDate(life.month, 28) + 20 * HOUR, minor, words });
}

/** Both sides of a transfer; a negative amount goes the other way. */
function transfer(life: LifeMonth, from: Book, to: Book, at: number, minor: number): void {
  if (minor === 0) return;
  if (minor < 0) return transfer(life, to, from, at, -minor);
  const name = (book: Book) => book.account.displayName.toUpperCase();
  life.write(from, { at, minor: -minor, words: ownTransfer(`TO ${name(to)}`) });
  life.write(to, { at, minor, words: ownTransfer(`FROM ${name(from)}`) });
}

function ownTransfer(description: string): Words {
  return { description, category: 'TRANSFER', classification: [], bankCode: 'TFR' };
}
