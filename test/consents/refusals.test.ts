import pg from 'pg';
import type { TestClock } from 'pg-boss';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acceptAlarm, findOpenAlarms } from '../../src/alarms/alarms.ts';
import { DAY, HOUR, MINUTE } from '../../src/base/clock.ts';
import { sweepConsents } from '../../src/consents/sweep.ts';
import { withBankAccess } from '../../src/consents/tokens.ts';
import { startTestHouse, storyClock, type TestHouse } from '../support/house.ts';
import { User } from '../support/user.ts';

const BANKS = ['ob-lloyds', 'ob-monzo'];
const CONSENTS = 8;

let clock: TestClock;
let test: TestHouse;
let owner: pg.Client;
let consents: { viewerId: string; consentId: string }[];

beforeEach(async () => {
  clock = storyClock();
  test = await startTestHouse({ clock, environment: { ROLE: 'api' } });
  owner = new pg.Client(test.databaseUrl);
  await owner.connect();
  for (let number = 0; number < CONSENTS; number += 1) {
    await new User(test, `user-${number}`).connect({ providerId: BANKS[number % BANKS.length] });
  }
  const { rows } = await owner.query(
    'select viewer_id as "viewerId", id as "consentId" from consent order by created_at, id',
  );
  consents = rows;
  await clock.setTime(clock.now() + 2 * HOUR);
});
afterEach(async () => {
  await owner.end();
  await test.close();
});

const read = (index: number) =>
  withBankAccess(test.house.app, { ...consents[index]!, attended: false }, async () => 'read');
const readAll = () => Promise.allSettled(consents.map((_consent, index) => read(index)));
const refuseAll = (fault: object = {}) =>
  test.simulator.faults.order({
    path: /connect\/token$/,
    times: 1_000,
    status: 400,
    body: { error: 'invalid_grant' },
    ...fault,
  });
const statuses = async () =>
  (await owner.query<{ status: string }>('select status from consent order by created_at, id')).rows
    .map(({ status }) => status)
    .join(' ');
const alarms = async () => (await findOpenAlarms(test.house.app)).map(({ kind }) => kind);
const ALL_ACTIVE = Array.from({ length: CONSENTS }, () => 'ACTIVE').join(' ');

