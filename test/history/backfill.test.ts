import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TestClock } from 'pg-boss';
import pg from 'pg';
import { DAY, HOUR, MINUTE } from '../../src/base/clock.ts';
import { startTestHouse, storyClock, type TestHouse } from '../support/house.ts';
import { liveUntil, settle } from '../support/time.ts';
import { User } from '../support/user.ts';

let clock: TestClock;
let test: TestHouse;
let alice: User;
let owner: pg.Client;

beforeEach(async () => {
  clock = storyClock();
  test = await startTestHouse({ clock });
  alice = new User(test, 'alice');
  owner = new pg.Client(test.databaseUrl);
  await owner.connect();
});
afterEach(async () => {
  await owner.end();
  await test.close();
});

/** What the database holds, in the words of the wire, account by account. */
async function held(status = 'BOOKED') {
  const { rows } = await owner.query(
    `select a.provider_account_id as account, t.description, t.amount::text, t.booked_on::text as day
     from transaction t join account a on a.id = t.account_id where t.status = $1::transaction_status`,
    [status],
  );
  return rows
    .map((row) => `${row.account} ${row.day} ${Number(row.amount)} ${row.description}`)
    .toSorted();
}

// She has one card there and nothing else: what is asked again and again is asked fewer times.
const ONE_CARD = [{ providerId: 'ob-amex' }, { user: 'user1', password: 'pass1' }] as const;

function truth(providerId: string, from: string, user = 'john') {
  const { accounts, cards } = test.simulator.truth(user, providerId);
  const rowsOf = (account: (typeof accounts)[number], sign: number) =>
    account.transactions
      .map((row) => row as { timestamp: string; description: string; amount: number | string })
      .filter((row) => row.timestamp.slice(0, 10) >= from)
      .map(
        (row) =>
          `${account.id} ${row.timestamp.slice(0, 10)} ${sign * Number(row.amount) || 0} ${row.description}`,
      );
  return [
    ...accounts.flatMap((a) => rowsOf(a, 1)),
    ...cards.flatMap((c) => rowsOf(c, -1)),
  ].toSorted();
}

async function history(id: string) {
  const { data } = await alice.ask(
    `query ($id: ID!) { consent(id: $id) { status history { spansTotal spansDone complete oldestDay gaps { from to reason } } } }`,
    { id },
  );
  return data.consent;
}

describe('a fresh consent', () => {
  it.each(['ob-lloyds', 'ob-monzo', 'mock', 'ob-amex'])(
    'to %s holds exactly what the bank serves',
    async (providerId) => {
      const id = await alice.connect({ providerId });
      await settle(test, clock);
      expect(await history(id)).toMatchObject({
        history: { complete: true, oldestDay: '2020-03-02', gaps: [] },
      });
      const expected = truth(providerId, '2020-03-02');
      expect(expected.length).toBeGreaterThan(500);
      expect(await held()).toEqual(expected);
    },
  );

  it('keeps what it got, and names the days that it did not, when the window closes first', async () => {
    const id = await alice.connect({ providerId: 'ob-monzo' });
    await clock.setTime(clock.now() + 6 * MINUTE);
    const calls = () =>
      test.simulator.journal.entries.filter((entry) => entry.query['from'] !== undefined);
    await settle(test, clock);
    const { history: progress, status } = await history(id);
    expect(status).toBe('ACTIVE');
    expect(progress).toMatchObject({ complete: true, oldestDay: '2025-12-05' });
    expect(new Set(progress.gaps.map((gap: { reason: string }) => gap.reason))).toEqual(
      new Set(['WINDOW_CLOSED']),
    );
    // Nothing was asked after the deadline.
    expect(calls().every((call) => (call.query['from'] ?? '') >= '2025-12-05')).toBe(true);
    expect(await held()).toEqual(truth('ob-monzo', '2025-12-05'));
  });

  it.each([
    [403, 'sca_exceeded'],
    [403, 'access_denied'],
    [400, 'invalid_date_range'],
  ])('takes a refusal for reach (%i %s) as an answer, not as an end', async (status, error) => {
    test.simulator.faults.order({ path: /transactions$/, times: 10_000, status, body: { error } });
    const id = await alice.connect({ providerId: 'ob-lloyds' });
    await settle(test, clock);
    const { history: progress, status: consentStatus } = await history(id);
    expect(consentStatus).toBe('ACTIVE');
    expect(progress.complete).toBe(true);
    expect(progress.oldestDay).toBeNull();
    expect(progress.gaps.map((gap: { reason: string }) => gap.reason)).toContain('OUT_OF_REACH');
  });

  it('heals by itself from outages and limits', async () => {
    const { faults } = test.simulator;
    faults.order({ path: /transactions$/, times: 6, status: 503 });
    faults.order({
      path: /transactions$/,
      times: 3,
      status: 429,
      headers: { 'retry-after': '20' },
    });
    faults.order({ path: /transactions$/, times: 3, malformed: true });
    faults.order({ path: /accounts$/, times: 2, status: 500 });
    faults.order({ path: /balance$/, times: 1, reset: true });
    const id = await alice.connect({ providerId: 'ob-lloyds' });
    await liveUntil(test, clock, new Date(clock.now() + 30 * MINUTE));
    expect(await history(id)).toMatchObject({ history: { complete: true, gaps: [] } });
    expect(await held()).toEqual(truth('ob-lloyds', '2020-03-02'));
  });
});

