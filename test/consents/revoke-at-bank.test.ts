import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import type { TestClock } from 'pg-boss';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { App } from '../../src/app.ts';
import { HOUR, MINUTE } from '../../src/base/clock.ts';
import { seal, unseal } from '../../src/base/seal.ts';
import { ConsentEndedError } from '../../src/consents/held.ts';
import { revokeConsent } from '../../src/consents/revoke.ts';
import { revokeAtBank, sweepRevocations } from '../../src/consents/revoke-at-bank.ts';
import { credentialPlace, revocationPlace } from '../../src/consents/secrets.ts';
import { withBankAccess } from '../../src/consents/tokens.ts';
import type { TrueLayer } from '../../src/truelayer/client.ts';
import { startTestHouse, storyClock, type TestHouse } from '../support/house.ts';
import { liveUntil, settle } from '../support/time.ts';
import { User } from '../support/user.ts';

/** Quick to read: no transactions. */
const SMALL = { providerId: 'ob-lloyds', scopes: ['accounts', 'offline_access'] };

let clock: TestClock;
let test: TestHouse;
let app: App;
let owner: pg.Client;
let consent: { viewerId: string; consentId: string };

beforeEach(async () => {
  clock = storyClock();
  test = await startTestHouse({ clock });
  app = test.house.app;
  owner = new pg.Client(test.databaseUrl);
  await owner.connect();
  consent = await connect('alice', SMALL);
});
afterEach(async () => {
  await owner.end();
  await test.close();
});

async function connect(name: string, input: object) {
  await new User(test, name).connect(input);
  await settle(test, clock);
  test.simulator.journal.clear();
  const { rows } = await owner.query(
    `select viewer_id as "viewerId", id as "consentId" from consent
     order by created_at desc limit 1`,
  );
  return rows[0];
}

const revoke = (by: App = app) => revokeConsent(by, { ...consent, data: 'KEEP' });
const runJob = async (by: App = app) =>
  revokeAtBank(by, consent.viewerId, (await revocation())?.id ?? randomUUID());
const revocation = async () =>
  (await owner.query('select * from revocation where consent_id = $1', [consent.consentId]))
    .rows[0];
const told = () =>
  test.simulator.journal.entries.map(({ at, method, status }) => [
    method,
    status,
    Math.round((at.getTime() - storyClock().now()) / MINUTE),
  ]);
const outcomes = () => told().map(([method, status]) => `${method} ${status}`);
const stateAtBank = () => test.simulator.consents().map(({ state }) => state);
const refuse = (path: RegExp, answer: object, times = 1) =>
  test.simulator.faults.order({ path, times, ...answer });
const forward = (milliseconds: number) =>
  liveUntil(test, clock, new Date(clock.now() + milliseconds));

/** The house with another TrueLayer in its hands. */
const speakingBy = (truelayer: Partial<TrueLayer>): App => ({
  ...app,
  truelayer: { ...app.truelayer, ...truelayer },
});

const DONE = {
  sealed_access: null,
  sealed_refresh: null,
  access_expires_at: null,
  due_at: null,
  ended_at: expect.any(Date),
};

