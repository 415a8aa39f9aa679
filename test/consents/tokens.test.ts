import { setImmediate } from 'node:timers/promises';
import pg from 'pg';
import type { TestClock } from 'pg-boss';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findOpenAlarms } from '../../src/alarms/alarms.ts';
import { type Clock, DAY, HOUR, MINUTE, SECOND } from '../../src/base/clock.ts';
import { seal, unseal } from '../../src/base/seal.ts';
import { endConsent } from '../../src/consents/end.ts';
import { freshCredential } from '../../src/consents/fresh.ts';
import { ConsentEndedError, findHeld, type HeldConsent } from '../../src/consents/held.ts';
import { LEASE_SECONDS, refreshTokens, takeLease } from '../../src/consents/refresh.ts';
import { credentialPlace } from '../../src/consents/secrets.ts';
import { withBankAccess } from '../../src/consents/tokens.ts';
import { type Database, openDatabase } from '../../src/postgres/db.ts';
import { BankError } from '../../src/truelayer/errors.ts';
import { startTestHouse, storyClock, type TestHouse } from '../support/house.ts';
import { User } from '../support/user.ts';

let clock: TestClock;
let test: TestHouse;
let owner: pg.Client;
let consent: { viewerId: string; consentId: string };

beforeEach(async () => {
  clock = storyClock();
  // Only the API: nothing but the test itself asks the bank.
  test = await startTestHouse({ clock, environment: { ROLE: 'api' } });
  owner = new pg.Client(test.databaseUrl);
  await owner.connect();
  await new User(test, 'alice').connect();
  const { rows } = await owner.query(
    'select viewer_id as "viewerId", id as "consentId" from consent',
  );
  consent = rows[0];
  test.simulator.journal.clear();
});
afterEach(async () => {
  await owner.end();
  await test.close();
});

const read = () =>
  withBankAccess(test.house.app, { ...consent, attended: false }, (bank) => bank.accounts());
const tokenCalls = () =>
  test.simulator.journal.entries.filter((entry) => entry.path === '/connect/token').length;
const status = async () =>
  (
    await owner.query('select status, status_reason as reason from consent where id = $1', [
      consent.consentId,
    ])
  ).rows[0];
const credential = async () =>
  (await owner.query('select * from consent_credential where consent_id = $1', [consent.consentId]))
    .rows[0];

describe('an access token', () => {
  it('is used while it lives, and refreshed within its last minute', async () => {
    await read();
    await clock.setTime(clock.now() + 58 * MINUTE);
    await read();
    expect(tokenCalls()).toBe(0);
    await clock.setTime(clock.now() + 70_000);
    await read();
    expect(tokenCalls()).toBe(1);
  });

  it('is refreshed once for fifty callers in two processes', async () => {
    const other = await startTestHouse({
      clock,
      environment: {
        ROLE: 'api',
        DATABASE_URL: test.databaseUrl,
        DATA_DIR: test.environment['DATA_DIR'] ?? '',
      },
    });
    await clock.setTime(clock.now() + 2 * HOUR);
    // The second house speaks to the same bank with the same keys: only its process is another.
    const second = { ...test.house.app, database: other.house.app.database };
    const calls = Array.from({ length: 50 }, (_, index) =>
      withBankAccess(
        index % 2 === 0 ? test.house.app : second,
        { ...consent, attended: false },
        (bank) => bank.accounts(),
      ),
    );
    await Promise.all(calls);
    expect(tokenCalls()).toBe(1);
    await other.close();
  });

  it('is refreshed by one call for fifty callers of one process, which share its outcome', async () => {
    await clock.setTime(clock.now() + 2 * HOUR);
    test.simulator.faults.order({
      path: /connect\/token$/,
      status: 503,
      delayMilliseconds: 500,
    });
    const calls = await Promise.allSettled(Array.from({ length: 50 }, read));
    expect(tokenCalls()).toBe(1);
    expect(calls.every(({ status: outcome }) => outcome === 'rejected')).toBe(true);
    await Promise.all(Array.from({ length: 50 }, read));
    expect(tokenCalls()).toBe(2);
  });

  it('that the bank refuses before its time is refreshed, and the call made again, once', async () => {
    test.simulator.faults.order({
      path: /accounts$/,
      status: 401,
      body: { error: 'invalid_token' },
    });
    expect((await read()).items.length).toBeGreaterThan(0);
    expect(tokenCalls()).toBe(1);
  });

  it('that is refused because another caller has replaced it meanwhile asks nobody', async () => {
    const { app } = test.house;
    const refused = new BankError({
      meaning: 'TOKEN_REJECTED',
      endpoint: '/accounts',
      status: 401,
    });
    let tries = 0;
    const attempt = withBankAccess(app, { ...consent, attended: false }, async () => {
      tries += 1;
      // By now that is the fresh token; the bank honours only the newest one.
      if (tries === 2) await freshCredential(app, consent, 2);
      throw refused;
    });
    await expect(attempt).rejects.toBe(refused);
    expect(tries).toBe(2);
    expect(await status()).toEqual({ status: 'ACTIVE', reason: null });
    await read();
    expect(tokenCalls()).toBe(2);
  });

  it('that is refused even when fresh asks the user after two tries', async () => {
    test.simulator.faults.order({
      path: /data\/v1/,
      times: 100,
      status: 401,
      body: { error: 'invalid_token' },
    });
    await expect(read()).rejects.toThrow(ConsentEndedError);
    expect(
      test.simulator.journal.entries.filter((entry) => entry.path.endsWith('/accounts')),
    ).toHaveLength(2);
    expect(await status()).toEqual({ status: 'REAUTH_REQUIRED', reason: 'TOKEN_REJECTED' });
  });
});

