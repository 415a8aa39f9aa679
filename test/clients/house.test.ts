import pg from 'pg';
import type { TestClock } from 'pg-boss';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DAY, HOUR } from '../../src/base/clock.ts';
import { readConfig } from '../../src/base/config.ts';
import { createLog } from '../../src/base/log.ts';
import { listClients, setClient } from '../../src/clients/clients.ts';
import { withBankAccess } from '../../src/consents/tokens.ts';
import { type House, startHouse } from '../../src/house.ts';
import type { Follower } from '../support/follower.ts';
import { CLIENT_SECRET, startTestHouse, storyClock, type TestHouse } from '../support/house.ts';
import { liveUntil } from '../support/time.ts';
import { User } from '../support/user.ts';

const CHANGED = 'canary-changed-secret-91bd';

let clock: TestClock;
let test: TestHouse;
let owner: pg.Client;

async function begin(environment: Record<string, string> = {}): Promise<void> {
  clock = storyClock();
  test = await startTestHouse({ clock, environment });
  owner = new pg.Client(test.databaseUrl);
  await owner.connect();
}
afterEach(async () => {
  await owner.end();
  await test.close();
});

const environmentOf = ({ simulator }: TestHouse) => new URL(simulator.authUrl).host;
const set = (secret: string, clientId = 'test-client', replace = false) =>
  setClient(test.house.app, {
    environment: environmentOf(test),
    clientId,
    secret,
    replace,
    operator: 'ops',
    now: new Date(clock.now()),
  });
const tokenCalls = ({ simulator }: TestHouse) =>
  simulator.journal.entries.filter(({ path }) => path === '/connect/token');
const consents = async () =>
  (
    await owner.query(
      'select id, viewer_id, environment, status from consent order by environment collate "C"',
    )
  ).rows;

describe('a house that runs', () => {
  let read: () => Promise<unknown>;
  beforeEach(async () => {
    await begin({ ROLE: 'api' });
    await new User(test, 'alice').connect();
    const [{ id: consentId, viewer_id: viewerId }] = await consents();
    read = () =>
      withBankAccess(test.house.app, { viewerId, consentId, attended: false }, (bank) =>
        bank.accounts(),
      );
    test.simulator.journal.clear();
    await clock.setTime(clock.now() + 2 * HOUR);
  });

  it('uses a new secret at its next refresh, without a restart, and so does another process', async () => {
    const config = readConfig({ ...test.environment, PORT: '0' }, () => '');
    const second = await startHouse({ config, log: createLog('silent'), clock, schedules: false });
    test.simulator.settings.clientSecret = CHANGED;
    await set(CHANGED);
    await read();
    await clock.setTime(clock.now() + 2 * HOUR);
    const [{ id: consentId, viewer_id: viewerId }] = await consents();
    await withBankAccess(second.app, { viewerId, consentId, attended: false }, (bank) =>
      bank.accounts(),
    );
    expect(tokenCalls(test).map(({ status }) => status)).toEqual([200, 200]);
    await second.close();
    expect(test.logLines.join('')).not.toContain(CHANGED);
  });

  it('marks no consent for a wrong secret, raises the alarm, and heals when it is set right, P25', async () => {
    test.simulator.settings.clientSecret = CHANGED;
    for (const _try of [1, 2, 3]) await expect(read()).rejects.toThrow('OPERATOR_FAULT');
    expect(await consents()).toMatchObject([{ status: 'ACTIVE' }]);
    expect(test.logLines.join('')).toContain('TrueLayer refuses this client');
    await set(CHANGED);
    await read();
    expect(await consents()).toMatchObject([{ status: 'ACTIVE' }]);
  });

  it('calls nothing and marks no consent while its client is another or gone', async () => {
    await set('secret of another', 'another', true);
    await expect(read()).rejects.toThrow('OTHER_CLIENT');
    await owner.query('delete from bank_client');
    await expect(read()).rejects.toThrow('NO_CLIENT');
    expect(tokenCalls(test)).toEqual([]);
    expect(await consents()).toMatchObject([{ status: 'ACTIVE' }]);
    await set(CLIENT_SECRET);
    await read();
  });

  it('starts again on what is stored, and not as another client', async () => {
    const {
      TRUELAYER_CLIENT_ID: _id,
      TRUELAYER_CLIENT_SECRET: _secret,
      ...rest
    } = test.environment;
    const start = async (environment: Record<string, string>) => {
      const config = readConfig({ ...environment, PORT: '0' }, () => '');
      const house = await startHouse({ config, log: createLog('silent'), clock, schedules: false });
      await house.close();
      return house.app.client.clientId;
    };
    expect(await start(rest)).toBe('test-client');
    const other = { ...rest, TRUELAYER_CLIENT_ID: 'other', TRUELAYER_CLIENT_SECRET: 'secret' };
    await expect(start(other)).rejects.toThrow(
      /^TRUELAYER_CLIENT_ID is other, .+ the client test-client, to which 1 living consent belong/,
    );
  });
});

