import { DAY, HOUR, MINUTE, SECOND } from '../../base/clock.ts';
import type { Book, Words } from './book.ts';
import { inCurrency, type Household, type LifeDay, type LifeMonth } from './household-life.ts';
import { ONLINE, SUBSCRIPTIONS, type Shop } from './merchants.ts';

interface Habit {
  readonly shops: (household: Household) => readonly Shop[];
  /** How likely on a day, for each weekday from Sunday. */
  readonly likely: readonly [number, number, number, number, number, number, number];
  readonly minor: readonly [min: number, max: number];
  readonly hours: readonly [from: number, to: number];
  readonly classification: readonly string[];
  readonly pays: 'account' | 'card' | 'either';
}

const GROCERIES = ['Shopping', 'Groceries'];
const EATING = ['Food & Dining', 'Restaurants'];

// prettier-ignore
const HABITS: readonly Habit[] = [
  { shops: ({ street }) => street.groceries, likely: [0.3, 0.4, 0.3, 0.4, 0.3, 0.5, 0.7], minor: [450, 7200], hours: [9, 20], classification: GROCERIES, pays: 'either' },
  { shops: ({ street }) => street.cafes, likely: [0.3, 0.5, 0.5, 0.5, 0.5, 0.5, 0.4], minor: [280, 640], hours: [7, 11], classification: ['Food & Dining', 'Coffee shops'], pays: 'account' },
  { shops: ({ street }) => street.transport, likely: [0.1, 0.5, 0.5, 0.5, 0.5, 0.4, 0.2], minor: [280, 1550], hours: [7, 21], classification: ['Auto & Transport', 'Public transport'], pays: 'account' },
  { shops: ({ street }) => street.restaurants, likely: [0.15, 0.05, 0.05, 0.1, 0.15, 0.45, 0.45], minor: [1200, 6400], hours: [18, 22], classification: EATING, pays: 'either' },
  { shops: () => ONLINE, likely: [0.15, 0.12, 0.1, 0.1, 0.1, 0.1, 0.12], minor: [599, 8900], hours: [8, 23], classification: ['Shopping', 'General'], pays: 'card' },
  { shops: ({ street }) => street.pharmacies, likely: [0.02, 0.05, 0.04, 0.05, 0.04, 0.06, 0.1], minor: [249, 2400], hours: [9, 18], classification: ['Health & Fitness', 'Pharmacy'], pays: 'either' },
];

/** Purchases, subscriptions, filling up and cash of one day, on whichever account or card pays. */
export function spend(household: Household, life: LifeMonth, day: LifeDay): void {
  for (const habit of HABITS) {
    const likely = (habit.likely[day.weekday] ?? 0) * household.bank.tempo;
    // More than once a day where much happens: the whole part for certain, the rest by chance.
    const times = Math.floor(likely) + (day.chance.happens(likely % 1) ? 1 : 0);
    for (let time = 0; time < times; time += 1) {
      const payer = payerOf(life, day, habit.pays);
      if (payer !== undefined) buy(household, life, day, habit, payer);
    }
  }
  for (const [shop, date, minor, kind] of SUBSCRIPTIONS) {
    const payer = life.cards[0] ?? life.main;
    if (date !== day.date || payer === undefined) continue;
    const words = purchaseWords(household, shop, ['Entertainment', kind]);
    purchase(life, payer, day, day.start + 5 * HOUR, Math.round(minor * household.scale), words);
  }
  fillUp(household, life, day);
  drawCash(household, life, day);
  travel(household, life, day);
}