describe('a refresh', () => {
  beforeEach(() => clock.setTime(clock.now() + 2 * HOUR));
  const refuse = (answer: object, times = 1) =>
    test.simulator.faults.order({ path: /connect\/token$/, times, ...answer });

  it.each([
    ['an outage', { status: 503 }],
    ['a limit', { status: 429 }],
    ['a page of HTML', { malformed: true }],
    ['a broken line', { reset: true }],
  ])('that fails by %s ends nothing, and the next one works', async (_name, answer) => {
    refuse(answer);
    await expect(read()).rejects.toThrow('TrueLayer');
    expect(await status()).toMatchObject({ status: 'ACTIVE' });
    await read();
    expect(await credential()).toMatchObject({ generation: 2, lease_owner: null });
  });

  it.each(['invalid_client', 'unauthorized_client'])(
    'refused with %s is the operator’s to mend: no consent ends',
    async (error) => {
      refuse({ status: 400, body: { error } }, 3);
      for (const _try of [1, 2, 3]) await expect(read()).rejects.toThrow('OPERATOR_FAULT');
      expect(await status()).toMatchObject({ status: 'ACTIVE' });
      expect(await openAlarms()).toEqual([['CLIENT_REFUSED', '']]);
      const told = test.logLines.filter((line) => line.includes('"alarm":"CLIENT_REFUSED"'));
      expect(told).toHaveLength(1);
      await read();
      expect(await openAlarms()).toEqual([]);
    },
  );

  it('refused with invalid_grant asks the user at once, and the bank no more', async () => {
    refuse({ status: 400, body: { error: 'invalid_grant' } }, 10);
    await expect(read()).rejects.toThrow(ConsentEndedError);
    await expect(read()).rejects.toThrow(ConsentEndedError);
    expect(tokenCalls()).toBe(1);
    expect(await status()).toEqual({ status: 'REAUTH_REQUIRED', reason: 'GRANT_ENDED' });
  });

  it('keeps a changed refresh token, and the old one where none comes', async () => {
    const { accessToken, expiresAt, ...rest } = await test.house.app.truelayer.refresh(
      await openRefresh(),
    );
    const answers = [
      { ...rest, accessToken, expiresAt, refreshToken: 'changed' },
      { ...rest, accessToken, expiresAt, refreshToken: null },
    ];
    const app = {
      ...test.house.app,
      truelayer: { ...test.house.app.truelayer, refresh: async () => answers.shift()! },
    };
    for (const _time of [1, 2]) {
      await owner.query('update consent_credential set access_expires_at = $1', [
        new Date(clock.now()),
      ]);
      await withBankAccess(app, { ...consent, attended: false }, async () => null);
      expect(await openRefresh()).toBe('changed');
    }
  });

  describe('by a holder that outlived its lease', () => {
    /** A process that is held up between the answer of the bank and storing it. */
    async function holdUp(database: Database) {
      const { app } = test.house;
      const [started, slow] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const late = {
        ...app,
        // Its own rows make it another process: callers of one share a refresh.
        database,
        truelayer: {
          ...app.truelayer,
          refresh: async (token: string) => {
            const answer = await app.truelayer.refresh(token);
            started.resolve();
            await slow.promise;
            return answer;
          },
        },
      };
      const ended = withBankAccess(late, { ...consent, attended: false }, (bank) =>
        bank.accounts(),
      );
      await started.promise;
      await clock.setTime(clock.now() + 61_000);
      return { ended, goOn: () => slow.resolve() };
    }

    it('overwrites nothing newer', async () => {
      await using elsewhere = await openElsewhere();
      const first = await holdUp(elsewhere.database);
      await read();
      const newer = await credential();
      first.goOn();
      await first.ended;
      expect(await credential()).toEqual(newer);
      await read();
    });

    it('costs no user where the bank refuses others the token that it has used up', async () => {
      test.simulator.settings.rotateRefreshTokens = true;
      await using elsewhere = await openElsewhere();
      const first = await holdUp(elsewhere.database);
      refuse({ status: 400, body: { error: 'invalid_grant' } });
      await expect(read()).rejects.toThrow(ConsentEndedError);
      first.goOn();
      await first.ended;
      expect(await status()).toEqual({ status: 'ACTIVE', reason: null });
      const { rows } = await owner.query('select due_at, ended_at from consent');
      expect(rows).toEqual([{ due_at: new Date(clock.now()), ended_at: null }]);
      await clock.setTime(clock.now() + 2 * HOUR);
      await read();
      expect(await credential()).toMatchObject({ generation: 3, refresh_number: 3 });
    });
  });
});

