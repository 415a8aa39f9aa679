import { expect, it } from 'vitest';
import { addDays, addMonths, dayOf, daysBetween, parseDay } from '../../src/base/days.ts';

it.each([
  ['2026-01-31', 1, '2026-02-28'],
  ['2028-01-31', 1, '2028-02-29'],
  ['2026-03-31', -1, '2026-02-28'],
  ['2028-02-29', -12, '2027-02-28'],
  ['2026-12-15', 1, '2027-01-15'],
  ['2026-01-15', -72, '2020-01-15'],
  ['2026-05-05', 0, '2026-05-05'],
])('%s and %i months make %s', (day, months, expected) => {
  expect(addMonths(parseDay(day), months)).toBe(expected);
});

it.each([
  ['2028-02-28', 1, '2028-02-29'],
  ['2026-02-28', 1, '2026-03-01'],
  ['2026-01-01', -1, '2025-12-31'],
  ['2026-03-29', 1, '2026-03-30'],
])('%s and %i days make %s', (day, days, expected) => {
  expect(addDays(parseDay(day), days)).toBe(expected);
  expect(daysBetween(parseDay(day), parseDay(expected))).toBe(days);
});

it.each(['2026-02-29', '2026-13-01', '2026-1-1', '2026-01-01T00:00:00Z', '', 'today'])(
  '%j is no day',
  (text) => {
    expect(() => parseDay(text)).toThrow(RangeError);
  },
);

it('an instant falls on its day in UTC', () => {
  expect(dayOf(new Date('2026-03-28T23:59:59.999Z'))).toBe('2026-03-28');
});