describe('telling the bank', () => {
  it('is one DELETE, after which no token is left', async () => {
    await revoke();
    expect(await revocation()).toMatchObject({ confirmed_at: null, attempts: 0 });
    await forward(HOUR);
    expect(outcomes()).toEqual(['DELETE 200']);
    expect(stateAtBank()).toEqual(['deleted-by-client']);
    expect(await revocation()).toMatchObject({ ...DONE, confirmed_at: expect.any(Date) });
  });

  it('goes on through an outage of hours, ever more rarely, refreshing where it must', async () => {
    refuse(/api\/delete$/, { status: 503 }, 8);
    await revoke();
    await forward(6 * HOUR);
    const deletions = told().filter(([method]) => method === 'DELETE');
    expect(deletions.map(([, status]) => status)).toEqual([
      ...Array.from({ length: 8 }, () => 503),
      200,
    ]);
    const minutes = deletions.map(([, , minute]) => Number(minute));
    const waits = minutes.slice(1).map((minute, index) => minute - (minutes[index] ?? 0));
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128]);
    // The access token is good for an hour: the last three attempts needed another.
    expect(told().filter(([method]) => method === 'POST')).toHaveLength(3);
    expect(await revocation()).toMatchObject({ ...DONE, confirmed_at: expect.any(Date) });
  });

  it('waits as long as the bank asks for', async () => {
    refuse(/api\/delete$/, { status: 429, headers: { 'retry-after': '3000' } });
    await revoke();
    await forward(2 * HOUR);
    expect(outcomes()).toEqual(['DELETE 429', 'DELETE 200']);
    const [first, second] = test.simulator.journal.entries;
    expect(second!.at.getTime() - first!.at.getTime()).toBeGreaterThanOrEqual(3_000_000);
  });

  it('refreshes an access token that is over by its own means', async () => {
    await clock.setTime(clock.now() + 2 * HOUR);
    await revoke();
    expect(await revocation()).toMatchObject({ sealed_access: null });
    await settle(test, clock);
    expect(outcomes()).toEqual(['POST 200', 'DELETE 200']);
    expect(stateAtBank()).toEqual(['deleted-by-client']);
  });

  it('refreshes one that another has followed', async () => {
    refuse(/api\/delete$/, { status: 401 });
    await revoke();
    await settle(test, clock);
    expect(outcomes()).toEqual(['DELETE 401', 'POST 200', 'DELETE 200']);
  });

  it('loses no refresh token that the bank changes', async () => {
    test.simulator.settings.rotateRefreshTokens = true;
    await clock.setTime(clock.now() + 2 * HOUR);
    await revoke();
    const before = await openRevocation('sealed_refresh');
    refuse(/api\/delete$/, { status: 500 }, 7);
    await settle(test, clock);
    const after = await openRevocation('sealed_refresh');
    expect(after).not.toBe(before);
    await forward(6 * HOUR);
    // The first changed token has been used for a second: one that was lost would be refused.
    expect(told().filter(([method]) => method === 'POST')).toHaveLength(3);
    expect(outcomes().at(-1)).toBe('DELETE 200');
    expect(outcomes()).not.toContain('POST 400');
    expect(stateAtBank()).toEqual(['deleted-by-client']);
  });

  it.each([
    ['the user took it back there first', 'GRANT_ENDED'],
    ['even a fresh token is refused', 'TOKEN_REJECTED'],
  ])('is over where %s', async (_name, meaning) => {
    if (meaning === 'GRANT_ENDED') {
      test.simulator.revoke(test.simulator.consents()[0]!.credentialsId);
      await clock.setTime(clock.now() + 2 * HOUR);
    } else refuse(/api\/delete$/, { status: 401 }, 2);
    await revoke();
    await settle(test, clock);
    expect(outcomes()).toEqual(
      meaning === 'GRANT_ENDED' ? ['POST 400'] : ['DELETE 401', 'POST 200', 'DELETE 401'],
    );
    expect(await revocation()).toMatchObject({ ...DONE, confirmed_at: expect.any(Date) });
  });

  it.each(['invalid_client', 'unauthorized_client'])(
    'refused with %s is the operator’s to mend, and comes later',
    async (error) => {
      await clock.setTime(clock.now() + 2 * HOUR);
      refuse(/connect\/token$/, { status: 400, body: { error } }, 3);
      await revoke();
      await forward(HOUR);
      expect(outcomes()).toEqual(['POST 400', 'POST 400', 'POST 400', 'POST 200', 'DELETE 200']);
    },
  );

  it('is left, still due, to servers of the consent’s own environment', async () => {
    await owner.query(`update consent set environment = 'elsewhere', provider_id = null`);
    await revoke();
    await forward(HOUR);
    expect(outcomes()).toEqual([]);
    expect(await revocation()).toMatchObject({ attempts: 0, ended_at: null });
  });

  it('is never done as another client than the consent’s own', async () => {
    await owner.query(`update consent set client_id = 'somebody-else'`);
    await revoke();
    await forward(HOUR);
    expect(outcomes()).toEqual([]);
    expect(await revocation()).toMatchObject({ ended_at: null });
    await owner.query('update revocation set client_id = $1', [app.client.clientId]);
    await forward(3 * HOUR);
    expect(outcomes().at(-1)).toBe('DELETE 200');
  });
});

