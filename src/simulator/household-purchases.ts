import { DAY, HOUR, MINUTE, SECOND } from '../base/clock.ts';
import { write, type Book, type Words } from './book.ts';
import type { Household, LifeDay } from './household-day.ts';
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
export function spend(household: Household, day: LifeDay): void {
  for (const habit of HABITS) {
    if (!day.chance.happens(habit.likely[day.weekday] ?? 0)) continue;
    const payer = payerOf(household, day, habit.pays);
    if (payer !== undefined) buy(household, day, habit, payer);
  }
  for (const subscription of SUBSCRIPTIONS) {
    const [shop, date, minor, kind] = subscription;
    const payer = household.cards[0] ?? household.main;
    if (date !== day.date || payer === undefined) continue;
    const words = purchaseWords(household, shop, ['Entertainment', kind]);
    purchase(payer, day, day.start + 5 * HOUR, Math.round(minor * household.scale), words);
  }
  fillUp(household, day);
  drawCash(household, day);
  travel(household, day);
}

function buy(household: Household, day: LifeDay, habit: Habit, payer: Book): void {
  const { chance } = day;
  const shop = chance.pick(habit.shops(household));
  const minor = Math.round(chance.whole(...habit.minor) * household.scale);
  const at = timeIn(day, habit.hours);
  const words = purchaseWords(household, shop, habit.classification);
  const bookedAt = purchase(payer, day, at, minor, words);
  const isCoffee = habit.pays === 'account' && habit.minor[1] < 1000;
  // Two equal coffees on one day are two transactions; whoever merges them loses money.
  if (isCoffee && chance.happens(0.12) && bookedAt !== undefined) {
    const again = at + 90 * SECOND;
    write(payer, { at: again, bookedAt: bookedAt + SECOND, minor: -minor, words });
  }
  if (habit.pays === 'card' && bookedAt !== undefined && chance.happens(0.12)) {
    const refundedAt = day.start + chance.whole(6, 12) * DAY + chance.whole(8, 18) * HOUR;
    const description = `${words.description} REFUND`;
    write(payer, { at: refundedAt, minor, words: { ...words, description, category: 'CREDIT' } });
  }
}

/** A hold of 99 is placed at the pump, and the real price booked days later. */
function fillUp(household: Household, day: LifeDay): void {
  if (!day.chance.happens(0.05)) return;
  const payer = payerOf(household, day, 'either');
  if (payer === undefined) return;
  const shop = day.chance.pick(household.street.fuel);
  const words = purchaseWords(household, shop, ['Auto & Transport', 'Fuel']);
  const minor = Math.round(day.chance.whole(3200, 7800) * household.scale);
  const hold = Math.round(9900 * household.scale);
  purchase(payer, day, timeIn(day, [8, 20]), minor, words, hold);
}

function drawCash(household: Household, day: LifeDay): void {
  const { main, street, scale } = household;
  if (!day.chance.happens(0.05) || main === undefined) return;
  const minor = day.chance.pick([2000, 3000, 5000, 6000]) * scale;
  if (main.totalMinor < minor) return;
  const words: Words = {
    description: street.cash,
    category: 'ATM',
    classification: [],
    bankCode: 'CPT',
  };
  write(main, { at: timeIn(day, [10, 22]), minor: -minor, words });
}

/** Small amounts on the euro account and on accounts kept aside, as long as they have money. */
function travel(household: Household, day: LifeDay): void {
  for (const book of household.books) {
    const { role } = book.account;
    if ((role !== 'euro' && role !== 'spare') || !day.chance.happens(0.2)) continue;
    const shops = role === 'euro' ? ONLINE : household.street.restaurants;
    const words = purchaseWords(household, day.chance.pick(shops), role === 'euro' ? [] : EATING);
    const minor = Math.round(day.chance.whole(650, 4200) * household.scale);
    if (book.totalMinor > 2 * minor) purchase(book, day, timeIn(day, [9, 21]), minor, words);
  }
}

/** Writes a purchase that is booked one to three days on, before the working day begins. */
function purchase(
  payer: Book,
  day: LifeDay,
  at: number,
  minor: number,
  words: Words,
  hold = minor,
): number | undefined {
  // Nobody here spends money that is not there, so that no balance runs away over the years.
  const floor = payer.account.role === 'card' ? -payer.account.limitMinor * 0.8 : 0;
  if (payer.totalMinor - hold < floor) return undefined;
  const nights = day.chance.pick([1, 1, 1, 2, 2, 3]);
  const minutes = day.chance.whole(60, 330);
  const bookedAt = day.start + nights * DAY + minutes * MINUTE;
  write(payer, { at, bookedAt, minor: -minor, pendingMinor: -hold, words });
  return bookedAt;
}

function payerOf(household: Household, day: LifeDay, pays: Habit['pays']): Book | undefined {
  const { main, cards } = household;
  const card = cards.length === 0 ? undefined : day.chance.pick(cards);
  if (main === undefined) return card;
  if (pays === 'account' || card === undefined) return main;
  return pays === 'card' || day.chance.happens(0.45) ? card : main;
}

function purchaseWords(household: Household, shop: Shop, classification: readonly string[]): Words {
  const [description, merchant] = shop;
  const classified = household.street.classified ? classification : [];
  return {
    description,
    category: 'PURCHASE',
    classification: classified,
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
