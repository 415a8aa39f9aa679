import { expect, it } from 'vitest';
import { HOUR } from '../../src/base/clock.ts';
import {
  firstWithin,
  instantInWords,
  instantOf,
  isWithin,
  lastWithin,
  parseZone,
  type Zone,
} from '../../src/base/zones.ts';

const CIVIL = { from: 9, until: 20 };
const zone = (name: string) => name as Zone;

it.each(['UTC', 'Europe/London', 'America/Argentina/Buenos_Aires', 'Etc/GMT+5', 'Asia/Kolkata'])(
  '%s is a time zone',
  (name) => {
    expect(parseZone(name)).toBe(name);
  },
);

it.each(['', '+01:00', 'Z', 'Europe/Atlantis', 'Europe London', '../etc', 'A'.repeat(65)])(
  '%j is no time zone',
  (name) => {
    expect(parseZone(name)).toBeNull();
  },
);

it.each([
  // Hour within: itself. Night: the evening before, the morning after.
  [
    'Europe/London',
    '2026-01-15T12:34:56.789Z',
    '2026-01-15T12:34:56.789Z',
    '2026-01-15T12:34:56.789Z',
  ],
  [
    'Europe/London',
    '2026-01-15T09:00:00.000Z',
    '2026-01-15T09:00:00.000Z',
    '2026-01-15T09:00:00.000Z',
  ],
  [
    'Europe/London',
    '2026-01-15T20:00:00.000Z',
    '2026-01-15T20:00:00.000Z',
    '2026-01-15T20:00:00.000Z',
  ],
  [
    'Europe/London',
    '2026-01-15T20:00:00.001Z',
    '2026-01-15T20:00:00.000Z',
    '2026-01-16T09:00:00.000Z',
  ],
  [
    'Europe/London',
    '2026-01-15T08:59:59.999Z',
    '2026-01-14T20:00:00.000Z',
    '2026-01-15T09:00:00.000Z',
  ],
  // Clocks go forward on 29 March and back on 25 October, in the night.
  [
    'Europe/London',
    '2026-03-29T03:00:00.000Z',
    '2026-03-28T20:00:00.000Z',
    '2026-03-29T08:00:00.000Z',
  ],
  [
    'Europe/London',
    '2026-10-25T03:00:00.000Z',
    '2026-10-24T19:00:00.000Z',
    '2026-10-25T09:00:00.000Z',
  ],
  [
    'America/New_York',
    '2026-03-08T08:00:00.000Z',
    '2026-03-08T01:00:00.000Z',
    '2026-03-08T13:00:00.000Z',
  ],
  // Far from Greenwich, and by odd offsets.
  [
    'Pacific/Kiritimati',
    '2026-01-15T12:00:00.000Z',
    '2026-01-15T06:00:00.000Z',
    '2026-01-15T19:00:00.000Z',
  ],
  [
    'Pacific/Pago_Pago',
    '2026-01-15T12:00:00.000Z',
    '2026-01-15T07:00:00.000Z',
    '2026-01-15T20:00:00.000Z',
  ],
  [
    'Asia/Kathmandu',
    '2026-01-15T20:00:00.000Z',
    '2026-01-15T14:15:00.000Z',
    '2026-01-16T03:15:00.000Z',
  ],
  // Half an hour of summer, and a day that Samoa never had.
  [
    'Australia/Lord_Howe',
    '2026-04-04T15:30:00.000Z',
    '2026-04-04T09:00:00.000Z',
    '2026-04-04T22:30:00.000Z',
  ],
  [
    'Pacific/Apia',
    '2011-12-30T16:00:00.000Z',
    '2011-12-30T06:00:00.000Z',
    '2011-12-30T19:00:00.000Z',
  ],
])('in %s, %s lies between the civil hours %s and %s', (name, limit, before, after) => {
  expect(lastWithin(new Date(limit), CIVIL, zone(name)).toISOString()).toBe(before);
  expect(firstWithin(new Date(limit), CIVIL, zone(name)).toISOString()).toBe(after);
});

it('in every zone and hour of a year, what is found is civil and less than a night away', () => {
  const zones = Intl.supportedValuesOf('timeZone').filter((_, index) => index % 23 === 0);
  expect(zones.length).toBeGreaterThan(15);
  for (const name of zones.map(zone)) {
    for (let hours = 0; hours < 366 * 24; hours += 13) {
      const limit = new Date(Date.UTC(2026, 0, 1) + hours * HOUR);
      const before = lastWithin(limit, CIVIL, name);
      const after = firstWithin(limit, CIVIL, name);
      expect([isWithin(before, CIVIL, name), isWithin(after, CIVIL, name)]).toEqual([true, true]);
      // A night has 13 hours, and 14 where clocks go back.
      expect(limit.getTime() - before.getTime()).toBeLessThanOrEqual(14 * HOUR);
      expect(after.getTime() - limit.getTime()).toBeLessThanOrEqual(14 * HOUR);
    }
  }
});

it('an hour that clocks leap over is none, and of one that comes twice the first is meant', () => {
  expect(instantOf(Date.UTC(2026, 2, 29, 1, 30), zone('Europe/London'))).toBeNull();
  expect(instantOf(Date.UTC(2026, 9, 25, 1, 30), zone('Europe/London'))).toEqual(
    new Date('2026-10-25T00:30:00Z'),
  );
});

it('an instant is said as people of the zone say it', () => {
  const end = new Date('2026-05-31T22:05:00Z');
  expect(instantInWords(end, zone('Europe/London'))).toBe('Sunday 31 May 2026 at 23:05');
  expect(instantInWords(end, zone('Pacific/Kiritimati'))).toBe('Monday 1 June 2026 at 12:05');
});