describe('giving up', () => {
  it('comes with the consent’s own end, and destroys the tokens', async () => {
    refuse(/api\/delete$|connect\/token$/, { status: 503 }, 100_000);
    await owner.query('update consent set ends_at = $1', [new Date(clock.now() + 20 * HOUR)]);
    await revoke();
    await forward(20 * HOUR);
    const { rows } = await owner.query('select ends_at from consent');
    const end = await revocation();
    expect(end).toMatchObject({ ...DONE, confirmed_at: null });
    expect(end.ended_at.getTime() - rows[0].ends_at.getTime()).toBeLessThan(MINUTE);
    const asked = told().length;
    expect(asked).toBeLessThan(20);
    await forward(48 * HOUR);
    expect(told()).toHaveLength(asked);
  });

  it('comes at once where the only token is over', async () => {
    consent = await connect('bob', { ...SMALL, scopes: ['accounts'] });
    refuse(/api\/delete$/, { status: 503 }, 100_000);
    await revoke();
    await forward(2 * HOUR);
    expect(told().every(([, , minute]) => Number(minute) <= 60)).toBe(true);
    expect(await revocation()).toMatchObject({ ...DONE, confirmed_at: null });
  });
});

describe('a crash', () => {
  it.each([
    ['succeeds again', false],
    ['is told that there is no such connection', true],
  ])('after the bank’s yes is made up for: the second run %s', async (_name, refused) => {
    await revoke();
    const killed = speakingBy({
      deleteConnection: async (token) => {
        await app.truelayer.deleteConnection(token);
        throw new Error('killed');
      },
    });
    await expect(runJob(killed)).rejects.toThrow('killed');
    expect(await revocation()).toMatchObject({ attempts: 1, ended_at: null });
    if (refused) refuse(/api\/delete$/, { status: 401 });
    await forward(HOUR);
    expect(outcomes()).toEqual([
      'DELETE 200',
      ...(refused ? ['DELETE 401', 'POST 400'] : ['DELETE 200']),
    ]);
    expect(await revocation()).toMatchObject({ ...DONE, confirmed_at: expect.any(Date) });
  });

  it('that loses the job loses nothing: the sweep asks for it again', async () => {
    await revoke();
    await owner.query(`delete from pgboss.job where name like 'revoke-at-bank/%'`);
    await forward(HOUR / 2);
    expect(outcomes()).toEqual([]);
    await sweepRevocations(app);
    await settle(test, clock);
    expect(outcomes()).toEqual(['DELETE 200']);
    await sweepRevocations(app);
    await settle(test, clock);
    expect(outcomes()).toEqual(['DELETE 200']);
  });

  it('and two runs at once tell the bank once', async () => {
    await revoke();
    await Promise.all([runJob(), runJob(), runJob()]);
    expect(outcomes()).toEqual(['DELETE 200']);
  });
});

