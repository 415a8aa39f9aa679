import pg from 'pg';
import type { TestClock } from 'pg-boss';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DAY, HOUR } from '../../src/base/clock.ts';
import { startTestHouse, storyClock, type TestHouse } from '../support/house.ts';
import { liveUntil, settle } from '../support/time.ts';
import { User } from '../support/user.ts';

/** A consent without a history. */
const SMALL = { providerId: 'ob-lloyds', scopes: ['accounts', 'offline_access'] };

let clock: TestClock;
let test: TestHouse;
let owner: pg.Client;

beforeEach(async () => {
  clock = storyClock();
  test = await startTestHouse({
    clock,
    environment: { READ_EVERY_HOURS: '0', ALERT_DAYS_BEFORE: '1', TIME_ZONE: 'Asia/Tokyo' },
  });
  owner = new pg.Client(test.databaseUrl);
  await owner.connect();
});
afterEach(async () => {
  await owner.end();
  await test.close();
});

const zoneOf = async (user: User) => {
  const { data } = await user.ask('{ viewer { timeZone timeZoneSource } }');
  return `${data.viewer.timeZone} ${data.viewer.timeZoneSource}`;
};
const say = async (user: User, timeZone: string | null) => {
  const { data } = await user.ask(
    `mutation ($zone: String) { updateViewer(input: { timeZone: $zone }) {
      ... on UpdatedViewer { viewer { timeZone timeZoneSource } } ... on Error { code } } }`,
    { zone: timeZone },
  );
  const { code, viewer } = data.updateViewer;
  return code ?? `${viewer.timeZone} ${viewer.timeZoneSource}`;
};

it('the token’s word on a time zone wins over the user’s, and that over the server’s', async () => {
  const alice = new User(test, 'alice');
  const there = new User(test, 'alice', undefined, 'America/New_York');
  expect(await zoneOf(alice)).toBe('Asia/Tokyo DEPLOYMENT');
  expect(await say(alice, 'Mars/Olympus')).toBe('TIME_ZONE_UNKNOWN');
  expect(await say(alice, 'Europe/Paris')).toBe('Europe/Paris VIEWER');
  expect(await zoneOf(there)).toBe('America/New_York TOKEN');
  expect(await say(there, 'Europe/Paris')).toBe('America/New_York TOKEN');
  // Tokens that say nothing of it leave what an earlier one said, until the user says otherwise.
  expect(await zoneOf(alice)).toBe('America/New_York TOKEN');
  expect(await say(alice, 'Europe/Paris')).toBe('Europe/Paris VIEWER');
  expect(await say(alice, null)).toBe('Asia/Tokyo DEPLOYMENT');
  expect(await zoneOf(new User(test, 'alice', undefined, 'No/Where'))).toBe(
    'Asia/Tokyo DEPLOYMENT',
  );
  expect(await zoneOf(new User(test, 'bob'))).toBe('Asia/Tokyo DEPLOYMENT');
});

it('the zone of the token that begins the first link is kept with it', async () => {
  const carol = new User(test, 'carol', undefined, 'Australia/Sydney');
  await carol.connect(SMALL);
  expect(await zoneOf(new User(test, 'carol'))).toBe('Australia/Sydney TOKEN');
});

it('alerts come at civil hours of where the user lives, and move along with them', async () => {
  const end = Date.parse('2026-05-31T09:00:00Z');
  const alice = new User(test, 'alice');
  await alice.connect(SMALL);
  await settle(test, clock);
  // Nothing but its end is left to look after.
  await owner.query('update consent_credential set refresh_ends_at = $1', [
    new Date(end + 99 * DAY),
  ]);
  const due = async () =>
    (await owner.query('select due_at from consent')).rows[0].due_at.toISOString();
  await liveUntil(test, clock, new Date(end - 3 * DAY));
  // In Tokyo it is six in the evening, in New York five in the morning, on the islands eleven at night.
  expect(await due()).toBe('2026-05-30T09:00:00.000Z');
  await say(alice, 'America/New_York');
  expect(await due()).toBe('2026-05-29T23:00:00.000Z');
  await say(alice, 'Pacific/Kiritimati');
  expect(await due()).toBe('2026-05-30T05:00:00.000Z');
  await liveUntil(test, clock, new Date('2026-05-30T05:01:00Z'));
  const { rows } = await owner.query('select raised_at from alert');
  expect(rows[0].raised_at.toISOString()).toMatch(/^2026-05-30T05:00/);
  const { data } = await alice.ask('{ alerts { nodes { message } } }');
  expect(data.alerts.nodes[0].message).toContain('ends on Sunday 31 May 2026 at 23:00.');
});

it('an alert whose hour is past where the user now says they live comes at once', async () => {
  const end = Date.parse('2026-05-31T09:00:00Z');
  const dora = new User(test, 'dora');
  await dora.connect(SMALL);
  await settle(test, clock);
  // In Tokyo its hour is yet to come; in Auckland, where it is half past seven in the evening, it was at seven.
  await liveUntil(test, clock, new Date(end - DAY - 1.5 * HOUR));
  const raised = async () => (await owner.query('select 1 from alert')).rowCount;
  expect(await raised()).toBe(0);
  await say(dora, 'Pacific/Auckland');
  await settle(test, clock);
  expect(await raised()).toBe(1);
});