describe('the lease of a refresh', () => {
  const otherClock = (milliseconds: number): Clock =>
    Object.create(clock, { now: { value: () => clock.now() + milliseconds } }) as Clock;

  it.each([
    ['ahead', DAY],
    ['behind', -DAY],
  ])(
    'is neither robbed nor kept for longer by a process whose clock is a day %s, D15',
    async (_name, wrong) => {
      const { app } = test.house;
      const wrongly = { ...app, clock: otherClock(wrong) };
      const held = await findHeld(app, consent);
      const mine = await takeLease(app, held);
      expect(await takeLease(wrongly, held)).toBeNull();
      await clock.setTime(clock.now() + LEASE_SECONDS * SECOND);
      expect(await takeLease(wrongly, held)).not.toBeNull();
      expect(await credential()).toMatchObject({
        lease_ends_at: new Date(clock.now() + LEASE_SECONDS * SECOND),
      });
      expect(await takeLease(app, held)).toBeNull();
      await expect(refreshTokens(app, held, mine!)).rejects.toThrow('TIMEOUT');
      expect(tokenCalls()).toBe(0);
    },
  );
});

describe('with a bank that changes the refresh token at each use', () => {
  beforeEach(() => {
    test.simulator.settings.rotateRefreshTokens = true;
    return clock.setTime(clock.now() + 2 * HOUR);
  });

  it('an answer that is lost on its way costs one more call and no user', async () => {
    test.simulator.faults.order({ path: /connect\/token$/, reset: 'mid-answer' });
    await expect(read()).rejects.toThrow('NETWORK');
    expect(await status()).toMatchObject({ status: 'ACTIVE' });
    await read();
    await clock.setTime(clock.now() + 2 * HOUR);
    await read();
    expect(tokenCalls()).toBe(3);
    expect(await credential()).toMatchObject({ refresh_number: 3 });
  });

  it('a holder that dies with the answer in its hands costs one more call, once its lease is over', async () => {
    const { app } = test.house;
    await using elsewhere = await openElsewhere();
    const dying = {
      ...app,
      database: elsewhere.database,
      truelayer: {
        ...app.truelayer,
        refresh: async (token: string) => {
          await app.truelayer.refresh(token);
          // As a process that is killed: it neither stores nor releases.
          return new Promise<never>(() => {});
        },
      },
    };
    void withBankAccess(dying, { ...consent, attended: false }, async () => null);
    while ((await credential()).lease_owner === null || tokenCalls() === 0) {
      await setImmediate();
    }
    await clock.setTime(clock.now() + 61_000);
    await read();
    expect(tokenCalls()).toBe(2);
    expect(await status()).toMatchObject({ status: 'ACTIVE' });
  });

  it('a holder that was paused past its lease before it asked does not ask', async () => {
    const { app } = test.house;
    const held = await findHeld(app, consent);
    const lease = (await takeLease(app, held))!;
    await clock.setTime(clock.now() + 61_000);
    await read();
    await expect(refreshTokens(app, held, lease)).rejects.toThrow('TIMEOUT');
    expect(tokenCalls()).toBe(1);
  });
});