describe('refresh tokens that are refused', () => {
  it('all at once, at two banks, end no consent and raise one alarm, which heals by itself', async () => {
    refuseAll();
    await readAll();
    expect(await statuses()).toBe(ALL_ACTIVE);
    expect(await alarms()).toEqual(['GRANTS_REFUSED']);
    await readAll();
    expect(await statuses()).toBe(ALL_ACTIVE);
    const told = await new User(test, 'ops', 'operator').ask(
      '{ operations { alarms { kind environment subject message acceptedAt } } }',
    );
    expect(told.data.operations.alarms).toEqual([
      {
        kind: 'GRANTS_REFUSED',
        environment: test.house.app.client.environment,
        subject: '',
        message: expect.stringContaining('none is believed'),
        acceptedAt: null,
      },
    ]);
    const user = new User(test, 'user-0');
    const attention = async () =>
      (await user.ask('{ viewer { needsAttention { remedy mutation urgency } } }')).data.viewer
        .needsAttention;
    expect(await attention()).toEqual([{ remedy: 'OPERATOR', mutation: null, urgency: 'WATCH' }]);
    test.simulator.faults.clear();
    expect((await readAll()).every(({ status }) => status === 'fulfilled')).toBe(true);
    expect(await attention()).toEqual([]);
    expect(await statuses()).toBe(ALL_ACTIVE);
    await sweepConsents(test.house.app);
    expect(await alarms()).toEqual([]);
    const lines = test.logLines.filter((line) => line.includes('are refused at once'));
    expect(lines).toHaveLength(1);
  });

  it('one after the other within minutes: the first are given back when it shows', async () => {
    refuseAll();
    for (const index of [0, 1, 2, 3]) {
      await expect(read(index)).rejects.toThrow('has ended');
      await clock.setTime(clock.now() + MINUTE);
    }
    expect(await statuses()).toBe(
      ALL_ACTIVE.replaceAll('ACTIVE', 'REAUTH_REQUIRED').split(' ').fill('ACTIVE', 4).join(' '),
    );
    await expect(read(4)).rejects.toThrow('GRANT_ENDED');
    expect(await statuses()).toBe(ALL_ACTIVE);
    const { rows } = await owner.query(
      'select due_at, ended_at, status_reason from consent order by created_at, id limit 4',
    );
    const revived = {
      due_at: new Date(clock.now()),
      ended_at: null,
      status_reason: 'REFUSAL_DOUBTED',
    };
    expect(rows).toEqual([revived, revived, revived, revived]);
    test.simulator.faults.clear();
    expect(await read(0)).toBe('read');
    const { rows: after } = await owner.query('select status_reason from consent where id = $1', [
      consents[0]?.consentId,
    ]);
    expect(after).toEqual([{ status_reason: null }]);
  });

  it('at one bank alone are believed', async () => {
    refuseAll({ providerId: 'ob-lloyds' });
    await readAll();
    expect((await statuses()).match(/REAUTH_REQUIRED/g)).toHaveLength(CONSENTS / 2);
    expect(await alarms()).toEqual([]);
  });

  it('far apart are believed', async () => {
    refuseAll();
    for (const index of consents.keys()) {
      await expect(read(index)).rejects.toThrow('has ended');
      await clock.setTime(clock.now() + 11 * MINUTE);
    }
    expect(await alarms()).toEqual([]);
  });

  /** As many rows as a busy server writes in ten minutes. */
  async function refreshMany(environment: string): Promise<void> {
    await owner.query(
      `with made as (
           insert into viewer (id, issuer, subject, created_at)
           select gen_random_uuid(), 'busy', n::text, $1 from generate_series(1, 40) n returning id
         ), links as (
           insert into auth_link (id, viewer_id, environment, client_id, state_hash, browser_hash,
             providers, scopes, redirect_uri, status, created_at, expires_at)
           select id, id, $2, 'c', sha256(convert_to(id::text, 'UTF8')),
             sha256(convert_to(id::text, 'UTF8')), '{}', '{}', 'r', 'COMPLETED', $1, $1::timestamptz + interval '1 hour'
           from made returning id
         ), consents as (
           insert into consent (id, viewer_id, auth_link_id, environment, client_id, scopes,
             consented_at, window_ends_at, ends_at, created_at)
           select id, id, id, $2, 'c', '{}', $1, $1,
             $1::timestamptz + interval '1 day', $1 from links returning id
         )
         insert into consent_credential (consent_id, viewer_id, generation, sealed_access,
           access_issued_at, access_expires_at)
         select id, id, 2, 'x', $1, $1::timestamptz + interval '1 hour' from consents`,
      [new Date(clock.now()), environment],
    );
  }

  it('among many that succeed are believed', async () => {
    await refreshMany(test.house.app.client.environment);
    refuseAll();
    await readAll();
    expect((await statuses()).match(/REAUTH_REQUIRED/g)).toHaveLength(CONSENTS);
    expect(await alarms()).toEqual([]);
  });

  it('among many that succeed in another environment on this database are a burst as ever', async () => {
    await refreshMany('another');
    refuseAll();
    await readAll();
    expect(await statuses()).not.toContain('REAUTH_REQUIRED');
    expect(await alarms()).toEqual(['GRANTS_REFUSED']);
  });

  it('are believed all the same once the operator has accepted the alarm', async () => {
    refuseAll();
    await readAll();
    const environment = test.house.app.client.environment;
    expect(await acceptAlarm(test.house.app, { kind: 'GRANTS_REFUSED', environment }, 'ops')).toBe(
      true,
    );
    await readAll();
    expect(await statuses()).not.toContain('ACTIVE');
  });
});

it('a token unused for 27 days raises the operator’s alarm, which ends when it is used', async () => {
  await sweepConsents(test.house.app);
  expect(await alarms()).toEqual([]);
  await clock.setTime(clock.now() + 27 * DAY);
  await sweepConsents(test.house.app);
  expect(await alarms()).toEqual(['TOKENS_IDLE']);
  // One that has died of it is no reason to fall silent.
  await owner.query(`update consent_credential set refresh_ends_at = $1`, [
    new Date(clock.now() - DAY),
  ]);
  await sweepConsents(test.house.app);
  expect(await alarms()).toEqual(['TOKENS_IDLE']);
  await readAll();
  await sweepConsents(test.house.app);
  expect(await alarms()).toEqual([]);
});
