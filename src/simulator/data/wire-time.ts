import { DAY } from '../../base/clock.ts';
import { addDays, dayOf, startOf, type Day } from '../../base/days.ts';
import type { Bank } from '../banks/bank.ts';
import { keepNewest } from '../bounded-map.ts';

/** An instant with seven decimals, as the service stamps its answers. */
export function writeInstant(instant: Date): string {
  return `${instant.toISOString().slice(0, -1)}0000Z`;
}

/** When a transaction happened, in the shape that this bank uses. */
export function writeTransactionTime(bank: Bank, at: number): string {
  switch (bank.timestamps) {
    case 'instant':
      return new Date(at).toISOString();
    case 'instant-seven-digits':
      return writeInstant(new Date(at));
    case 'midnight':
      return `${writeDay(at)}T00:00:00Z`;
    case 'midnight-no-zone':
      return `${writeDay(at)}T00:00:00`;
    case 'midnight-offset':
      return `${writeDay(at)}T00:00:00+00:00`;
    case 'midnight-local': {
      const day = writeDay(at);
      return `${day}T00:00:00${localOffset(bank.country, day)}`;
    }
  }
}

/** Days are written over and over, and writing one costs more than the rest of a row. */
const DAYS = new Map<number, Day>();
const DAYS_MAX = 10_000;

function writeDay(at: number): Day {
  const number = Math.floor(at / DAY);
  const known = DAYS.get(number);
  if (known !== undefined) return known;
  const day = dayOf(new Date(at));
  keepNewest(DAYS, number, day, DAYS_MAX);
  return day;
}

/** The offset of a country's clocks at the start of a day; summer time as in all of the EU. */
function localOffset(country: string, day: Day): string {
  const month = (name: string) => lastSunday(`${day.slice(0, 4)}-${name}-31` as Day);
  const isSummer = day > month('03') && day <= month('10');
  const hours = (EASTWARD.get(country) ?? 1) + (isSummer ? 1 : 0);
  return `+${String(hours).padStart(2, '0')}:00`;
}

const EASTWARD: ReadonlyMap<string, number> = new Map([
  ['ie', 0],
  ['pt', 0],
  ['fi', 2],
  ['lt', 2],
]);

function lastSunday(lastOfMonth: Day): Day {
  return addDays(lastOfMonth, -startOf(lastOfMonth).getUTCDay());
}
