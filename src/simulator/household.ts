import { DAY } from '../base/clock.ts';
import type { PlannedAccount } from './accounts-plan.ts';
import type { Bank } from './bank.ts';
import { openBook, type Book } from './book.ts';
import { chanceOf } from './chance.ts';
import type { Household, LifeDay } from './household-day.ts';
import { payBills } from './household-bills.ts';
import { spend } from './household-purchases.ts';
import { moveMoney } from './household-transfers.ts';
import { highStreetOf } from './merchants.ts';

/**
 * All accounts were opened on this day, whatever the clock says: what happened on a calendar day
 * then depends on the days before it and never on the day of asking.
 */
const OPENED_AT = Date.UTC(2016, 0, 1);

const SCALES: ReadonlyMap<string, number> = new Map([['PLN', 4]]);

/**
 * Lives every day from the opening of the accounts to the end of a year, and gives their books.
 * A longer life repeats the shorter one row by row and goes on.
 *
 * @param seed - names the person at the bank; the same seed lives the same life
 */
export function live(
  seed: string,
  bank: Bank,
  accounts: readonly PlannedAccount[],
  untilYear: number,
): readonly Book[] {
  const books = accounts.map(openBook);
  const scale = SCALES.get(bank.currency) ?? 1;
  const household: Household = {
    seed,
    street: highStreetOf(bank.country),
    scale,
    books,
    main: books.find((book) => book.account.role === 'main'),
    cards: books.filter((book) => book.account.role === 'card'),
    salaryMinor: chanceOf(seed, 'salary').whole(2500, 3600) * 100 * scale,
  };
  const end = Date.UTC(untilYear + 1, 0, 1);
  for (let start = OPENED_AT; start < end; start += DAY) {
    const day = lifeDay(seed, start);
    payBills(household, day);
    spend(household, day);
    moveMoney(household, day);
  }
  return books;
}

function lifeDay(seed: string, start: number): LifeDay {
  const date = new Date(start);
  const year = date.getUTCFullYear();
  const month = date.getUTCMonth();
  return {
    start,
    year,
    month,
    date: date.getUTCDate(),
    weekday: date.getUTCDay(),
    monthLength: new Date(Date.UTC(year, month + 1, 0)).getUTCDate(),
    chance: chanceOf(seed, start),
  };
}
