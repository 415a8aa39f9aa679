import type { TestClock } from 'pg-boss';
import pg from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DAY, HOUR } from '../../src/base/clock.ts';
import { keepAliveInstant, REFRESH_TOKEN_IDLE_DAYS } from '../../src/consents/due.ts';
import { startTestHouse, storyClock, type TestHouse } from '../support/house.ts';
import { liveUntil, settle } from '../support/time.ts';
import { User } from '../support/user.ts';

let clock: TestClock;
let test: TestHouse;
let owner: pg.Client;

beforeEach(async () => {
  clock = storyClock();
  test = await startTestHouse({ clock, environment: { READ_EVERY_HOURS: '0' } });
  owner = new pg.Client(test.databaseUrl);
  await owner.connect();
});
afterEach(async () => {
  await owner.end();
  await test.close();
});

const live = (days: number) => liveUntil(test, clock, new Date(clock.now() + days * DAY));
const status = async () =>
  (await owner.query<{ status: string }>('select status from consent')).rows.map(
    (row) => row.status,
  );
/** The days since the first call on which the refresh token was used. */
function refreshDays(since: number): number[] {
  return test.simulator.journal.entries
    .filter((entry) => entry.path === '/connect/token')
    .map(({ at }) => (at.getTime() - since) / DAY);
}

it('an idle refresh token is used between day 17 and 22 of its idleness, and nothing else is asked', async () => {
  await new User(test, 'alice').connect();
  await settle(test, clock);
  test.simulator.journal.clear();
  const since = clock.now();
  await live(80);
  const days = refreshDays(since);
  const gaps = days.map((day, index) => day - (days[index - 1] ?? 0));
  expect(days.length).toBeGreaterThanOrEqual(3);
  for (const gap of gaps) {
    expect(gap).toBeGreaterThan(17);
    expect(gap).toBeLessThan(22.1);
  }
  expect(test.simulator.journal.entries).toHaveLength(days.length);
});

it('an outage of five days at the worst moment costs no consent', async () => {
  await new User(test, 'alice').connect();
  await settle(test, clock);
  const { rows } = await owner.query<{ id: string; ends: Date }>(
    'select consent_id as id, refresh_ends_at as ends from consent_credential',
  );
  const [{ id, ends }] = rows as [{ id: string; ends: Date }];
  await liveUntil(test, clock, new Date(keepAliveInstant(id, ends).getTime() - HOUR));
  // Nothing runs for five days.
  await clock.setTime(clock.now() + 5 * DAY);
  await live(1);
  expect(await status()).toEqual(['ACTIVE']);
  await live(30);
  expect(await status()).toEqual(['ACTIVE']);
});

it('a consent without offline_access is left alone, and ends with its access token', async () => {
  await new User(test, 'bob').connect({ providerId: 'ob-lloyds', scopes: ['accounts', 'balance'] });
  await settle(test, clock);
  test.simulator.journal.clear();
  await live(30);
  expect(test.simulator.journal.entries).toEqual([]);
  expect(await status()).toEqual(['EXPIRED']);
  const { rows } = await owner.query('select 1 from consent_credential');
  expect(rows).toEqual([]);
});

it('the uses of ten thousand tokens of one moment are spread evenly over the five days', () => {
  const ends = new Date(storyClock().now() + REFRESH_TOKEN_IDLE_DAYS * DAY);
  const perDay = [0, 0, 0, 0, 0];
  for (let number = 0; number < 10_000; number += 1) {
    const at = keepAliveInstant(`consent ${number}`, ends).getTime();
    const day = (at - ends.getTime()) / DAY + REFRESH_TOKEN_IDLE_DAYS - 17;
    perDay[Math.floor(day)]! += 1;
  }
  expect(perDay.reduce((sum, count) => sum + count)).toBe(10_000);
  for (const count of perDay) {
    expect(count).toBeGreaterThan(1_800);
    expect(count).toBeLessThan(2_200);
  }
});