it('a consent without offline_access ends with its access token, unannounced', async () => {
  await new User(test, 'bob').connect({ providerId: 'ob-lloyds', scopes: ['accounts', 'balance'] });
  const { rows } = await owner.query(
    `select c.viewer_id as "viewerId", c.id as "consentId", ends_at, sealed_refresh from consent c
     join consent_credential on consent_id = c.id order by created_at desc, c.id desc`,
  );
  const bob = rows.find((row) => row.sealed_refresh === null);
  expect(bob.ends_at).toEqual(new Date(clock.now() + HOUR));
  await clock.setTime(clock.now() + 61 * MINUTE);
  const attempt = withBankAccess(test.house.app, { ...bob, attended: false }, (bank) =>
    bank.accounts(),
  );
  await expect(attempt).rejects.toThrow(ConsentEndedError);
  const { rows: after } = await owner.query('select status from consent where id = $1', [
    bob.consentId,
  ]);
  expect(after).toEqual([{ status: 'EXPIRED' }]);
});

it('a ciphertext moved from another row is not used', async () => {
  await new User(test, 'bob').connect();
  await owner.query(
    `update consent_credential c set sealed_access =
      (select sealed_access from consent_credential o where o.consent_id <> c.consent_id limit 1)
     where consent_id = $1`,
    [consent.consentId],
  );
  test.simulator.journal.clear();
  await expect(read()).rejects.toThrow('cannot unseal');
  expect(await status()).toMatchObject({ status: 'ACTIVE', reason: 'TOKEN_UNREADABLE' });
  expect(await openAlarms()).toEqual([['TOKEN_UNREADABLE', consent.consentId]]);
  expect(test.simulator.journal.entries).toEqual([]);
  // The refresh token is another value, and in its place: once the damaged one is over, all heals.
  await clock.setTime(clock.now() + 2 * HOUR);
  await read();
  expect(await status()).toEqual({ status: 'ACTIVE', reason: null });
  expect(await openAlarms()).toEqual([]);
});

it('a consent of another client is never spoken for', async () => {
  await owner.query(`update consent set client_id = 'somebody-else'`);
  await expect(read()).rejects.toThrow('OPERATOR_FAULT');
  await expect(read()).rejects.toThrow('OPERATOR_FAULT');
  expect(test.simulator.journal.entries).toEqual([]);
  expect(await openAlarms()).toEqual([['CONSENTS_OF_ANOTHER_CLIENT', 'somebody-else']]);
  expect(await status()).toMatchObject({ status: 'ACTIVE' });
});

it('a refusal still ends the consent when the refresh token was sealed anew meanwhile', async () => {
  const held = await test.house.app.database.reader(consent.viewerId).consent.findUniqueOrThrow({
    where: { id: consent.consentId },
    include: { credential: true },
  });
  const place = credentialPlace('sealed_refresh', consent.consentId, consent.viewerId);
  const anew = await seal(test.house.app.keys, place, await openRefresh());
  await owner.query('update consent_credential set sealed_refresh = $1', [anew]);
  expect(await endConsent(test.house.app, held as HeldConsent, 'GRANT_ENDED')).toBe(true);
  expect(await status()).toEqual({ status: 'REAUTH_REQUIRED', reason: 'GRANT_ENDED' });
});

it('only the bank’s word ends it: idle for thirty days, the next read learns it', async () => {
  await clock.setTime(clock.now() + 31 * DAY);
  await expect(read()).rejects.toThrow(ConsentEndedError);
  expect(await status()).toEqual({ status: 'REAUTH_REQUIRED', reason: 'GRANT_ENDED' });
});

async function openElsewhere() {
  const database = openDatabase({
    url: test.databaseUrl,
    connectionsMax: 2,
    clockInDatabase: true,
    onIdleError: () => {},
  });
  return { database, [Symbol.asyncDispose]: () => database.close() };
}

async function openAlarms(): Promise<string[][]> {
  const alarms = await findOpenAlarms(test.house.app);
  return alarms.map(({ kind, subject }) => [kind, subject]);
}

async function openRefresh(): Promise<string> {
  const row = await credential();
  return unseal(
    test.house.app.keys,
    credentialPlace('sealed_refresh', row.consent_id, row.viewer_id),
    row.sealed_refresh,
  );
}
