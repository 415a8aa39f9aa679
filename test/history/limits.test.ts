import pg from 'pg';
import type { TestClock } from 'pg-boss';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DAY, MINUTE } from '../../src/base/clock.ts';
import { addDays, addMonths, type Day, dayOf } from '../../src/base/days.ts';
import { narrowed } from '../../src/providers/learnt-limits.ts';
import { historyLimits } from '../../src/providers/limits.ts';
import type { BankTraits } from '../../src/simulator/banks/bank.ts';
import { startTestHouse, storyClock, type TestHouse } from '../support/house.ts';
import { consentOf, renew } from '../support/renew.ts';
import { settle } from '../support/time.ts';
import { User } from '../support/user.ts';

// She has one card there and nothing else, so that a whole history is few calls.
const WAY = [{ providerId: 'ob-amex' }, { user: 'user1', password: 'pass1' }] as const;
const AS_IT_IS: Partial<BankTraits> = {
  maxHistoryMonths: 72,
  refusesLostDays: false,
  longestRangeDays: 0,
  laterDays: 90,
  windowSeconds: 2700,
  refusal: 'sca_exceeded',
  unattendedCallsPerDay: 4,
  // Days are what this is about, whatever happened on them.
  tempo: 0,
  // Refusals are counted by their status, which those of a task have not.
  asynchronous: false,
};

let clock: TestClock;
let test: TestHouse;
let owner: pg.Client;
let users = 0;

beforeAll(async () => {
  clock = storyClock();
  test = await startTestHouse({ clock });
  adjust({});
  owner = new pg.Client(test.databaseUrl);
  await owner.connect();
});
afterEach(async () => {
  test.simulator.adjust('ob-amex', AS_IT_IS);
  test.simulator.faults.clear();
  await owner.query('delete from learnt_limit');
});
afterAll(async () => {
  await owner.end();
  await test.close();
});

const adjust = (traits: Partial<BankTraits>) =>
  test.simulator.adjust('ob-amex', { ...AS_IT_IS, ...traits });
const today = () => dayOf(new Date(clock.now()));

/** Somebody new connects the bank, and all is done that is due then. */
async function connect(waitMilliseconds = 0) {
  const name = `user ${(users += 1)}`;
  const user = new User(test, name);
  const from = test.simulator.journal.entries.length;
  const id = await user.connect(...WAY);
  if (waitMilliseconds > 0) await clock.setTime(clock.now() + waitMilliseconds);
  await settle(test, clock);
  const { history, ...consent } = await progressOf(user, id);
  const calls = test.simulator.journal.entries
    .slice(from)
    .filter(({ path }) => path.endsWith('/transactions'));
  return {
    user,
    name,
    id,
    ...history,
    status: consent.status,
    calls: calls.length,
    refused: calls.filter(({ status }) => (status ?? 0) >= 400).length,
  };
}

async function progressOf(user: User, id: string) {
  const { data } = await user.ask(
    `query ($id: ID!) {
       consent(id: $id) { status history { complete oldestDay gaps { from to reason }
         accounts { oldestDay gaps { renewalMayHelp } account { coverage {
           oldestDay newestDay complete gaps { from to reason message } } } } } } }`,
    { id },
  );
  return data.consent;
}

/** Lets what was learnt lie back by some days more. */
const letAge = (days: number) =>
  owner.query(
    `update learnt_limit set learnt_at = learnt_at - $1 * interval '1 day',
       seen_at = seen_at - $1 * interval '1 day'`,
    [days],
  );

const learnt = async () =>
  (await owner.query('select kind, days, days_seen from learnt_limit order by kind')).rows;

describe('a bank that refuses days older than its records', () => {
  it('gives all that it has; once that was seen on two days, others do not ask for more', async () => {
    adjust({ maxHistoryMonths: 30, refusesLostDays: true });
    const gap = (day: Day) => [
      { from: addMonths(day, -72), to: addDays(addMonths(day, -30), -1), reason: 'OUT_OF_REACH' },
    ];
    const first = await connect();
    expect(first).toMatchObject({ status: 'ACTIVE', complete: true, gaps: gap(today()) });
    expect(first.oldestDay).toBe(addMonths(today(), -30));
    expect(first.refused).toBeGreaterThan(0);
    expect(first.calls).toBeLessThan(30);
    await letAge(1);
    expect(await connect()).toMatchObject({ complete: true, gaps: gap(today()) });
    expect(await learnt()).toMatchObject([{ kind: 'REACH', days_seen: 2 }]);
    const third = await connect();
    expect(third).toMatchObject({ complete: true, gaps: gap(today()), refused: 0 });
    expect(third.oldestDay).toBe(addMonths(today(), -30));
    // The bank may give more by and by.
    adjust({});
    await letAge(31);
    expect(await connect()).toMatchObject({ complete: true, gaps: [], refused: 0 });
    expect(await learnt()).toEqual([]);
  });
});

