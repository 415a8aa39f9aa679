import { readFileSync } from 'node:fs';
import pg from 'pg';
import type { TestClock } from 'pg-boss';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { findOpenAlarms } from '../../src/alarms/alarms.ts';
import { DAY, HOUR } from '../../src/base/clock.ts';
import type { Fault } from '../../src/simulator/faults.ts';
import { startTestHouse, storyClock, type TestHouse } from '../support/house.ts';
import { liveUntil, settle } from '../support/time.ts';
import { User } from '../support/user.ts';

// Two years only, so that a whole history is few calls.
const BANK = { providerId: 'ob-yorkshire-building-society' };
/** No history at all. */
const BALANCES = { ...BANK, scopes: ['accounts', 'balance', 'offline_access'] };
const ATTENTION = readFileSync(
  new URL('../../schema/operations/needs-attention.graphql', import.meta.url),
  'utf8',
);
const CONSENT = `query ($id: ID!) { consent(id: $id) { status statusReason remedy remedyMessage
  troubles { endpoint reason code times } accounts { nodes { id remedy remedyMessage balance { fetchedAt }
    troubles { endpoint reason code times } } } } }`;

let clock: TestClock;
let test: TestHouse;
let owner: pg.Client;
let people = 0;

beforeAll(async () => {
  clock = storyClock();
  test = await startTestHouse({ clock });
  owner = new pg.Client(test.databaseUrl);
  await owner.connect();
});
afterEach(async () => {
  test.simulator.faults.clear();
  // Each story has its viewers to itself: those of the one before are left alone from here on.
  await owner.query(`update consent set status = 'REVOKED', due_at = null, ended_at = $1`, [
    new Date(clock.now()),
  ]);
});
afterAll(async () => {
  await owner.end();
  await test.close();
});

async function connect(input: object = BALANCES) {
  people += 1;
  const user = new User(test, `viewer-${people}`);
  const plan = { user: `john${people}`, password: `doe${people}` };
  const id = await user.connect(input, plan);
  return { user, id, plan };
}
type Connected = Awaited<ReturnType<typeof connect>>;

const live = (milliseconds: number) => liveUntil(test, clock, new Date(clock.now() + milliseconds));
const spoil = (fault: Fault) => test.simulator.faults.order({ times: 10_000, ...fault });
const consentOf = async ({ user, id }: Connected) => {
  const { data, errors } = await user.ask(CONSENT, { id });
  expect(errors).toBeUndefined();
  return data.consent;
};
const attentionOf = async ({ user }: Connected) => {
  const { data, errors } = await user.ask(ATTENTION);
  expect(errors).toBeUndefined();
  return data.viewer.needsAttention;
};
const providerIdsOf = async () =>
  (
    await owner.query<{ id: string; provider_id: string }>(
      `select a.id, a.provider_account_id as provider_id from account a join consent c
       on c.id = a.consent_id where c.status <> 'REVOKED' order by a.display_name, a.id`,
    )
  ).rows;

