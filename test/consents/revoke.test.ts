import { readFileSync } from 'node:fs';
import pg from 'pg';
import type { TestClock } from 'pg-boss';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DAY, HOUR } from '../../src/base/clock.ts';
import { globalIdOf } from '../../src/base/global-id.ts';
import { startTestHouse, storyClock, type TestHouse } from '../support/house.ts';
import { readEvents } from '../support/sse.ts';
import { liveUntil, settle } from '../support/time.ts';
import { User } from '../support/user.ts';

const REVOKE = readFileSync(
  new URL('../../schema/operations/revoke-consent.graphql', import.meta.url),
  'utf8',
);
/** Quick to read: no transactions. */
const SMALL = {
  providerId: 'ob-lloyds',
  scopes: ['accounts', 'balance', 'offline_access'],
};

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

async function revoke(user: User, id: string, data: 'KEEP' | 'ERASE') {
  const answer = await user.ask(REVOKE, { id, data });
  expect(answer.errors).toBeUndefined();
  return answer.data.revokeConsent;
}

const idOf = (globalId: string) =>
  Buffer.from(globalId, 'base64').toString().replace('Consent:', '');

/** How many rows a consent's viewer has, by table. */
async function rowsOf(globalId: string, tables: readonly string[]) {
  const counts: Record<string, number> = {};
  for (const table of tables) {
    const { rows } = await owner.query(
      `select count(*)::int as count from ${table}
       where viewer_id = (select viewer_id from consent where id = $1)`,
      [idOf(globalId)],
    );
    counts[table] = rows[0].count;
  }
  return counts;
}

const DATA = ['account', 'balance', 'transaction', 'transaction_version', 'history_span', 'alert'];
const calls = () => test.simulator.journal.entries.map(({ method, path }) => `${method} ${path}`);
const failures = () => test.logLines.filter((line) => line.includes('"job failed"'));

