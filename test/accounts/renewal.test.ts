import pg from 'pg';
import type { TestClock } from 'pg-boss';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DAY, MINUTE } from '../../src/base/clock.ts';
import type { BankAccess } from '../../src/truelayer/bank.ts';
import { startTestHouse, storyClock, type TestHouse } from '../support/house.ts';
import { consentOf, renew } from '../support/renew.ts';
import { liveUntil, settle } from '../support/time.ts';
import { User } from '../support/user.ts';

// What an account is shows without its transactions, which are most of the work.
const SCOPES = ['info', 'accounts', 'balance', 'offline_access'];

let clock: TestClock;
let test: TestHouse;
let owner: pg.Client;
let users = 0;

beforeAll(async () => {
  clock = storyClock();
  test = await startTestHouse({ clock });
  owner = new pg.Client(test.databaseUrl);
  await owner.connect();
});
afterAll(async () => {
  await owner.end();
  await test.close();
});

/** Somebody whom no other test knows, with a bank connected. */
async function connected(input: object, plan = {}) {
  const name = `user ${(users += 1)}`;
  const user = new User(test, name);
  await user.connect(input, plan);
  const consent = await consentOf(owner, name);
  await settle(test, clock);
  return { user, ...consent };
}

const accountsOf = async (viewerId: string, columns = 'id, status') =>
  (await owner.query(`select ${columns} from account where viewer_id = $1 order by id`, [viewerId]))
    .rows;
const proposalsOf = async (viewerId: string) =>
  (await owner.query('select reason from account_proposal where viewer_id = $1', [viewerId])).rows;
const saved = async (viewerId: string) =>
  (
    await owner.query(
      `select account_id, identity from transaction where viewer_id = $1 and status = 'BOOKED'
       order by 1, 2`,
      [viewerId],
    )
  ).rows;

describe('a bank that calls accounts anew in each consent', () => {
  it.each(['ob-quirky', 'xs2a-boi', 'xs2a-sparkasse'])(
    'at %s shows the same accounts: by renewal, and by a second consent',
    async (providerId) => {
      const scopes = providerId === 'ob-quirky' ? [...SCOPES, 'cards'] : SCOPES;
      const input = { providerId, scopes };
      const { user, ...consent } = await connected(input);
      const { viewerId } = consent;
      const before = await accountsOf(viewerId);
      const names = async () => accountsOf(viewerId, 'provider_account_id as name');
      const first = await names();
      expect(before.length).toBeGreaterThanOrEqual(2);
      await renew(test, owner, user, consent, { input });
      await settle(test, clock);
      expect(await accountsOf(viewerId)).toEqual(before);
      const second = await names();
      expect(second.filter(({ name }) => first.some((other) => other.name === name))).toEqual([]);
      await user.connect(input);
      await settle(test, clock);
      expect(await accountsOf(viewerId)).toEqual(before);
      expect(await names()).not.toEqual(second);
      expect(await proposalsOf(viewerId)).toEqual([]);
    },
  );
});

it('a joint account that two viewers have is two', async () => {
  const input = { providerId: 'xs2a-boi', scopes: SCOPES };
  const john = await connected(input);
  const wife = await connected(input, { user: 'john1', password: 'doe1' });
  const { rows } = await owner.query(
    `select count(*)::int as accounts from account where viewer_id = any ($1) group by iban
     having count(distinct viewer_id) = 2`,
    [[john.viewerId, wife.viewerId]],
  );
  expect(rows).toEqual([{ accounts: 2 }]);
});

describe('an account that the user no longer shares', () => {
  it('is kept and read no more, until it is shared again', async () => {
    const input = { providerId: 'ob-lloyds', scopes: SCOPES };
    const { user, ...consent } = await connected(input);
    const { viewerId } = consent;
    const before = await accountsOf(viewerId, 'id, display_name as name');
    const kept = before.find(({ name }) => name === 'Easy Saver');
    await renew(test, owner, user, consent, { input, plan: { accounts: [kept.name] } });
    await settle(test, clock);
    const statuses = await accountsOf(viewerId);
    expect(statuses.filter(({ status }) => status === 'SHARED')).toEqual([
      { id: kept.id, status: 'SHARED' },
    ]);
    expect(statuses.map(({ id }) => id)).toEqual(before.map(({ id }) => id));
    const calls = test.simulator.journal.entries.length;
    await liveUntil(test, clock, new Date(clock.now() + 1.2 * DAY));
    const read = test.simulator.journal.entries
      .slice(calls)
      .filter(({ path }) => path.endsWith('/balance'))
      .map(({ path }) => path);
    const called = (await accountsOf(viewerId, 'provider_account_id as name, status')).filter(
      ({ name }) => read.some((path) => path.includes(name)),
    );
    expect(called.map(({ status }) => status)).toEqual(['SHARED']);
    await renew(test, owner, user, consent, { input });
    await settle(test, clock);
    expect(await accountsOf(viewerId)).toEqual(before.map(({ id }) => ({ id, status: 'SHARED' })));
  });

  it.each([501, 503])('is not one that a list which fails with %i leaves out', async (status) => {
    const input = { providerId: 'ob-lloyds', scopes: SCOPES };
    const { user, ...consent } = await connected(input);
    await renew(test, owner, user, consent, { input });
    const body = { error: 'endpoint_not_supported' };
    test.simulator.faults.order({ path: /\/accounts$/, times: 1, status, body });
    await settle(test, clock);
    test.simulator.faults.clear();
    const statuses = await accountsOf(consent.viewerId, 'status');
    expect(new Set(statuses.map((row) => row.status))).toEqual(new Set(['SHARED']));
  });
});