describe('one endpoint of one account', () => {
  it('that is refused is trouble of that account alone, until it is given again', async () => {
    const alice = await connect(BANK);
    await settle(test, clock);
    expect(await attentionOf(alice)).toEqual([]);
    const [first] = await providerIdsOf();
    const body = { error: 'access_denied', error_description: 'no' };
    spoil({ path: new RegExp(`${first?.provider_id}/balance$`), status: 403, body });
    await live(25 * HOUR);
    const { accounts, ...consent } = await consentOf(alice);
    expect(consent).toEqual({
      status: 'ACTIVE',
      statusReason: null,
      remedy: 'NONE',
      remedyMessage: null,
      troubles: [],
    });
    const [denied, ...others] = accounts.nodes;
    expect(others.length).toBeGreaterThan(0);
    expect(denied).toMatchObject({
      remedy: 'WAIT',
      remedyMessage: expect.stringContaining('does not show us the balance of this account'),
      balance: { fetchedAt: expect.stringMatching(/^2026-03-02/) },
      troubles: [{ endpoint: 'BALANCE', reason: 'ACCESS_DENIED', code: 'access_denied', times: 1 }],
    });
    for (const account of others) {
      expect(account).toMatchObject({ remedy: 'NONE', remedyMessage: null, troubles: [] });
      expect(account.balance.fetchedAt).toMatch(/^2026-03-03/);
    }
    expect(await attentionOf(alice)).toMatchObject([
      {
        urgency: 'WATCH',
        remedy: 'WAIT',
        mutation: null,
        subject: { id: denied.id },
        until: null,
        since: expect.stringMatching(/^2026-03-03/),
      },
    ]);
    const { rows } = await owner.query(`select read_at from account where id = $1`, [first?.id]);
    expect(rows[0].read_at > new Date('2026-03-03')).toBe(true);
    await clock.setTime(clock.now() + 7 * DAY);
    await settle(test, clock);
    expect(await attentionOf(alice)).toMatchObject([{ urgency: 'SOON', remedy: 'CONTACT_BANK' }]);
    test.simulator.faults.clear();
    await live(25 * HOUR);
    expect(await attentionOf(alice)).toEqual([]);
  });

  it('that refuses every token is asked twice a day at most, and the rest is read', async () => {
    const bob = await connect(BANK);
    await settle(test, clock);
    const [first] = await providerIdsOf();
    spoil({ path: new RegExp(`${first?.provider_id}/balance$`), status: 401 });
    test.simulator.journal.clear();
    await live(25 * HOUR);
    const tries = test.simulator.journal.entries.filter(({ path }) =>
      path.endsWith(`${first?.provider_id}/balance`),
    );
    expect(tries).toHaveLength(2);
    const { status, accounts } = await consentOf(bob);
    expect(status).toBe('ACTIVE');
    expect(accounts.nodes[0].troubles).toMatchObject([{ reason: 'TOKEN_REJECTED', times: 1 }]);
    const { rows } = await owner.query(
      `select read_until_on::text as day from account where id = $1`,
      [first?.id],
    );
    expect(rows).toEqual([{ day: new Date(clock.now()).toISOString().slice(0, 10) }]);
  });

  it('whose answer says that it failed wipes nothing out', async () => {
    const providerId = 'ob-danske';
    const carol = await connect({ providerId });
    test.simulator.hand.add(
      { user: carol.plan.user, providerId },
      { amount: '-4.20', description: 'Tap', pending: true },
    );
    await settle(test, clock);
    const pending = async () =>
      (
        await owner.query(
          `select t.id from transaction t join account a on a.id = t.account_id join consent c
           on c.id = a.consent_id where t.status = 'PENDING' and c.status <> 'REVOKED' order by 1`,
        )
      ).rows;
    const before = await pending();
    expect(before.length).toBeGreaterThan(0);
    spoil({ path: /\/pending$/, status: 200, body: { results: [], status: 'Failed' } });
    await live(25 * HOUR);
    expect(await pending()).toEqual(before);
    const { status, accounts } = await consentOf(carol);
    expect(status).toBe('ACTIVE');
    expect(accounts.nodes[0]).toMatchObject({
      remedy: 'WAIT',
      troubles: [{ endpoint: 'PENDING', reason: 'UNAVAILABLE' }],
    });
  });
});