describe('a refresh that is under way', () => {
  beforeEach(() => clock.setTime(clock.now() + 2 * HOUR));
  const read = (by: App) =>
    withBankAccess(by, { ...consent, attended: false }, (bank) => bank.accounts());

  /** A house whose refresh is held back once the bank has answered. */
  function heldBack() {
    const [asked, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const by = speakingBy({
      refresh: async (token) => {
        const answer = await app.truelayer.refresh(token);
        asked.resolve();
        await released.promise;
        return answer;
      },
    });
    return { by, asked: asked.promise, release: released.resolve };
  }

  it.each([false, true])('stores nothing, its token changed: %s', async (rotates) => {
    test.simulator.settings.rotateRefreshTokens = rotates;
    const { by, asked, release } = heldBack();
    const reading = read(by);
    await asked;
    await revoke();
    const before = await revocation();
    release();
    await expect(reading).rejects.toThrow(ConsentEndedError);
    expect(await revocation()).toEqual(before);
    const { rows } = await owner.query('select from consent_credential');
    expect(rows).toEqual([]);
    expect(test.simulator.journal.entries.map(({ path }) => path)).toEqual(['/connect/token']);
  });

  it('stores nothing either where the user is gone altogether', async () => {
    const { by, asked, release } = heldBack();
    const reading = read(by);
    await asked;
    await owner.query('delete from viewer');
    release();
    await expect(reading).rejects.toThrow(ConsentEndedError);
    const { rows } = await owner.query('select from consent_credential');
    expect(rows).toEqual([]);
  });

  it('is waited for if it ends soon: what it brings back is what the bank will honour', async () => {
    test.simulator.settings.rotateRefreshTokens = true;
    const { by, asked, release } = heldBack();
    const reading = read(by);
    await asked;
    const revoking = revoke();
    await setTimeout(50);
    release();
    await Promise.all([revoking, reading]);
    await settle(test, clock);
    expect(outcomes()).toEqual(['POST 200', 'GET 200', 'DELETE 200']);
  });
});

it('tokens that are sealed anew between the look and the move are moved all the same', async () => {
  const { viewerId, consentId } = consent;
  const place = credentialPlace('sealed_refresh', consentId, viewerId);
  const [first, ...others] = app.keys;
  let times = 0;
  const meanwhile = async () => {
    times += 1;
    if (times > 1) return;
    const { rows } = await owner.query('select sealed_refresh from consent_credential');
    const anew = await seal(app.keys, place, await unseal(app.keys, place, rows[0].sealed_refresh));
    await owner.query('update consent_credential set sealed_refresh = $1', [anew]);
  };
  const key = {
    ...first,
    forOpening: first.forOpening.bind(first),
    forSealing: async (at: typeof place) => {
      await meanwhile();
      return first.forSealing(at);
    },
  };
  await revoke({ ...app, keys: [key, ...others] });
  expect(times).toBe(4);
  expect(await openRevocation('sealed_refresh')).toMatch(/./);
});

it('a token that no longer opens keeps nobody from leaving', async () => {
  await owner.query(`update consent_credential set sealed_access = 'x', sealed_refresh = 'y'`);
  await revoke();
  expect(await revocation()).toMatchObject({ ...DONE, confirmed_at: null });
  await settle(test, clock);
  expect(outcomes()).toEqual([]);
});

it('no token stands in clear in rows, jobs or logs', async () => {
  refuse(/api\/delete$/, { status: 500 }, 7);
  await revoke();
  const secrets = [await openRevocation('sealed_access'), await openRevocation('sealed_refresh')];
  await forward(90 * MINUTE);
  secrets.push(await openRevocation('sealed_access'));
  expect(new Set(secrets).size).toBe(3);
  const { rows } = await owner.query(
    `select revocation::text as text from revocation union all select job::text from pgboss.job
     union all select consent::text from consent union all select change::text from change`,
  );
  const text = [...rows.map((row) => row.text), ...test.logLines].join('\n');
  expect(text).toContain('revoke-at-bank');
  for (const secret of secrets) expect(text.includes(secret)).toBe(false);
});

async function openRevocation(column: 'sealed_access' | 'sealed_refresh'): Promise<string> {
  const row = await revocation();
  const place = revocationPlace(column, row.id, consent.viewerId);
  return unseal(app.keys, place, row[column]);
}
