import { afterAll, beforeAll, expect, it } from 'vitest';
import { DAY, HOUR } from '../src/base/clock.ts';
import { spawnFollower } from './support/follower.ts';
import { freePort, startTestHouse, storyClock, type TestHouse } from './support/house.ts';
import { liveUntil, settle } from './support/time.ts';
import { User } from './support/user.ts';

const clock = storyClock();
const start = clock.now();
let test: TestHouse;
let alice: User;
let consent: string;

const day = (number: number) => new Date(start + number * DAY);

async function state() {
  const { data } = await alice.ask(
    `query ($id: ID!) { consent(id: $id) {
      status statusReason consentedAt endsAt endedAt provider { displayName }
      alerts { kind daysBefore raisedAt }
      history { spansTotal spansDone complete oldestDay gaps { reason } }
    } }`,
    { id: consent },
  );
  return data.consent;
}

beforeAll(async () => {
  test = await startTestHouse({ clock, asynchronous: true });
  alice = new User(test, 'alice');
});
afterAll(() => test.close());

it('on day 0 a bank is linked and six years of transactions arrive', async () => {
  consent = await alice.connect({ providerId: 'ob-lloyds' });
  await settle(test, clock);
  expect(await state()).toMatchObject({
    status: 'ACTIVE',
    consentedAt: '2026-03-02T09:00:00.000Z',
    endsAt: '2026-05-31T09:00:00.000Z',
    provider: { displayName: 'Lloyds' },
    history: { complete: true, oldestDay: '2020-03-02', gaps: [] },
  });
});

it('on day 1 the tokens are refreshed and the newest days are read', async () => {
  const before = test.simulator.journal.entries.length;
  await liveUntil(test, clock, new Date(start + DAY + HOUR));
  const calls = test.simulator.journal.entries.slice(before);
  expect(calls.filter((call) => call.path === '/connect/token')).toHaveLength(1);
  expect(calls.filter((call) => call.path.endsWith('/balance')).length).toBeGreaterThan(1);
  // Lloyds tells of direct debits and standing orders only for minutes after the user was there.
  const refused = calls.filter(({ status }) => status >= 300 && status !== 501);
  expect(refused.filter(({ path }) => !/direct_debits|standing_orders/.test(path))).toEqual([]);
});

it('its end is announced from the first configured day on, each step once', async () => {
  await liveUntil(test, clock, new Date(day(76).getTime() - 1));
  expect(await state()).toMatchObject({ status: 'ACTIVE', alerts: [] });
  await liveUntil(test, clock, day(84));
  const raised = (daysBefore: number, at: RegExp) => ({
    kind: 'CONSENT_ENDS_SOON',
    daysBefore,
    raisedAt: expect.stringMatching(at),
  });
  expect(await state()).toMatchObject({
    status: 'EXPIRING',
    alerts: [raised(14, /^2026-05-17T09:00:0/), raised(7, /^2026-05-24T09:00:0/)],
  });
});

it('the consent ends at its end, and the bank is not asked again', async () => {
  await liveUntil(test, clock, new Date(day(90).getTime() - 1));
  expect(await state()).toMatchObject({ status: 'EXPIRING' });
  await liveUntil(test, clock, new Date(day(90).getTime() + HOUR));
  expect(await state()).toMatchObject({ status: 'EXPIRED', statusReason: 'PERIOD_OVER' });
  const calls = test.simulator.journal.entries.length;
  await liveUntil(test, clock, day(100));
  expect(test.simulator.journal.entries).toHaveLength(calls);
});

it('renewed by its user it goes on as the consent that it was, with its accounts', async () => {
  const ids = async () => {
    const { data } = await alice.ask('{ consents { nodes { id } } accounts { nodes { id } } }');
    return [data.consents.nodes, data.accounts.nodes];
  };
  const before = await ids();
  const { data } = await alice.ask(
    `query ($id: ID!) { consent(id: $id) { scopes } scopeTexts { version } }`,
    { id: consent },
  );
  const reconfirmation = {
    textVersion: data.scopeTexts.version,
    scopes: data.consent.scopes,
  };
  const { data: renewal } = await alice.ask(
    `mutation ($input: RenewConsentInput!) {
      renewConsent(input: $input) { ... on RenewalLink { link { url } } }
    }`,
    { input: { consentId: consent, reconfirmation } },
  );
  await alice.open(await alice.walk(renewal.renewConsent.link.url));
  await settle(test, clock);
  expect(await state()).toMatchObject({
    status: 'ACTIVE',
    statusReason: null,
    consentedAt: expect.stringMatching(/^2026-06-10/),
    endsAt: expect.stringMatching(/^2026-09-08/),
    endedAt: null,
    history: { complete: true },
  });
  expect(await ids()).toEqual(before);
});

it('several processes live by one clock, and a killed one’s work is taken up', async () => {
  const shared = storyClock();
  const api = await startTestHouse({ clock: shared, environment: { ROLE: 'api' } });
  const spawn = async () =>
    spawnFollower(shared.now(), {
      ...api.environment,
      ROLE: 'worker',
      PORT: String(await freePort()),
      PUBLIC_URL: 'http://localhost:1',
    });
  const first = await spawn();
  const bob = new User(api, 'bob');
  const id = await bob.connect({ providerId: 'ob-monzo' });
  const spans = async () =>
    (
      await bob.ask(
        'query ($id: ID!) { consent(id: $id) { status history { spansDone complete gaps { reason } } } }',
        { id },
      )
    ).data.consent;
  // Some ticks in, the power goes out.
  api.simulator.faults.order({ path: /transactions$/, times: 4, delayMilliseconds: 60_000 });
  for (let tick = 0; tick < 6; tick += 1) {
    await shared.tick(1_000);
    await first.tick(1_000);
  }
  await first.kill();
  api.simulator.faults.clear();
  expect((await spans()).history.complete).toBe(false);
  const second = await spawn();
  await liveUntil(api, shared, new Date(start + 2 * DAY + HOUR), [second]);
  expect(await spans()).toMatchObject({ status: 'ACTIVE', history: { complete: true, gaps: [] } });
  const refreshes = api.simulator.journal.entries.filter(({ path }) => path === '/connect/token');
  expect(refreshes).toHaveLength(3);
  await second.close();
  await api.close();
});