describe('taking a consent back', () => {
  it('keeps what was read where the user wants that, and reads no more', async () => {
    const id = await alice.connect({ providerId: 'ob-monzo' });
    await settle(test, clock);
    const before = await rowsOf(id, DATA);
    expect(before['transaction']).toBeGreaterThan(500);
    test.simulator.journal.clear();
    expect(await revoke(alice, id, 'KEEP')).toEqual({
      __typename: 'RevokedConsent',
      consent: {
        id,
        status: 'REVOKED',
        statusReason: 'REVOKED_BY_USER',
        endedAt: new Date(clock.now()).toISOString(),
        revocation: {
          requestedAt: new Date(clock.now()).toISOString(),
          confirmedAt: null,
          endedAt: null,
        },
      },
    });
    // At once, before anybody has spoken to the bank.
    expect(await rowsOf(id, ['consent_credential'])).toEqual({ consent_credential: 0 });
    expect(calls()).toEqual([]);
    await liveUntil(test, clock, new Date(clock.now() + 3 * DAY));
    expect(calls()).toEqual(['DELETE /api/delete']);
    expect(await rowsOf(id, DATA)).toEqual(before);
    const { data } = await alice.ask(
      `query ($id: ID!) {
        consent(id: $id) { revocation { confirmedAt endedAt } accounts { nodes { id } } }
        transactions(first: 100) { nodes { id } }
      }`,
      { id },
    );
    expect(data.consent.accounts.nodes).toHaveLength(before['account'] ?? 0);
    expect(data.transactions.nodes).toHaveLength(100);
    const { confirmedAt, endedAt } = data.consent.revocation;
    expect([confirmedAt, endedAt]).toEqual([expect.any(String), confirmedAt]);
    expect(failures()).toEqual([]);
  });

  it('erases all of it where the user wants that, for good', async () => {
    const id = await alice.connect({ providerId: 'ob-monzo', context: 'the app’s own' });
    await settle(test, clock);
    await owner.query(
      `insert into alert select gen_random_uuid(), viewer_id, id, 'CONSENT_ENDS_SOON', 7, now()
       from consent`,
    );
    await owner.query('update transaction set amount = amount + 1, version = 2 where true');
    const before = await rowsOf(id, DATA);
    await revoke(alice, id, 'ERASE');
    const nothing = Object.fromEntries(DATA.map((table) => [table, 0]));
    expect(await rowsOf(id, DATA)).toEqual(nothing);
    const { rows } = await owner.query('select context from auth_link');
    expect(rows).toEqual([{ context: null }]);
    const { rows: removed } = await owner.query(
      `select subject, count(*)::int as count from change where act = 'REMOVED' group by 1 order by 1`,
    );
    expect(removed).toEqual([
      { subject: 'ACCOUNT', count: before['account'] },
      { subject: 'ALERT', count: 1 },
    ]);
    await liveUntil(test, clock, new Date(clock.now() + 3 * DAY));
    expect(await rowsOf(id, DATA)).toEqual(nothing);
    expect(failures()).toEqual([]);
  });

  it('again changes nothing, but may erase what was kept before', async () => {
    const id = await alice.connect(SMALL);
    await settle(test, clock);
    const first = await revoke(alice, id, 'KEEP');
    await clock.setTime(clock.now() + 1_000);
    expect(await revoke(alice, id, 'KEEP')).toEqual(first);
    expect(await rowsOf(id, ['account'])).not.toEqual({ account: 0 });
    expect(await revoke(alice, id, 'ERASE')).toEqual(first);
    expect(await rowsOf(id, ['account'])).toEqual({ account: 0 });
    expect(await revoke(alice, id, 'KEEP')).toEqual(first);
    await settle(test, clock);
    expect(calls().filter((call) => call.startsWith('DELETE'))).toHaveLength(1);
  });

  it('of another viewer is refused as one that nobody has', async () => {
    const id = await alice.connect(SMALL);
    await settle(test, clock);
    const bob = new User(test, 'bob');
    const unknown = {
      __typename: 'ConsentUnknown',
      code: 'CONSENT_UNKNOWN',
      message: 'The viewer has no such consent.',
    };
    const absent = '00000000-0000-4000-8000-000000000000';
    for (const other of [
      id,
      globalIdOf('Consent', absent),
      globalIdOf('Consent', 'x'),
      globalIdOf('AuthLink', idOf(id)),
    ]) {
      expect(await revoke(bob, other, 'ERASE')).toEqual(unknown);
    }
    const { rows } = await owner.query('select status from consent');
    expect(rows).toEqual([{ status: 'ACTIVE' }]);
    expect(await rowsOf(id, ['revocation', 'consent_credential'])).toEqual({
      revocation: 0,
      consent_credential: 1,
    });
  });

  it('leaves other consents alone: the viewer’s own, and another’s to the same account', async () => {
    const id = await alice.connect(SMALL);
    await settle(test, clock);
    const others = [
      await alice.connect({ ...SMALL, providerId: 'ob-monzo' }),
      await new User(test, 'bob').connect(SMALL),
    ];
    await settle(test, clock);
    const held = async () =>
      (
        await owner.query(
          `select c.*, k.sealed_access, k.sealed_refresh, a.id as account, b.current
           from consent c join consent_credential k on k.consent_id = c.id
           join account a on a.consent_id = c.id left join balance b on b.account_id = a.id
           where c.id <> $1 order by c.id, a.id`,
          [idOf(id)],
        )
      ).rows;
    const before = await held();
    expect(new Set(before.map((row) => row.id))).toEqual(new Set(others.map(idOf)));
    await revoke(alice, id, 'ERASE');
    await settle(test, clock);
    expect(await held()).toEqual(before);
    test.simulator.journal.clear();
    await liveUntil(test, clock, new Date(clock.now() + 25 * HOUR));
    const read = test.simulator.journal.entries.filter((call) => call.path.startsWith('/data'));
    expect(read.map(({ status }) => status).every((status) => status === 200)).toBe(true);
    expect(new Set(read.map(({ credentialsId }) => credentialsId)).size).toBe(2);
  });

  it('hands accounts to another consent that reaches them, and erases with the last', async () => {
    const first = await alice.connect({ providerId: 'ob-monzo' });
    await settle(test, clock);
    const second = await alice.connect({ providerId: 'ob-monzo' });
    await settle(test, clock);
    const before = await rowsOf(first, ['account', 'transaction']);
    await revoke(alice, second, 'ERASE');
    expect(await rowsOf(first, ['account', 'transaction'])).toEqual(before);
    const { rows } = await owner.query('select distinct consent_id as id from account');
    expect(rows).toEqual([{ id: idOf(first) }]);
    await settle(test, clock);
    test.simulator.journal.clear();
    await liveUntil(test, clock, new Date(clock.now() + 25 * HOUR));
    expect(calls().filter((call) => call.endsWith('/balance'))).toHaveLength(
      before['account'] ?? 0,
    );
    await revoke(alice, first, 'ERASE');
    expect(await rowsOf(first, DATA)).toEqual(Object.fromEntries(DATA.map((table) => [table, 0])));
  });

  it.each([
    ['REAUTH_REQUIRED', 'GRANT_ENDED', 0],
    ['EXPIRED', 'PERIOD_OVER', 91 * DAY],
  ])('works for one that is %s already', async (status, reason, after) => {
    const id = await alice.connect(SMALL);
    await settle(test, clock);
    await owner.query(
      `update consent set status = $1::consent_status, status_reason = $2, due_at = null,
         ended_at = consented_at where true`,
      [status, reason],
    );
    await clock.setTime(clock.now() + after);
    expect((await revoke(alice, id, 'ERASE')).consent).toMatchObject({
      status: 'REVOKED',
      statusReason: 'REVOKED_BY_USER',
    });
    await settle(test, clock);
    expect(await rowsOf(id, ['account', 'consent_credential'])).toEqual({
      account: 0,
      consent_credential: 0,
    });
    const { rows } = await owner.query('select confirmed_at, due_at from revocation');
    expect(rows).toEqual([{ confirmed_at: expect.any(Date), due_at: null }]);
  });

  it('of one whose only token is over ends at once, with nothing told', async () => {
    const id = await alice.connect({ providerId: 'ob-lloyds', scopes: ['accounts'] });
    await liveUntil(test, clock, new Date(clock.now() + 2 * HOUR));
    test.simulator.journal.clear();
    expect((await revoke(alice, id, 'KEEP')).consent).toMatchObject({
      status: 'REVOKED',
      revocation: { confirmedAt: null, endedAt: new Date(clock.now()).toISOString() },
    });
    await settle(test, clock);
    expect(calls()).toEqual([]);
  });

  it('is heard by whoever follows the consent, and so is the bank’s word', async () => {
    const id = await alice.connect(SMALL);
    await settle(test, clock);
    const ended = new AbortController();
    const stream = await alice.post(
      'subscription ($id: ID!) { consent(id: $id) { status revocation { confirmedAt } } }',
      { id },
      ended.signal,
    );
    const events = readEvents(stream);
    const next = async () => (await events.next()).value.data.consent;
    expect(await next()).toEqual({ status: 'ACTIVE', revocation: null });
    await revoke(alice, id, 'KEEP');
    expect(await next()).toEqual({ status: 'REVOKED', revocation: { confirmedAt: null } });
    await settle(test, clock);
    expect(await next()).toEqual({
      status: 'REVOKED',
      revocation: { confirmedAt: expect.any(String) },
    });
    ended.abort();
  });
});
