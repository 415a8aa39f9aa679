import { minorDigits } from '../../base/money.ts';
import type { PlannedAccount } from './accounts-plan.ts';
import type { Bank } from '../banks/bank.ts';
import type { Book, Entry } from './book.ts';
import { chanceOf, type Chance } from '../chance.ts';
import type { HighStreet } from './merchants.ts';
import type { Month } from './month.ts';

/** Everything that a month of a person's life at a bank needs to know. */
export interface Household {
  /** The start of all chance of this person at this bank. */
  readonly seed: string;
  readonly bank: Bank;
  readonly street: HighStreet;
  /** Prices are thought of in pounds; this makes them plausible in the bank's currency. */
  readonly scale: number;
  readonly accounts: readonly PlannedAccount[];
  /** The salary before raises, in minor units. */
  readonly salaryMinor: number;
}

/** A month while it is being lived. */
export interface LifeMonth {
  readonly month: Month;
  readonly books: ReadonlyMap<string, Book>;
  readonly main: Book | undefined;
  readonly cards: readonly Book[];
  write(book: Book, entry: Entry): void;
}

/** One day of it. */
export interface LifeDay {
  /** Midnight UTC. */
  readonly start: number;
  readonly date: number;
  /** 0 for Sunday. */
  readonly weekday: number;
  readonly chance: Chance;
}

/** A pound in other currencies, for accounts beside the bank's own. */
const RATES: ReadonlyMap<string, number> = new Map([
  ['EUR', 1.15],
  ['JPY', 190],
  ['KWD', 0.39],
]);

/**
 * The balance with which an account goes into a month, all that was written before counted as
 * booked. Not for cards, which go in with what they owe.
 */
export function openingMinor(household: Household, account: PlannedAccount, month: Month): number {
  if (household.bank.tempo === 0) return 0;
  // A joint account has the same balance for both holders.
  const seed = account.role === 'joint' ? account.id : `${household.seed} ${account.key}`;
  const chance = chanceOf(seed, 'level', month);
  const pence = (least: number, most: number) => chance.whole(least * 100, most * 100);
  switch (account.role) {
    case 'main':
      return pence(3600, 4900) * household.scale * wealthOf(household.bank);
    case 'savings':
      return (400_000 + (((month % 12) + 12) % 12) * 25_000 + pence(0, 90)) * household.scale;
    case 'foreign':
      return inCurrency(pence(500, 1100), account.currency);
    case 'card':
      throw new RangeError('a card goes into a month with what it owes');
    default:
      return pence(450, 900) * household.scale;
  }
}

/** How much more people have where more happens, so that nobody spends what is not there. */
export function wealthOf({ tempo }: Bank): number {
  return Math.max(1, tempo);
}

/** What so many pence are in the minor units of another currency. */
export function inCurrency(pence: number, currency: string): number {
  return Math.round((pence / 100) * (RATES.get(currency) ?? 1) * 10 ** minorDigits(currency));
}
