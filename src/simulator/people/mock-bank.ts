import { HOUR, MINUTE } from '../../base/clock.ts';
import type { AccountRole, PlannedAccount } from './accounts-plan.ts';
import { openBook, write, type Book, type Words } from './book.ts';
import { chanceOf } from '../chance.ts';
import { lengthOf, startOfDate, type Month } from './month.ts';

// What the sandbox's mock bank has been seen to show, a line each; the amounts in pence, of which a
// row has one. Nothing adds up there: balances stand still, and rows are summed up backwards.
// prettier-ignore
const LINES: readonly Line[] = [
  ['LNK ATM WITHDRAWAL', null, 'ATM', [], 'CPT', [-6000, -10000, -2000], 6],
  ['LNK ATM LONDON', null, 'ATM', [], 'CPT', [-2000, -3000], 3],
  ['SAVE THE CHANGE', null, 'BILL_PAYMENT', [], 'BP', [-1, -69, -104, -189], 14],
  ['RENT', null, 'BILL_PAYMENT', [], 'BP', [-13000], 1],
  ['EDF ENERGY', null, 'BILL_PAYMENT', ['Bills and Utilities', 'Utilities'], 'BP', [-2450], 1],
  ['THE INSURANCE EMPO', null, 'DIRECT_DEBIT', [], 'DD', [-579], 2],
  ['AA INSURANCE', 'Axa', 'DIRECT_DEBIT', ['Pension and insurances', 'Buildings and contents insurance'], 'DD', [-1273], 2],
  ['ANIMAL FRIENDS LTD', null, 'DIRECT_DEBIT', [], 'DD', [-307], 2],
  ['INTUIT LIMITED', 'Intuit', 'DIRECT_DEBIT', ['Uncategorized'], 'DD', [-359], 2],
  ['AMAZON PRIME', 'Amazon Prime', 'PURCHASE', ['Shopping', 'General'], 'DEB', [-799], 3],
  ['VANQUIS BANK', 'Vanquis Bank', 'PURCHASE', ['Business Services', 'Financial Services'], 'DEB', [-2315], 2],
  ['WWW.TAILS.COM', 'Tails.com', 'PURCHASE', ['Shopping', 'Pets'], 'DEB', [-637], 3],
  ['ANNATAR', null, 'PURCHASE', [], 'DEB', [-2000], 3],
  ['ANNATAR LIMITED', null, 'PURCHASE', [], 'DEB', [1000], 2],
  ['LAPTOP DIRECT LTD.', null, 'PURCHASE', [], 'DEB', [-500], 2],
  ['PAYPAL EBAY', null, 'PURCHASE', ['Shopping', 'General'], 'DEB', [2500, 1250], 3],
  ['VIRGIN GAMES', 'Virgin Games', 'PURCHASE', ['Gambling', 'Betting'], 'DEB', [3549], 2],
  ['BROADWAY GAMING LT CD 0315', 'Broadway Gaming', 'PURCHASE', ['Gambling', 'Casino'], 'DEB', [-1000], 3],
  ['GOOGLE PLAY STORE', 'Google Play', 'PURCHASE', ['Shopping', 'Electronics & Software'], 'DEB', [-299], 3],
  ['CREDITREPORTSERVIC', null, 'PURCHASE', [], 'DEB', [-1499], 1],
  ['REGENDA REDWING RE', null, 'PURCHASE', [], 'DEB', [-10000], 1],
  ['BOOKER LIMITED BLA', 'Booker Wholesale', 'PURCHASE', ['Uncategorized', 'Cash & ATM'], 'DEB', [-2431], 2],
  ['ANYVAN LTD', null, 'CREDIT', [], 'FPI', [7000, 5917], 6],
  ['WORKING TAX CREDIT', null, 'CREDIT', [], 'BGC', [2242], 4],
  ['MR JOHN SMITH', null, 'TRANSFER', [], 'TFR', [10000], 4],
  ['MS JANE DOE', null, 'TRANSFER', [], 'TFR', [89], 3],
];

type Line = readonly [
  description: string,
  merchant: string | null,
  category: string,
  classification: readonly string[],
  bankCode: string,
  minor: readonly number[],
  weight: number,
];

const LOTS: readonly Line[] = LINES.flatMap((line) => Array<Line>(line[6]).fill(line));

const WORDS: ReadonlyMap<Line, Words> = new Map(
  LINES.map((line) => {
    const [description, merchant, category, classification, bankCode] = line;
    const words = { description, category, classification, bankCode };
    return [line, merchant === null ? words : { ...words, merchant }];
  }),
);

/** How many rows a day, by what the account is for. */
const OFTEN = {
  main: [3, 6],
  spare: [0, 2],
  savings: [0, 1],
  joint: [0, 0],
  foreign: [0, 0],
  card: [0, 0],
} as const satisfies Readonly<Record<AccountRole, readonly [least: number, most: number]>>;

/**
 * A month at the mock bank: several rows a day on the first account, each of them booked at once. Its
 * first card shows the rows of the first account but the direct debits, its second one the
 * purchases, with the same amounts in an answer where plus means owed: what was spent there looks
 * paid back here.
 *
 * @param seed - names the person
 * @param tempo - how much happens, 1 for as much as was seen
 */
export function liveMockMonth(
  seed: string,
  accounts: readonly PlannedAccount[],
  month: Month,
  tempo: number,
): ReadonlyMap<string, Book> {
  const books = new Map(accounts.map((account) => [account.key, openBook(account)]));
  const main = books.get('main');
  for (const book of books.values())
    if (book.account.role !== 'card') draw(seed, book, month, tempo);
  for (const book of books.values()) {
    if (book.account.role !== 'card' || main === undefined) continue;
    for (const { madeAt, minor, words } of main.rows) {
      if (words.category === 'DIRECT_DEBIT') continue;
      if (book.account.key !== 'card' && words.category !== 'PURCHASE') continue;
      write(book, month, { at: madeAt, minor: -minor, words });
    }
  }
  return books;
}

function draw(seed: string, book: Book, month: Month, tempo: number): void {
  const [least, most] = OFTEN[book.account.role];
  for (let date = 1; date <= lengthOf(month); date += 1) {
    const chance = chanceOf(seed, book.account.key, month, date);
    const start = startOfDate(month, date);
    const count = Math.round(chance.whole(least, most) * tempo);
    for (let index = 0; index < count; index += 1) {
      const line = chance.pick(LOTS);
      const words = WORDS.get(line);
      if (words === undefined) continue;
      const minor = chance.pick(line[5]);
      const at = start + 2 * HOUR + index * (110 / Math.max(tempo, 1)) * MINUTE;
      write(book, month, { at, minor, words });
      // Equal rows of one day are two rows, not one.
      if (chance.happens(0.06)) write(book, month, { at: at + MINUTE, minor, words });
    }
  } // A month comes to nothing, so that sums from any month to another go on where they stopped.
  const at = startOfDate(month, 1) + HOUR;
  if (book.totalMinor !== 0)
    write(book, month, { at, minor: -book.totalMinor, words: EVENING_OUT });
}

const EVENING_OUT: Words = {
  description: 'MR JOHN SMITH',
  category: 'TRANSFER',
  classification: [],
  bankCode: 'TFR',
};