function buy(household: Household, life: LifeMonth, day: LifeDay, habit: Habit, payer: Book): void {
  const { chance } = day;
  const shop = chance.pick(habit.shops(household));
  const minor = Math.round(chance.whole(...habit.minor) * household.scale);
  const at = timeIn(day, habit.hours);
  const words = purchaseWords(household, shop, habit.classification);
  const bookedAt = purchase(life, payer, day, at, minor, words);
  const isCoffee = habit.pays === 'account' && habit.minor[1] < 1000;
  // Two equal coffees on one day are two transactions; whoever merges them loses money.
  if (isCoffee && chance.happens(0.12)) {
    const again = at + 90 * SECOND;
    life.write(payer, { at: again, bookedAt: bookedAt + SECOND, minor: -minor, words });
  }
  if (habit.pays === 'card' && chance.happens(0.12)) {
    const refundedAt = day.start + chance.whole(4, 8) * DAY + chance.whole(8, 18) * HOUR;
    const description = `${words.description} REFUND`;
    life.write(payer, {
      at: refundedAt,
      minor,
      words: { ...words, description, category: 'CREDIT' },
    });
  }
}

/** A hold of 99 is placed at the pump, and the real price booked days later. */
function fillUp(household: Household, life: LifeMonth, day: LifeDay): void {
  if (!day.chance.happens(0.05)) return;
  const payer = payerOf(life, day, 'either');
  if (payer === undefined) return;
  const shop = day.chance.pick(household.street.fuel);
  const words = purchaseWords(household, shop, ['Auto & Transport', 'Fuel']);
  const minor = Math.round(day.chance.whole(3200, 7800) * household.scale);
  const hold = Math.round(9900 * household.scale);
  purchase(life, payer, day, timeIn(day, [8, 20]), minor, words, hold);
}

function drawCash({ scale, street }: Household, life: LifeMonth, day: LifeDay): void {
  if (!day.chance.happens(0.05) || life.main === undefined) return;
  const minor = day.chance.pick([2000, 3000, 5000, 6000]) * scale;
  const words: Words = {
    description: street.cash,
    category: 'ATM',
    classification: [],
    bankCode: 'CPT',
  };
  life.write(life.main, { at: timeIn(day, [10, 22]), minor: -minor, words });
}

/** Small amounts on accounts in other currencies and on those kept aside. */
function travel(household: Household, life: LifeMonth, day: LifeDay): void {
  for (const book of life.books.values()) {
    const { currency, role } = book.account;
    if ((role !== 'foreign' && role !== 'spare') || !day.chance.happens(0.2)) continue;
    const isForeign = role === 'foreign';
    const shop = day.chance.pick(isForeign ? ONLINE : household.street.restaurants);
    const words = purchaseWords(household, shop, isForeign ? [] : EATING);
    const pence = day.chance.whole(650, 4200);
    const minor = isForeign ? inCurrency(pence, currency) : Math.round(pence * household.scale);
    purchase(life, book, day, timeIn(day, [9, 21]), minor, words);
  }
}

/**
 * Writes a purchase that is booked one to three days on, before the working day begins.
 *
 * @returns when it is booked
 */
function purchase(
  life: LifeMonth,
  payer: Book,
  day: LifeDay,
  at: number,
  minor: number,
  words: Words,
  hold = minor,
): number {
  const nights = day.chance.pick([1, 1, 1, 2, 2, 3]);
  const minutes = day.chance.whole(60, 330);
  const bookedAt = day.start + nights * DAY + minutes * MINUTE;
  life.write(payer, { at, bookedAt, minor: -minor, pendingMinor: -hold, words });
  return bookedAt;
}

function payerOf({ cards, main }: LifeMonth, day: LifeDay, pays: Habit['pays']): Book | undefined {
  const card = cards.length === 0 ? undefined : day.chance.pick(cards);
  if (main === undefined) return card;
  if (pays === 'account' || card === undefined) return main;
  return pays === 'card' || day.chance.happens(0.45) ? card : main;
}

function purchaseWords(household: Household, shop: Shop, classification: readonly string[]): Words {
  const [description, merchant] = shop;
  return {
    description,
    category: 'PURCHASE',
    classification: household.street.classified ? classification : [],
    merchant,
    bankCode: 'DEB',
  };
}

function timeIn(day: LifeDay, [from, to]: readonly [number, number]): number {
  const { chance } = day;
  return (
    day.start +
    chance.whole(from, to - 1) * HOUR +
    chance.whole(0, 59) * MINUTE +
    chance.whole(0, 59) * SECOND
  );
}