describe('the history after a renewal', () => {
  const input = {
    providerId: 'ob-yorkshire-building-society',
    scopes: [...SCOPES, 'transactions'],
  };

  it('gets the days that the last window did not give, and no others again', async () => {
    const user = new User(test, 'late');
    await user.connect(input);
    const consent = await consentOf(owner, 'late');
    await clock.setTime(clock.now() + 6 * MINUTE);
    await settle(test, clock);
    const gaps = async () =>
      (
        await owner.query(
          `select reason, from_on::text as day from history_span
           where consent_id = $1 and status <> 'SAVED'`,
          [consent.consentId],
        )
      ).rows;
    const missed = await gaps();
    expect(missed.map(({ reason }) => reason)).toContain('WINDOW_CLOSED');
    const before = await saved(consent.viewerId);
    await liveUntil(test, clock, new Date(clock.now() + 5 * DAY));
    await renew(test, owner, user, consent, { input });
    const from = test.simulator.journal.entries.length;
    await settle(test, clock);
    // What is further back than the bank's records is refused again.
    expect((await gaps()).map(({ reason }) => reason)).not.toContain('WINDOW_CLOSED');
    const asked = test.simulator.journal.entries
      .slice(from)
      .filter(({ path, query }) => path.endsWith('/transactions') && query['from'] !== undefined)
      .map(({ query }) => query['from']?.slice(0, 10) ?? '');
    const days = new Set(missed.map(({ day }) => day));
    const accounts = await accountsOf(consent.viewerId);
    // One recent read of each account besides.
    expect(asked.filter((day) => !days.has(day))).toHaveLength(accounts.length);
    const after = await saved(consent.viewerId);
    expect(after.length).toBeGreaterThan(before.length * 2);
    const key = (row: object) => JSON.stringify(row);
    expect(before.filter((row) => !after.some((other) => key(other) === key(row)))).toEqual([]);
  });

  it('has the days that lay beyond the reach of every later read', async () => {
    const { user, ...consent } = await connected(input);
    const { rows } = await owner.query(
      `update account set read_until_on = read_until_on - 200 where consent_id = $1
       returning id, (read_until_on + 1)::text as day`,
      [consent.consentId],
    );
    await owner.query(
      `update history_span set until_on = until_on - 200, from_on = from_on - 200
       where consent_id = $1`,
      [consent.consentId],
    );
    await renew(test, owner, user, consent, { input });
    await settle(test, clock);
    const { rows: spans } = await owner.query(
      `select distinct account_id as id, from_on::text as day from history_span
       where consent_id = $1 and from_on::text = $2 and status = 'SAVED' and period = 2`,
      [consent.consentId, rows[0].day],
    );
    expect(spans).toHaveLength(rows.length);
  });

  it('comes to its end though what an earlier period left undone is shared no more', async () => {
    test.simulator.faults.order({ path: /\/transactions$/, times: 10_000, status: 503 });
    const { user, ...consent } = await connected(input);
    test.simulator.faults.clear();
    await renew(test, owner, user, consent, { plan: { accounts: ['Easy Saver'] } });
    await settle(test, clock);
    const { rows } = await owner.query(
      `select distinct s.status, s.reason, c.history_ended_at is not null as ended
       from history_span s join consent c on c.id = s.consent_id
       where s.consent_id = $1 and s.period = 1`,
      [consent.consentId],
    );
    expect(rows).toEqual([{ status: 'MISSED', reason: 'ACCOUNT_UNSHARED', ended: true }]);
  });

  it('is written by no answer that was under way when the period began', async () => {
    const { truelayer } = test.house.app;
    const plain = { ...truelayer };
    const user = new User(test, 'in between');
    await user.connect(input);
    const consent = await consentOf(owner, 'in between');
    let held: unknown = null;
    Object.assign(truelayer, {
      bank: (access: BankAccess) => {
        const bank = plain.bank(access);
        const accountTransactions: typeof bank.accountTransactions = async (...call) => {
          const answer = await bank.accountTransactions(...call);
          if (held === null) {
            held = 'being renewed';
            await owner.query(
              // Under the lock that a renewal takes: whoever was writing has written.
              `with held as (select id from consent where id = $1 for update)
               update consent set period = 2, planned_at = null, history_ended_at = null
               from held where consent.id = held.id`,
              [consent.consentId],
            );
            // The daily read is of the new period, where it has not begun yet.
            await owner.query(
              `delete from pgboss.job where name like 'read-recent/%' and state = 'created'`,
            );
            held = await saved(consent.viewerId);
          }
          return answer;
        };
        return { ...bank, accountTransactions };
      },
    });
    try {
      await settle(test, clock);
    } finally {
      Object.assign(truelayer, plain);
    }
    expect(await saved(consent.viewerId)).toEqual(held);
    // The new period plans what the old one did not get, and gets it.
    await renew(test, owner, user, consent, { input });
    await settle(test, clock);
    const { rows } = await owner.query(
      `select status, reason from history_span where consent_id = $1 and status <> 'SAVED'`,
      [consent.consentId],
    );
    expect(rows.filter(({ reason }) => reason !== 'OUT_OF_REACH')).toEqual([]);
  });
});
