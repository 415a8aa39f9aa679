import type { PlannedAccount } from './accounts-plan.ts';
import type { Bank } from '../banks/bank.ts';
import { openBook, write, type Book } from './book.ts';
import { chanceOf } from '../chance.ts';
import { payBills } from './household-bills.ts';
import { liveJointMonth } from './household-joint.ts';
import { wealthOf, type Household, type LifeMonth } from './household-life.ts';
import { spend } from './household-purchases.ts';
import { moveMoney } from './household-transfers.ts';
import { highStreetOf } from './merchants.ts';
import { lengthOf, startOfDate, weekdayOf, type Month } from './month.ts';

const SCALES: ReadonlyMap<string, number> = new Map([['PLN', 4]]);

/** A person's household at a bank. */
export function makeHousehold(
  seed: string,
  bank: Bank,
  accounts: readonly PlannedAccount[],
): Household {
  const scale = SCALES.get(bank.currency) ?? 1;
  return {
    seed,
    bank,
    street: highStreetOf(bank.country),
    scale,
    accounts,
    salaryMinor: chanceOf(seed, 'salary').whole(2500, 3600) * 100 * scale * wealthOf(bank),
  };
}

/**
 * Lives one month by itself. No month needs another but the one before, for what cards still owe:
 * each ends with the balances that `openingMinor` gives for the next.
 *
 * @param before - the purchases of the month before
 * @param purchases - the purchases of this one
 */
export function liveMonth(
  household: Household,
  month: Month,
  before: ReadonlyMap<string, Book>,
  purchases: ReadonlyMap<string, Book>,
): ReadonlyMap<string, Book> {
  const books = new Map<string, Book>();
  for (const [key, { account, rows, totalMinor }] of purchases) {
    books.set(key, { account, rows: [...rows], totalMinor });
  }
  if (household.bank.tempo === 0) return books;
  const life = beginMonth(books, month);
  payBills(household, life);
  moveMoney(household, life, before);
  liveJointMonth(household, life);
  return books;
}

/** The purchases of a month alone: they come from chance and from no balance. */
export function buyThrough(household: Household, month: Month): ReadonlyMap<string, Book> {
  const books = new Map(household.accounts.map((account) => [account.key, openBook(account)]));
  if (household.bank.tempo === 0) return books;
  const life = beginMonth(books, month);
  for (let date = 1; date <= lengthOf(month); date += 1) {
    const start = startOfDate(month, date);
    const chance = chanceOf(household.seed, start);
    spend(household, life, { start, date, weekday: weekdayOf(start), chance });
  }
  return books;
}

function beginMonth(books: ReadonlyMap<string, Book>, month: Month): LifeMonth {
  return {
    month,
    books,
    main: [...books.values()].find(({ account }) => account.role === 'main'),
    cards: [...books.values()].filter(({ account }) => account.role === 'card'),
    write: (book, entry) => write(book, month, entry),
  };
}