describe('an outage that outlasts every retry', () => {
  it.each(['/cards', '/transactions'])(
    'of %s ends, and the history comes after all',
    async (path) => {
      test.simulator.faults.order({ path: new RegExp(`${path}$`), times: 100_000, status: 503 });
      const id = await alice.connect(...ONE_CARD);
      await liveUntil(test, clock, new Date(clock.now() + 25 * MINUTE));
      expect(await history(id)).toMatchObject({ status: 'ACTIVE', history: { complete: false } });
      test.simulator.faults.clear();
      await liveUntil(test, clock, new Date(clock.now() + 60 * MINUTE));
      const { status, history: progress } = await history(id);
      expect([status, progress.complete]).toEqual(['ACTIVE', true]);
      // The window is long closed: what only it could give is named, the rest is there.
      expect(new Set(progress.gaps.map((gap: { reason: string }) => gap.reason))).toEqual(
        new Set(['WINDOW_CLOSED']),
      );
      expect(await held()).toEqual(truth('ob-amex', '2025-12-03', 'user1'));
    },
  );

  it('of weeks leaves no hole behind, and one of the balance alone stops no transaction', async () => {
    await alice.connect(...ONE_CARD);
    await settle(test, clock);
    test.simulator.faults.order({ path: /\/transactions$/, times: 100_000, status: 503 });
    await liveUntil(test, clock, new Date(clock.now() + 18 * DAY));
    test.simulator.faults.clear();
    test.simulator.faults.order({ path: /\/balance$/, times: 100_000, status: 500 });
    await liveUntil(test, clock, new Date(clock.now() + 25 * HOUR));
    // All of the days but those of the last, which the next read brings.
    const until = new Date(clock.now() - 2 * DAY).toISOString().slice(0, 10);
    const upTo = (rows: string[]) =>
      rows.filter((row) => {
        const [, day = ''] = row.split(' ');
        return day >= '2021-01-01' && day <= until;
      });
    expect(upTo(await held())).toEqual(upTo(truth('ob-amex', '2021-01-01', 'user1')));
  });

  it('with an absurd wish to wait costs nothing of the window', async () => {
    test.simulator.faults.order({
      path: /transactions$/,
      times: 28,
      status: 429,
      headers: { 'retry-after': '99999999999' },
    });
    const id = await alice.connect({ providerId: 'ob-lloyds' });
    await liveUntil(test, clock, new Date(clock.now() + 2 * HOUR));
    expect(await history(id)).toMatchObject({ history: { complete: true, gaps: [] } });
  });

  it('a bank that says "later" for ever is not asked without end', async () => {
    test.simulator.faults.order({
      path: /transactions$/,
      times: 100_000,
      status: 429,
      headers: { 'retry-after': '0' },
    });
    await alice.connect(...ONE_CARD);
    await liveUntil(test, clock, new Date(clock.now() + 3 * MINUTE));
    const asked = test.simulator.journal.entries.filter((entry) =>
      entry.path.endsWith('/transactions'),
    );
    expect(asked.length).toBeLessThan(15 * 60);
    expect(asked.length).toBeGreaterThan(15);
  });
});

describe('a row that is pending and then booked under one id', () => {
  it('stays one row through the daily read, with what the viewer added', async () => {
    await alice.connect({ providerId: 'ob-lloyds' });
    await settle(test, clock);
    const { rows } = await owner.query(
      `update transaction set status = 'PENDING', note = 'mine'
       where id = (select t.id from transaction t join account a on a.id = t.account_id
         where t.normalised_id is not null and a.kind = 'BANK_ACCOUNT' order by booked_on desc limit 1)
       returning id`,
    );
    await liveUntil(test, clock, new Date(clock.now() + 25 * 60 * MINUTE));
    const { rows: after } = await owner.query(
      'select status, note from transaction where id = $1',
      [rows[0].id],
    );
    expect(after).toEqual([{ status: 'BOOKED', note: 'mine' }]);
  });
});

describe('a second consent to the same bank', () => {
  it('feeds the accounts that are there, under their ids, and doubles nothing', async () => {
    await alice.connect({ providerId: 'ob-lloyds' });
    await settle(test, clock);
    const ids = async () => (await owner.query('select id from account order by id')).rows;
    const [before, rows] = [await ids(), await held()];
    await alice.connect({ providerId: 'ob-lloyds' });
    await settle(test, clock);
    expect(await ids()).toEqual(before);
    expect(await held()).toEqual(rows);
  });

  it('of another viewer is wholly separate', async () => {
    await alice.connect({ providerId: 'ob-monzo' });
    await new User(test, 'bob').connect({ providerId: 'ob-monzo' });
    await settle(test, clock);
    const { rows } = await owner.query(
      'select count(*)::int as accounts from account group by viewer_id',
    );
    const accounts = test.simulator.truth('john', 'ob-monzo').accounts.length;
    expect(rows).toEqual([{ accounts }, { accounts }]);
  });
});
