import { describe, expect, it } from 'vitest';
import { DAY, later, MINUTE } from '../../src/base/clock.ts';
import type { Zone } from '../../src/base/zones.ts';
import { alertLadder, planAlert } from '../../src/consents/ladder.ts';

function ladder(endsAt: string, name = 'Europe/London', daysBefore = [14, 7, 3, 1, 0]) {
  const end = new Date(endsAt);
  const input = { consentedAt: later(end, -90 * DAY), endsAt: end, daysBefore, zone: name as Zone };
  return alertLadder(input).map(
    ({ daysBefore: days, at }) => `${days} ${at.toISOString().slice(0, 16)}`,
  );
}

describe('the ladder', () => {
  it.each([
    [
      'noon',
      '2026-02-20T12:00:00Z',
      'UTC',
      [
        '14 2026-02-06T12:00',
        '7 2026-02-13T12:00',
        '3 2026-02-17T12:00',
        '1 2026-02-19T12:00',
        '0 2026-02-20T11:00',
      ],
    ],
    [
      '03:00: the evening before, so early that an hour late is civil too',
      '2026-02-20T03:00:00Z',
      'UTC',
      [
        '14 2026-02-05T19:00',
        '7 2026-02-12T19:00',
        '3 2026-02-16T19:00',
        '1 2026-02-18T19:00',
        '0 2026-02-19T19:00',
      ],
    ],
    [
      '08:59',
      '2026-02-20T08:59:00Z',
      'UTC',
      [
        '14 2026-02-05T19:00',
        '7 2026-02-12T19:00',
        '3 2026-02-16T19:00',
        '1 2026-02-18T19:00',
        '0 2026-02-19T19:00',
      ],
    ],
    [
      '09:30: the last word leaves an hour',
      '2026-02-20T09:30:00Z',
      'UTC',
      [
        '14 2026-02-06T09:30',
        '7 2026-02-13T09:30',
        '3 2026-02-17T09:30',
        '1 2026-02-19T09:30',
        '0 2026-02-19T19:00',
      ],
    ],
    [
      '21:00',
      '2026-02-20T21:00:00Z',
      'UTC',
      [
        '14 2026-02-06T19:00',
        '7 2026-02-13T19:00',
        '3 2026-02-17T19:00',
        '1 2026-02-19T19:00',
        '0 2026-02-20T19:00',
      ],
    ],
    [
      'days on an island far in the east',
      '2026-02-20T12:00:00Z',
      'Pacific/Kiritimati',
      [
        '14 2026-02-06T05:00',
        '7 2026-02-13T05:00',
        '3 2026-02-17T05:00',
        '1 2026-02-19T05:00',
        '0 2026-02-20T05:00',
      ],
    ],
    [
      'days by quarters of an hour',
      '2026-02-20T12:00:00Z',
      'Asia/Kathmandu',
      [
        '14 2026-02-06T12:00',
        '7 2026-02-13T12:00',
        '3 2026-02-17T12:00',
        '1 2026-02-19T12:00',
        '0 2026-02-20T11:00',
      ],
    ],
    // 08:30 in winter's time is the evening before; in summer's it is 09:30.
    [
      'after clocks went forward',
      '2026-04-02T08:30:00Z',
      'Europe/London',
      [
        '14 2026-03-18T19:00',
        '7 2026-03-25T19:00',
        '3 2026-03-30T08:30',
        '1 2026-04-01T08:30',
        '0 2026-04-01T18:00',
      ],
    ],
    [
      'after clocks went back',
      '2026-10-28T08:30:00Z',
      'Europe/London',
      [
        '14 2026-10-14T08:30',
        '7 2026-10-21T08:30',
        '3 2026-10-24T18:00',
        '1 2026-10-26T19:00',
        '0 2026-10-27T19:00',
      ],
    ],
  ])('before an end at %s', (_name, endsAt, zone, steps) => {
    expect(ladder(endsAt, zone)).toEqual(steps);
  });

  it('has the configured steps, and none from before the period', () => {
    expect(ladder('2026-02-20T12:00:00Z', 'UTC', [7])).toEqual(['7 2026-02-13T12:00']);
    expect(ladder('2026-02-20T12:00:00Z', 'UTC', [0])).toEqual(['0 2026-02-20T11:00']);
    const endsAt = new Date('2026-02-20T12:00:00Z');
    const consentedAt = later(endsAt, -5 * DAY);
    const steps = alertLadder({ consentedAt, endsAt, daysBefore: [14, 7, 3], zone: 'UTC' as Zone });
    expect(steps.map(({ daysBefore }) => daysBefore)).toEqual([3]);
  });
});

describe('what to raise', () => {
  const zone = 'UTC' as Zone;
  const endsAt = new Date('2026-02-20T12:00:00Z');
  const steps = alertLadder({
    consentedAt: later(endsAt, -90 * DAY),
    endsAt,
    daysBefore: [14, 7, 3, 1, 0],
    zone,
  });
  const plan = (now: string, raised: number[] = [], end = endsAt) => {
    const { raise, nextAt } = planAlert(steps, raised, { now: new Date(now), endsAt: end, zone });
    return [raise?.daysBefore ?? null, nextAt?.toISOString().slice(0, 16) ?? null];
  };

  it.each([
    ['before the first', '2026-02-06T11:59:59Z', [], [null, '2026-02-06T12:00']],
    ['at the first', '2026-02-06T12:00:00Z', [], [14, '2026-02-13T12:00']],
    ['that being raised', '2026-02-06T12:00:01Z', [14], [null, '2026-02-13T12:00']],
    [
      'after an outage, the nearest to the end alone',
      '2026-02-18T10:00:00Z',
      [14],
      [3, '2026-02-19T12:00'],
    ],
    ['what was passed over, never', '2026-02-18T10:00:00Z', [3], [null, '2026-02-19T12:00']],
    ['at night, in the morning', '2026-02-17T23:00:00Z', [7], [null, '2026-02-18T09:00']],
    ['a minute before civil hours end', '2026-02-17T19:59:00Z', [7], [3, '2026-02-19T12:00']],
    ['the last', '2026-02-20T11:00:00Z', [14, 7, 3, 1], [0, null]],
    ['after the last, nothing', '2026-02-20T11:00:01Z', [0], [null, null]],
  ])('%s', (_name, now, raised, expected) => {
    expect(plan(now, raised)).toEqual(expected);
  });

  it('at night without delay, where the end comes before the morning', () => {
    const end = new Date('2026-02-20T03:00:00Z');
    const night = alertLadder({
      consentedAt: later(end, -90 * DAY),
      endsAt: end,
      daysBefore: [0],
      zone,
    });
    const now = later(end, -30 * MINUTE);
    expect(planAlert(night, [], { now, endsAt: end, zone }).raise?.daysBefore).toBe(0);
  });
});