describe('a whole bank', () => {
  it('that is away is to be waited for, once, and is well when it is back', async () => {
    const dave = await connect();
    await settle(test, clock);
    spoil({ path: /\/data\/v1\//, status: 503 });
    await live(26 * HOUR);
    const { accounts, ...consent } = await consentOf(dave);
    expect(consent).toMatchObject({
      status: 'ACTIVE',
      remedy: 'WAIT',
      troubles: [{ endpoint: 'BANK', reason: 'UNAVAILABLE', code: 'provider_error' }],
    });
    expect(accounts.nodes.map(({ remedy }: any) => remedy)).toEqual(
      accounts.nodes.map(() => 'WAIT'),
    );
    expect(await attentionOf(dave)).toMatchObject([
      { urgency: 'WATCH', remedy: 'WAIT', mutation: null, subject: { id: dave.id } },
    ]);
    test.simulator.faults.clear();
    await live(25 * HOUR);
    expect(await attentionOf(dave)).toEqual([]);
    expect(await consentOf(dave)).toMatchObject({ remedy: 'NONE', troubles: [] });
  });

  it('that locks the user out sends them there, from its very first list', async () => {
    const erin = await connect();
    const body = { error: 'account_temporarily_locked' };
    spoil({ path: /\/accounts$/, status: 403, body });
    await settle(test, clock);
    expect(await consentOf(erin)).toMatchObject({
      status: 'ACTIVE',
      remedy: 'CONTACT_BANK',
      troubles: [{ endpoint: 'ACCOUNTS', reason: 'USER_ACTION', code: body.error }],
    });
    expect(await attentionOf(erin)).toMatchObject([{ urgency: 'NOW', mutation: null }]);
    test.simulator.faults.clear();
    await live(25 * HOUR);
    expect(await attentionOf(erin)).toEqual([]);
  });
});

describe('tokens', () => {
  it.each([
    ['invalid_client', 401],
    ['unauthorized_client', 401],
  ])(
    'that %s is said of are the operator’s to mend, and no consent is dead',
    async (error, status) => {
      const frank = await connect();
      await settle(test, clock);
      spoil({ path: /connect\/token$/, status, body: { error } });
      await live(25 * HOUR);
      expect((await findOpenAlarms(test.house.app)).map(({ kind }) => kind)).toContain(
        'CLIENT_REFUSED',
      );
      expect(await consentOf(frank)).toMatchObject({ status: 'ACTIVE', remedy: 'OPERATOR' });
      expect(await attentionOf(frank)).toMatchObject([
        { urgency: 'WATCH', remedy: 'OPERATOR', mutation: null, subject: { id: frank.id } },
      ]);
      test.simulator.faults.clear();
      await live(25 * HOUR);
      expect(await attentionOf(frank)).toEqual([]);
      expect(await consentOf(frank)).toMatchObject({ status: 'ACTIVE', remedy: 'NONE' });
    },
  );

  it.each([
    ['invalid_grant', 400],
    ['invalid_request', 401],
  ])('that the bank ends with %s ask for a renewal, once', async (error, status) => {
    const grace = await connect();
    await settle(test, clock);
    spoil({ path: /connect\/token$/, status, body: { error } });
    test.simulator.journal.clear();
    await live(3 * DAY);
    const calls = test.simulator.journal.entries.filter(({ path }) => path === '/connect/token');
    expect(calls.length).toBe(1);
    const { accounts, ...consent } = await consentOf(grace);
    expect(consent).toMatchObject({ status: 'REAUTH_REQUIRED', remedy: 'RENEW' });
    expect(accounts.nodes[0]).toMatchObject({ remedy: 'RENEW', troubles: [] });
    expect(await attentionOf(grace)).toMatchObject([
      {
        urgency: 'NOW',
        remedy: 'RENEW',
        mutation: 'renewConsent',
        message: expect.stringContaining('no longer accepts this connection'),
        subject: { status: 'REAUTH_REQUIRED', statusReason: 'GRANT_ENDED' },
      },
    ]);
    expect(await attentionOf({ ...grace, user: new User(test, 'mallory') })).toEqual([]);
  });

  it('that are revoked while history is fetched leave what was had, and ask for a renewal', async () => {
    const heidi = await connect(BANK);
    spoil({ path: /\/transactions$/, times: 4, delayMilliseconds: 1 });
    spoil({ path: /\/data\/v1\/accounts\/.+/, status: 401 });
    spoil({ path: /connect\/token$/, status: 400, body: { error: 'invalid_grant' } });
    await settle(test, clock);
    const { rows } = await owner.query(
      `select s.status, s.reason, count(*)::int as spans from history_span s join consent c
       on c.id = s.consent_id where c.status <> 'REVOKED' group by 1, 2 order by 1 desc`,
    );
    expect(rows.map(({ status, reason }) => [status, reason])).toEqual([
      ['MISSED', 'CONSENT_ENDED'],
      ['SAVED', null],
    ]);
    expect(await attentionOf(heidi)).toMatchObject([
      { urgency: 'NOW', remedy: 'RENEW', subject: { statusReason: 'GRANT_ENDED' } },
    ]);
  });
});

describe('what needs attention', () => {
  it('is found with as many statements for three consents as for one', async () => {
    const ivan = await connect();
    const judy = await connect();
    await judy.user.connect({ ...BALANCES, providerId: 'ob-monzo' }, judy.plan);
    await judy.user.connect({ ...BALANCES, providerId: 'ob-hsbc' }, judy.plan);
    await settle(test, clock);
    await owner.query(
      `update consent set status = 'EXPIRED', status_reason = 'PERIOD_OVER', ended_at = $1,
       due_at = null where status <> 'REVOKED'`,
      [new Date(clock.now())],
    );
    const statements = async (connected: Connected, found: number) => {
      const spy = vi.spyOn(pg.Client.prototype, 'query');
      const items = await attentionOf(connected);
      // The queue looks after itself meanwhile.
      const own = spy.mock.calls.filter((call) => !JSON.stringify(call[0]).includes('pgboss'));
      spy.mockRestore();
      expect(items).toHaveLength(found);
      return own.length;
    };
    const one = await statements(ivan, 1);
    expect(await statements(judy, 3)).toBe(one);
    // An end that was left alone for a month is what the user wants.
    await clock.setTime(clock.now() + 31 * DAY);
    await statements(judy, 0);
  });
});
