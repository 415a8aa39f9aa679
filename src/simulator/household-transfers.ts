import { DAY, HOUR, MINUTE } from '../base/clock.ts';
import { write, type Book, type Words } from './book.ts';
import type { Household, LifeDay } from './household-day.ts';

const POUND = 100;

/**
 * Money between a person's own accounts, both sides at one instant, and the rules that keep every
 * balance believable over decades: too much goes on to savings or away, too little comes back.
 */
export function moveMoney(household: Household, day: LifeDay): void {
  const { books, main, scale } = household;
  const savings = books.filter((book) => book.account.role === 'savings');
  if (day.date === 1) for (const book of savings) payInterest(book, day);
  if (day.date === 16) for (const card of household.cards) payCard(card, main, day);
  if (main === undefined) return;
  if (day.date === 2) fundAside(household, main, day);
  if (day.date === 4) buyEuros(household, main, day);
  if (day.date === 26) {
    for (const book of savings) transfer(main, book, day, 7 * HOUR, 150 * POUND * scale);
  }
  if (day.date === 27) for (const book of savings) invest(book, day, scale);
  if (day.date === 28) levelOut(household, main, savings[0], day);
}

function payInterest(book: Book, day: LifeDay): void {
  const minor = Math.floor((book.totalMinor * 3) / 1200);
  if (minor <= 0) return;
  const words: Words = {
    description: 'INTEREST PAID',
    category: 'INTEREST',
    classification: [],
    bankCode: 'INT',
  };
  write(book, { at: day.start + HOUR, minor, words });
}

/** Pays what the statement of the 10th showed, from the main account where there is one. */
function payCard(card: Book, main: Book | undefined, day: LifeDay): void {
  const owed = -bookedMinor(card, day.start - 5 * DAY);
  if (owed <= 0) return;
  const at = day.start + 3 * HOUR + 40 * MINUTE;
  const thanks: Words = {
    description: 'PAYMENT RECEIVED - THANK YOU',
    category: 'CREDIT',
    classification: [],
    bankCode: 'BGC',
  };
  write(card, { at, minor: owed, words: thanks });
  if (main === undefined) return;
  const description = `${card.account.network ?? 'CARD'} ${card.account.numbers['number'] ?? ''} PAYMENT`;
  write(main, {
    at,
    minor: -owed,
    words: { description, category: 'DIRECT_DEBIT', classification: [], bankCode: 'DD' },
  });
}

function fundAside(household: Household, main: Book, day: LifeDay): void {
  for (const book of household.books) {
    const enough = 600 * POUND * household.scale;
    if (book.account.role !== 'spare') continue;
    if (book.totalMinor > enough) transfer(book, main, day, 8 * HOUR, book.totalMinor - enough / 2);
    else transfer(main, book, day, 8 * HOUR, 150 * POUND * household.scale);
  }
}

function buyEuros(household: Household, main: Book, day: LifeDay): void {
  const euro = household.books.find((book) => book.account.role === 'euro');
  if (euro === undefined || euro.totalMinor > 900 * POUND) return;
  const minor = day.chance.whole(8, 20) * 10 * POUND;
  const rate = day.chance.whole(1120, 1190);
  const at = day.start + 9 * HOUR;
  const words = ownTransfer('CONVERSION GBP TO EUR');
  write(main, { at, minor: -minor, words });
  write(euro, { at, minor: Math.round((minor * rate) / 1000), words });
}

function invest(book: Book, day: LifeDay, scale: number): void {
  const enough = 9_000 * POUND * scale;
  if (book.totalMinor <= enough) return;
  const words: Words = {
    description: 'NORTHERN FUND PLATFORM',
    category: 'TRANSFER',
    classification: [],
    bankCode: 'FPO',
  };
  write(book, { at: day.start + 10 * HOUR, minor: -Math.round(enough / 2), words });
}

function levelOut(household: Household, main: Book, savings: Book | undefined, day: LifeDay): void {
  const unit = POUND * household.scale;
  if (main.totalMinor > 4600 * unit) {
    const surplus = Math.floor((main.totalMinor - 4200 * unit) / (10 * unit)) * 10 * unit;
    if (savings !== undefined) transfer(main, savings, day, 18 * HOUR, surplus);
  } else if (main.totalMinor < 3300 * unit) {
    const wanted = 3800 * unit - main.totalMinor;
    if (savings !== undefined && savings.totalMinor > wanted) {
      transfer(savings, main, day, 18 * HOUR, wanted);
    } else {
      const words: Words = {
        description: 'MR J DOE OTHER BANK',
        category: 'TRANSFER',
        classification: [],
        bankCode: 'FPI',
      };
      write(main, { at: day.start + 18 * HOUR, minor: wanted, words });
    }
  }
}

function transfer(from: Book, to: Book, day: LifeDay, time: number, minor: number): void {
  const at = day.start + time;
  const amount = Math.round(minor);
  write(from, {
    at,
    minor: -amount,
    words: ownTransfer(`TO ${to.account.displayName.toUpperCase()}`),
  });
  write(to, {
    at,
    minor: amount,
    words: ownTransfer(`FROM ${from.account.displayName.toUpperCase()}`),
  });
}

function ownTransfer(description: string): Words {
  return { description, category: 'TRANSFER', classification: [], bankCode: 'TFR' };
}

/** What the account showed as booked at an instant, its opening included. */
function bookedMinor(book: Book, at: number): number {
  let sum = book.account.openingMinor;
  for (const row of book.rows) if (row.bookedAt < at) sum += row.minor;
  return sum;
}