it('two environments on one database never use the client, the jobs or the consents of each other', async () => {
  await begin();
  // With a simulator of its own, and so an environment of its own, as sandbox has beside live.
  const other = await startTestHouse({
    clock,
    environment: {
      DATABASE_URL: test.databaseUrl,
      DATA_DIR: test.environment['DATA_DIR'] ?? '',
      TRUELAYER_CLIENT_SECRET: CHANGED,
    },
  });
  other.simulator.settings.clientSecret = CHANGED;
  await new User(test, 'alice').connect({ providerId: 'ob-monzo' });
  await new User(other, 'bob').connect({ providerId: 'ob-monzo' });
  await liveUntil(test, clock, new Date(clock.now() + 2 * DAY), [sharing(other.house)]);

  for (const house of [test, other]) {
    const refused = house.simulator.journal.entries.filter(({ status }) => status === 401);
    expect(refused).toEqual([]);
    const statuses = tokenCalls(house).map(({ status }) => status);
    expect(statuses.length).toBeGreaterThan(2);
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(house.logLines.filter((line) => line.includes('job failed'))).toEqual([]);
  }
  const environments = [environmentOf(test), environmentOf(other)].toSorted();
  expect((await consents()).map(({ environment, status }) => [environment, status])).toEqual(
    environments.map((environment) => [environment, 'ACTIVE']),
  );
  expect(await listClients(test.house.app)).toEqual(
    expect.arrayContaining(
      environments.map((environment) => expect.objectContaining({ environment, consents: 1 })),
    ),
  );
  await crossOver(other.house, environmentOf(test));
  await lendLink(other);
  await other.close();
});

/** A house in this very process, which lives by the clock itself. */
function sharing({ app }: House): Follower {
  const nothing = async () => {};
  return {
    setTime: nothing,
    tick: nothing,
    close: nothing,
    kill: nothing,
    get answering() {
      return app.queue.answering;
    },
  };
}

/** The house of one environment is asked for the consent of the other. */
async function crossOver(house: House, environment: string): Promise<void> {
  const foreign = (await consents()).find((consent) => consent.environment === environment);
  const { id: consentId, viewer_id: viewerId } = foreign;
  const call = withBankAccess(house.app, { viewerId, consentId, attended: false }, (bank) =>
    bank.accounts(),
  );
  await expect(call).rejects.toThrow('OPERATOR_FAULT');
}

/** A link of one environment is followed, and come back by, at the other. */
async function lendLink(other: TestHouse): Promise<void> {
  const [here, there] = [new User(test, 'carol'), new User(other, 'carol')];
  const link = await here.beginLink();
  for (const [name, value] of here.cookies) there.cookies.set(name, value);
  expect((await there.open(link)).status).toBe(404);
  const back = await here.walk(link);
  const before = tokenCalls(other).length;
  expect((await there.open(back)).status).toBe(400);
  const { code, state } = Object.fromEntries(new URL(back).searchParams);
  const { data } = await there.ask(
    'mutation ($input: CompleteConsentInput!) { completeConsent(input: $input) { ... on Error { code } } }',
    { input: { code, state } },
  );
  expect(data.completeConsent).toEqual({ code: 'AUTH_LINK_UNKNOWN' });
  expect(tokenCalls(other)).toHaveLength(before);
  expect(await (await here.open(back)).text()).toContain('Your bank is connected');
}
