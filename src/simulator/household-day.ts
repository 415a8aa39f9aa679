import type { Book } from './book.ts';
import type { Chance } from './chance.ts';
import type { HighStreet } from './merchants.ts';

/** Everything that a day of a household needs to know. */
export interface Household {
  /** The start of all chance of this person at this bank. */
  readonly seed: string;
  readonly street: HighStreet;
  /** Prices are thought of in pounds; this makes them plausible in the bank's currency. */
  readonly scale: number;
  readonly books: readonly Book[];
  readonly main: Book | undefined;
  readonly cards: readonly Book[];
  /** The salary before raises, in minor units. */
  readonly salaryMinor: number;
}

/** One day of it. */
export interface LifeDay {
  /** Midnight UTC. */
  readonly start: number;
  readonly year: number;
  /** 0 for January. */
  readonly month: number;
  readonly date: number;
  /** 0 for Sunday. */
  readonly weekday: number;
  /** The last date of this month. */
  readonly monthLength: number;
  readonly chance: Chance;
}
