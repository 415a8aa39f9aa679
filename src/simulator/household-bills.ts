import { HOUR, MINUTE } from '../base/clock.ts';
import { write, type Words } from './book.ts';
import { chanceOf } from './chance.ts';
import type { Household, LifeDay } from './household-day.ts';
import type { Shop } from './merchants.ts';

interface Bill {
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

// No date is above 24, so that a payment moved past a weekend stays in its month.
// prettier-ignore
const BILLS: readonly Bill[] = [
  { name: 'tax', shop: ({ street }) => street.tax, date: 3, minor: [12000, 16500], classification: ['Taxes', 'Council tax'], winter: 1 },
  { name: 'energy', shop: ({ street }) => street.energy, date: 5, minor: [5500, 9000], classification: UTILITIES, winter: 1.8 },
  { name: 'water', shop: ({ street }) => street.water, date: 8, minor: [2800, 4200], classification: UTILITIES, winter: 1 },
  { name: 'telecom', shop: ({ street }) => street.telecom, date: 12, minor: [1800, 4500], classification: ['Bills and Utilities', 'Internet'], winter: 1 },
  { name: 'gym', shop: ({ street }) => street.gym, date: 18, minor: [1999, 2999], classification: ['Health & Fitness', 'Gym'], winter: 1 },
  { name: 'insurance', shop: ({ street }) => street.insurance, date: 20, minor: [2200, 3800], classification: ['Pension and insurances', 'Buildings and contents insurance'], winter: 1 },
];

/** The fixed part of a month on the main account: salary, rent and the direct debits. */
export function payBills(household: Household, day: LifeDay): void {
  if (household.main === undefined) return;
  if (day.date === salaryDate(day)) paySalary(household, day);
  if (day.date === 1) payRent(household, day);
  for (const bill of BILLS)
    if (day.date === workingDateOf(bill.date, day)) payBill(household, day, bill);
}

function paySalary(household: Household, day: LifeDay): void {
  const { main, seed, street, salaryMinor } = household;
  if (main === undefined) return;
  const raises = 1 + 0.03 * (day.year - 2024);
  const minor = Math.round(salaryMinor * Math.max(raises, 0.75));
  const employer = chanceOf(seed, 'employer').pick(street.employers);
  write(main, {
    at: day.start + 2 * HOUR + 10 * MINUTE,
    minor,
    words: {
      description: `${employer} SALARY`,
      category: 'CREDIT',
      classification: [],
      bankCode: 'BGC',
    },
  });
}

function payRent(household: Household, day: LifeDay): void {
  const { main, seed, street, scale } = household;
  if (main === undefined) return;
  const pounds = chanceOf(seed, 'rent', day.year).whole(850, 1050);
  write(main, {
    at: day.start + HOUR + 30 * MINUTE,
    minor: -Math.round(pounds * 100 * scale),
    words: {
      description: street.landlord,
      category: 'STANDING_ORDER',
      classification: [],
      bankCode: 'SO',
    },
  });
}

function payBill(household: Household, day: LifeDay, bill: Bill): void {
  const { main, seed, street, scale } = household;
  if (main === undefined) return;
  const [min, max] = bill.minor;
  const base = chanceOf(seed, bill.name, day.year).whole(min, max);
  const season = day.month <= 2 || day.month >= 10 ? bill.winter : 1;
  const [description, merchant] = bill.shop(household);
  const words: Words = {
    description,
    category: 'DIRECT_DEBIT',
    classification: street.classified ? bill.classification : [],
    merchant,
    bankCode: 'DD',
  };
  write(main, {
    at: day.start + 4 * HOUR + bill.date * MINUTE,
    minor: -Math.round(base * season * scale),
    words,
  });
}

/** The 25th, or the Friday before when that is a weekend. */
function salaryDate(day: LifeDay): number {
  const weekday = weekdayOf(25, day);
  return weekday === 6 ? 24 : weekday === 0 ? 23 : 25;
}

/** A date of this month, or the Monday after when that is a weekend. */
function workingDateOf(date: number, day: LifeDay): number {
  const weekday = weekdayOf(date, day);
  return weekday === 6 ? date + 2 : weekday === 0 ? date + 1 : date;
}

function weekdayOf(date: number, day: LifeDay): number {
  return (((day.weekday + date - day.date) % 7) + 7) % 7;
}