describe('a bank that refuses calls of many days', () => {
  it('is asked for fewer, and gives everything; the next is not refused at all', async () => {
    adjust({ longestRangeDays: 60 });
    const oldestDay = addMonths(today(), -72);
    expect(await connect()).toMatchObject({ complete: true, gaps: [], oldestDay });
    expect(await learnt()).toEqual([{ kind: 'LONGEST', days: 60, days_seen: 1 }]);
    expect(await connect()).toMatchObject({ complete: true, gaps: [], oldestDay, refused: 0 });
  });
});

describe('a bank whose window closes during a history', () => {
  it('gives what it gives later, to the day; for the next these days are fetched in time', async () => {
    const unattendedCallsPerDay = 100;
    adjust({ laterDays: 60, windowSeconds: 300, refusal: 'access_denied', unattendedCallsPerDay });
    const day = today();
    const late = await connect(6 * MINUTE);
    expect(late).toMatchObject({ status: 'ACTIVE', complete: true, oldestDay: addDays(day, -60) });
    expect(late.gaps).toEqual([
      { from: addDays(day, -89), to: addDays(day, -61), reason: 'ACCESS_DENIED' },
      { from: addMonths(day, -72), to: addDays(day, -90), reason: 'WINDOW_CLOSED' },
    ]);
    expect(await learnt()).toEqual([{ kind: 'LATER', days: 60, days_seen: 1 }]);
    const [account] = late.accounts;
    expect(account).toMatchObject({
      oldestDay: late.oldestDay,
      gaps: [{ renewalMayHelp: true }, {}],
    });
    expect(account.account.coverage).toMatchObject({
      oldestDay: late.oldestDay,
      newestDay: day,
      complete: true,
      gaps: [{ ...late.gaps[0], message: 'The bank refuses them.' }, late.gaps[1]],
    });
    const next = await connect(6 * MINUTE);
    expect(next.gaps).toEqual([
      { from: addMonths(today(), -72), to: addDays(today(), -60), reason: 'WINDOW_CLOSED' },
    ]);
    expect(next.refused).toBe(0);
    // Renewed in time, the first has all of it after all.
    const consent = await consentOf(owner, late.name);
    await renew(test, owner, late.user, consent, { input: WAY[0], plan: WAY[1] });
    await settle(test, clock);
    const { history } = await progressOf(late.user, late.id);
    expect(history).toMatchObject({ complete: true, gaps: [], oldestDay: addMonths(day, -72) });
  });

  it.each([['sca_exceeded'], ['access_denied'], ['invalid_date_range']] as const)(
    'sooner than was thought gives the last 90 days, and is not stormed with %s',
    async (refusal) => {
      adjust({ windowSeconds: 0, refusal });
      const { gaps, calls, ...history } = await connect();
      expect(history).toMatchObject({ status: 'ACTIVE', complete: true });
      const until = addDays(today(), -91);
      expect(gaps).toEqual([{ from: addMonths(today(), -72), to: until, reason: 'OUT_OF_REACH' }]);
      expect(calls).toBeLessThan(30);
      expect(await learnt()).toEqual([]);
    },
  );
});

describe('a refusal that was odd', () => {
  it.each([
    [403, 'sca_exceeded'],
    [400, 'invalid_date_range'],
  ])('(%i %s) costs nobody a day', async (status, error) => {
    const path = /transactions$/;
    test.simulator.faults.order({ path, times: 2, status, body: { error } });
    const oldestDay = addMonths(today(), -72);
    expect(await connect()).toMatchObject({ complete: true, gaps: [], oldestDay });
    expect((await learnt()).filter(({ kind }) => kind === 'REACH')).toEqual([]);
  });
});

describe('a learnt limit', () => {
  const now = new Date('2026-03-02T09:00:00Z');
  const seen = (kind: string, days: number, daysSeen: number, ageDays: number) =>
    narrowed(
      historyLimits('ob-lloyds'),
      [{ kind, days, daysSeen, seenAt: new Date(now.getTime() - ageDays * DAY) }],
      now,
    );

  it.each([
    ['REACH', 800, 2, 30, { reachDays: 800 }],
    ['REACH', 800, 1, 0, { reachDays: null }],
    ['REACH', 800, 2, 31, { reachDays: null }],
    ['REACH', 729, 9, 0, { reachDays: null }],
    ['LATER', 60, 1, 0, { laterDays: 60 }],
    ['LATER', 29, 9, 0, { laterDays: 90 }],
    ['LATER', 120, 9, 0, { laterDays: 90 }],
    ['LONGEST', 46, 1, 30, { longestDays: 46 }],
    ['LONGEST', 46, 1, 31, { longestDays: 182 }],
    ['LONGEST', 6, 9, 0, { longestDays: 182 }],
  ])(
    '%s of %i days, seen on %i days, the last %i days ago: %j',
    (kind, days, times, age, limits) => {
      expect(seen(kind, days, times, age)).toMatchObject(limits);
    },
  );
});
