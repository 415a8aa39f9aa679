import { addDays, dayOf, startOf, type Day } from '../base/days.ts';
import type { Bank } from './bank.ts';

/** An instant with seven decimals, as the service stamps its answers. */
export function writeInstant(instant: Date): string {
  return `${instant.toISOString().slice(0, -1)}0000Z`;
}

/** When a transaction happened, in the shape that this bank uses. */
export function writeTransactionTime(bank: Bank, at: number): string {
  const instant = new Date(at);
  const day = dayOf(instant);
  switch (bank.timestamps) {
    case 'instant':
      return instant.toISOString();
    case 'instant-seven-digits':
      return writeInstant(instant);
    case 'midnight':
      return `${day}T00:00:00Z`;
    case 'midnight-no-zone':
      return `${day}T00:00:00`;
    case 'midnight-offset':
      return `${day}T00:00:00+00:00`;
    case 'midnight-local':
      return `${day}T00:00:00${localOffset(bank.country, day)}`;
  }
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
