import { HOUR, MINUTE } from '../../base/clock.ts';
import type { Words } from './book.ts';
import { chanceOf } from '../chance.ts';
import type { Household, LifeMonth } from './household-life.ts';
import type { Shop } from './merchants.ts';
import { startOfDate, weekdayOf, type Month } from './month.ts';

/** A direct debit that comes every month. */
export interface Bill {
  readonly name: string;
  readonly shop: (household: Household) => Shop;
  readonly date: number;
  /** Pence in Britain, from year to year a little different. */
  readonly minor: readonly [min: number, max: number];
  readonly classification: readonly string[];
  /** How much dearer it is in the winter months, 1 for not at all. */
  readonly winter: number;
}

const UTILITIES = ['Bills and Utilities', 'Utilities'];

/** The direct debits of a household, on its main account. */
// No date is above 24, so that a payment moved past a weekend stays in its month.
// prettier-ignore
export const BILLS: readonly Bill[] = [
  { name: 'tax', shop: ({ street }) => street.tax, date: 3, minor: [12000, 16500], classification: ['Taxes', 'Council tax'], winter: 1 },
  { name: 'energy', shop: ({ street }) => street.energy, date: 5, minor: [5500, 9000], classification: UTILITIES, winter: 1.8 },
  { name: 'water', shop: ({ street }) => street.water, date: 8, minor: [2800, 4200], classification: UTILITIES, winter: 1 },
  { name: 'telecom', shop: ({ street }) => street.telecom, date: 12, minor: [1800, 4500], classification: ['Bills and Utilities', 'Internet'], winter: 1 },
  { name: 'gym', shop: ({ street }) => street.gym, date: 18, minor: [1999, 2999], classification: ['Health & Fitness', 'Gym'], winter: 1 },
  { name: 'insurance', shop: ({ street }) => street.insurance, date: 20, minor: [2200, 3800], classification: ['Pension and insurances', 'Buildings and contents insurance'], winter: 1 },
];

/** The fixed part of a month on the main account: salary, rent and the direct debits. */
export function payBills(household: Household, life: LifeMonth): void {
  const { main } = life;
  if (main === undefined) return;
  const { month } = life;
  const { street } = household;
  const employer = chanceOf(household.seed, 'employer').pick(street.employers);
  life.write(main, {
    at: startOfDate(month, salaryDate(month)) + 2 * HOUR + 10 * MINUTE,
    minor: salaryMinor(household, month),
    words: plain(`${employer} SALARY`, 'CREDIT', 'BGC'),
  });
  life.write(main, {
    at: startOfDate(month, 1) + HOUR + 30 * MINUTE,
    minor: -rentMinor(household, month),
    words: plain(street.landlord, 'STANDING_ORDER', 'SO'),
  });
  for (const bill of BILLS) {
    const [description, merchant] = bill.shop(household);
    const classification = street.classified ? bill.classification : [];
    life.write(main, {
      at: billAt(bill, month),
      minor: -billMinor(household, bill, month),
      words: { description, category: 'DIRECT_DEBIT', classification, merchant, bankCode: 'DD' },
    });
  }
}

/** The rent of a month, in minor units. */
export function rentMinor(household: Household, month: Month): number {
  const pounds = chanceOf(household.seed, 'rent', yearOf(month)).whole(850, 1050);
  return Math.round(pounds * 100 * household.scale);
}

/** What a bill takes in a month, in minor units. */
export function billMinor({ scale, seed }: Household, bill: Bill, month: Month): number {
  const [min, max] = bill.minor;
  const base = chanceOf(seed, bill.name, yearOf(month)).whole(min, max);
  const calendarMonth = ((month % 12) + 12) % 12;
  const season = calendarMonth <= 2 || calendarMonth >= 10 ? bill.winter : 1;
  return Math.round(base * season * scale);
}

/** When a bill is taken: on its date, or on the Monday after when that is a weekend. */
export function billAt(bill: Bill, month: Month): number {
  const weekday = weekdayOf(startOfDate(month, bill.date));
  const date = weekday === 6 ? bill.date + 2 : weekday === 0 ? bill.date + 1 : bill.date;
  return startOfDate(month, date) + 4 * HOUR + bill.date * MINUTE;
}

function salaryMinor({ salaryMinor: base }: Household, month: Month): number {
  const raises = 1 + 0.03 * (yearOf(month) - 2024);
  return Math.round(base * Math.min(Math.max(raises, 0.75), 1.5));
}

/** The 25th, or the Friday before when that is a weekend. */
function salaryDate(month: Month): number {
  const weekday = weekdayOf(startOfDate(month, 25));
  return weekday === 6 ? 24 : weekday === 0 ? 23 : 25;
}

function yearOf(month: Month): number {
  return 1970 + Math.floor(month / 12);
}

function plain(description: string, category: string, bankCode: string): Words {
  return { description, category, classification: [], bankCode };
}
