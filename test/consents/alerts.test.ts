import pg from 'pg';
import type { TestClock } from 'pg-boss';
import { afterEach, describe, expect, it } from 'vitest';
import { type Clock, DAY, HOUR, later, MINUTE, systemClock } from '../../src/base/clock.ts';
import { readConfig } from '../../src/base/config.ts';
import { createLog } from '../../src/base/log.ts';
import { closeAlerts } from '../../src/consents/alerts.ts';
import { sweepConsents } from '../../src/consents/sweep.ts';
import { tendConsent } from '../../src/consents/tend.ts';
import { startHouse } from '../../src/house.ts';
import { freePort, startTestHouse, storyClock, type TestHouse } from '../support/house.ts';
import { readEvents } from '../support/sse.ts';
import { liveUntil, settle } from '../support/time.ts';
import { User } from '../support/user.ts';

const ALL = ['14 2026-05-17T09:00', '7 2026-05-24T09:00', '3 2026-05-28T09:00'];

let clock: TestClock;
let test: TestHouse;
let owner: pg.Client;
let alice: User;
let start: number;

async function begin(environment: Record<string, string> = {}): Promise<void> {
  clock = storyClock();
  start = clock.now();
  // Nothing is read by itself, so that nothing but the alerts' own instants wakes anybody.
  test = await startTestHouse({ clock, environment: { READ_EVERY_HOURS: '0', ...environment } });
  owner = new pg.Client(test.databaseUrl);
  await owner.connect();
  alice = new User(test, 'alice');
}
afterEach(async () => {
  await owner.end();
  await test.close();
});

/** Connects a bank, of whose life nothing but the end is left to look after. */
async function connect(user = alice): Promise<string> {
  const scopes = ['accounts', 'offline_access'];
  const id = await user.connect({ providerId: 'ob-lloyds', scopes });
  await settle(test, clock);
  await owner.query('update consent_credential set refresh_ends_at = $1', [
    new Date(start + 400 * DAY),
  ]);
  await tendNow();
  return id;
}
const until = (days: number) => liveUntil(test, clock, new Date(start + days * DAY));
/** Lets the clock leap, as if nothing had run meanwhile. */
const leapTo = (days: number) => clock.setTime(start + days * DAY);
async function ofConsent(): Promise<{ id: string; viewer_id: string; status: string }> {
  return (await owner.query('select id, viewer_id, status from consent')).rows[0];
}
/** Tends all consents, due or not. */
async function tendNow(): Promise<void> {
  await owner.query('update consent set due_at = $1 where due_at is not null', [
    new Date(clock.now()),
  ]);
  const { rows } = await owner.query('select id, viewer_id from consent');
  await Promise.all(rows.map((row) => tendConsent(test.house.app, row.viewer_id, row.id)));
}
/** The steps that were raised, and when. */
async function raised(): Promise<string[]> {
  const { rows } = await owner.query<{ days: number; at: Date }>(
    'select days_before as days, raised_at as at from alert order by raised_at',
  );
  return rows.map(({ days, at }) => `${days} ${at.toISOString().slice(0, 16)}`);
}
async function announced(): Promise<number> {
  const { rows } = await owner.query(
    "select count(*)::int as count from change where subject = 'ALERT' and act = 'ADDED'",
  );
  return rows[0].count;
}
async function alarms(): Promise<string[]> {
  const operator = new User(test, 'operator', 'operator');
  const { data } = await operator.ask('{ operations { alarms { kind times } } }');
  return data.operations.alarms.map((alarm: any) => `${alarm.kind} ${alarm.times}`);
}
async function alerts(user = alice, open?: boolean): Promise<any[]> {
  const { data } = await user.ask(
    `query ($open: Boolean) { alerts(open: $open) {
      nodes { id daysBefore message acknowledgedAt closedAt consent { id } } } }`,
    { open },
  );
  return data.alerts.nodes;
}
const acknowledge = async (id: string, user = alice) =>
  (
    await user.ask(
      `mutation ($id: ID!) { acknowledgeAlert(input: { id: $id }) {
        ... on AcknowledgedAlert { alert { id acknowledgedAt } } ... on Error { code } } }`,
      { id },
    )
  ).data.acknowledgeAlert;

describe('the alerts before an end', () => {
  it('are raised once each, at their instants, whatever number of processes looks after them', async () => {
    await begin();
    const port = String(await freePort());
    const second = await startHouse({
      config: readConfig({ ...test.environment, ROLE: 'worker', PORT: port }, () => ''),
      log: createLog('silent', { write: () => {} }),
      clock,
      schedules: false,
    });
    try {
      await connect();
      await until(76);
      expect(await ofConsent()).toMatchObject({ status: 'EXPIRING' });
      await until(89.5);
      // Both look at once, and find nothing more to raise.
      await Promise.all([tendNow(), tendNow()]);
      expect(await raised()).toEqual([...ALL, '1 2026-05-30T09:00']);
      await until(91);
    } finally {
      await second.close();
    }
    // It ends at ten in London, and the last word comes an hour before.
    expect(await raised()).toEqual([...ALL, '1 2026-05-30T09:00', '0 2026-05-31T08:00']);
    expect(await announced()).toBe(5);
    expect(await ofConsent()).toMatchObject({ status: 'EXPIRED' });
    expect((await alerts()).map(({ closedAt }) => closedAt !== null)).toEqual(Array(5).fill(true));
  });

  it('are told to who follows the consent', async () => {
    await begin();
    const id = await connect();
    await until(80);
    const ended = new AbortController();
    const stream = await alice.post(
      'subscription ($id: ID!) { consent(id: $id) { alerts { daysBefore } } }',
      { id },
      ended.signal,
    );
    const events = readEvents(stream);
    const next = async () => (await events.next()).value.data.consent.alerts;
    expect(await next()).toEqual([{ daysBefore: 14 }]);
    await leapTo(83.1);
    await tendNow();
    expect(await next()).toEqual([{ daysBefore: 14 }, { daysBefore: 7 }]);
    ended.abort();
  });

  it('come within the hour where the job that waited for one is lost', async () => {
    await begin();
    await connect();
    await until(75);
    await owner.query("delete from pgboss.job where name like 'tend-consent%'");
    await leapTo(76);
    for (let quarter = 0; quarter < 4; quarter += 1) {
      await clock.setTime(start + 76 * DAY + 7 * MINUTE + quarter * 15 * MINUTE);
      await sweepConsents(test.house.app);
      await settle(test, clock);
    }
    expect(await raised()).toEqual(['14 2026-05-17T09:07']);
  });

  it('bear the same ids when they are raised once more, after a backup was restored', async () => {
    await begin();
    await connect();
    await until(76.1);
    const [alert] = await alerts();
    await owner.query('delete from alert');
    await owner.query("update consent set status = 'ACTIVE', status_reason = null");
    await tendNow();
    expect(await alerts()).toMatchObject([{ id: alert.id }]);
  });

  it('that an outage kept back come as one, the nearest to the end, and not at night', async () => {
    await begin();
    await connect();
    await until(70);
    // Back at eleven in the evening, two days and ten hours before the end.
    await leapTo(87 + 13 / 24);
    await until(87.9);
    expect(await raised()).toEqual([]);
    await until(88.5);
    expect(await raised()).toEqual(['3 2026-05-29T08:00']);
    await until(91);
    expect(await raised()).toEqual([
      '3 2026-05-29T08:00',
      '1 2026-05-30T09:00',
      '0 2026-05-31T08:00',
    ]);
  });

  it('are neither raised nor ends made by a clock that leaps a day ahead', async () => {
    await begin();
    await connect();
    await until(75.5);
    const { id, viewer_id: viewerId } = await ofConsent();
    const ahead: Clock = { ...systemClock, now: () => clock.now() + DAY };
    const app = { ...test.house.app, clock: ahead };
    await tendConsent(app, viewerId, id);
    expect(await raised()).toEqual([]);
    await until(89.5);
    await tendConsent(app, viewerId, id);
    expect(await ofConsent()).toMatchObject({ status: 'EXPIRING' });
    await until(90.1);
    expect(await ofConsent()).toMatchObject({ status: 'EXPIRED' });
  });

  it('stop with the renewal, and begin anew before the next end', async () => {
    await begin();
    await connect();
    await until(80);
    const { id, viewer_id: viewerId } = await ofConsent();
    const now = new Date(clock.now());
    const renewed = later(now, 90 * DAY);
    const changes = await test.house.app.database.transact(viewerId, async (tx) => {
      await tx.consent.update({
        where: { id },
        data: {
          period: 2,
          status: 'ACTIVE',
          consentedAt: now,
          endsAt: renewed,
          dueAt: now,
          windowEndsAt: now,
        },
      });
      return closeAlerts(tx, id, 'RENEWED', now);
    });
    expect(changes).toHaveLength(1);
    const [closed] = await alerts();
    expect(closed).toMatchObject({ closedAt: now.toISOString(), daysBefore: 14 });
    expect(closed.message).toBe('Your connection to Lloyds has been renewed.');
    await until(80 + 75);
    expect(await raised()).toEqual(['14 2026-05-17T09:00']);
    await until(80 + 76.1);
    expect(await raised()).toEqual(['14 2026-05-17T09:00', '14 2026-08-05T09:00']);
    expect((await alerts(alice, true)).map((alert) => alert.daysBefore)).toEqual([14]);
  });

  it('are none without offline_access', async () => {
    await begin();
    await alice.connect({ providerId: 'ob-lloyds', scopes: ['accounts', 'balance'] });
    await until(1);
    expect(await ofConsent()).toMatchObject({ status: 'EXPIRED' });
    expect(await raised()).toEqual([]);
    await sweepConsents(test.house.app);
    expect(await alarms()).toEqual([]);
  });
});

describe('an alert', () => {
  it('is acknowledged by its viewer alone, once', async () => {
    await begin();
    await connect();
    await until(76.1);
    const [alert] = await alerts(alice, true);
    expect(alert).toMatchObject({
      daysBefore: 14,
      message:
        'Your connection to Lloyds ends on Sunday 31 May 2026 at 10:00. ' +
        'Renew it before then to keep your accounts up to date.',
      acknowledgedAt: null,
      closedAt: null,
    });
    const bob = new User(test, 'bob');
    expect(await acknowledge(alert.id, bob)).toEqual({ code: 'ALERT_UNKNOWN' });
    expect(await acknowledge(alert.consent.id)).toEqual({ code: 'ALERT_UNKNOWN' });
    expect(await alerts(bob)).toEqual([]);
    const first = await acknowledge(alert.id);
    expect(first.alert.acknowledgedAt).toBe(new Date(clock.now()).toISOString());
    await clock.setTime(clock.now() + HOUR);
    expect(await acknowledge(alert.id)).toEqual(first);
    expect(await alerts(alice, true)).toEqual([]);
    const { data } = await alice.ask(
      'query ($id: ID!) { node(id: $id) { ... on Alert { kind } } }',
      {
        id: alert.id,
      },
    );
    expect(data.node).toEqual({ kind: 'CONSENT_ENDS_SOON' });
  });

  it('that was the last and that nobody heard goes to the operator, until somebody does', async () => {
    await begin({ ALERT_DAYS_BEFORE: '1,0' });
    await connect();
    await connect(new User(test, 'bob'));
    await until(89.2);
    for (const alert of await alerts()) await acknowledge(alert.id);
    await until(91);
    // Alice heard the first; the last went by. Bob heard none.
    expect(await alarms()).toEqual(['ALERTS_UNHEARD 2']);
    await sweepConsents(test.house.app);
    expect(await alarms()).toEqual(['ALERTS_UNHEARD 2']);
    const unheard = async () =>
      (
        await new User(test, 'operator', 'operator').ask(
          '{ operations { unheardAlerts { count consents { consentId viewerId endedAt } } } }',
        )
      ).data.operations.unheardAlerts;
    expect(await unheard()).toMatchObject({
      count: 2,
      consents: [{ endedAt: expect.stringMatching(/^2026-05-31T09:00/) }, {}],
    });
    const [last] = await alerts();
    await acknowledge(last.id);
    expect(await unheard()).toMatchObject({ count: 1 });
    await sweepConsents(test.house.app);
    expect(await alarms()).toEqual(['ALERTS_UNHEARD 2']);
    await leapTo(98);
    await sweepConsents(test.house.app);
    expect(await alarms()).toEqual([]);
  });

  it('that was the last and was heard is nobody else’s', async () => {
    await begin({ ALERT_DAYS_BEFORE: '1,0' });
    await connect();
    await until(89.97);
    const [last] = await alerts();
    expect(last.daysBefore).toBe(0);
    await acknowledge(last.id);
    await until(91);
    await sweepConsents(test.house.app);
    expect(await alarms()).toEqual([]);
  });
});

it('a consent that the bank refuses is not announced, and ends with its period', async () => {
  await begin();
  await alice.connect({ providerId: 'ob-lloyds', scopes: ['accounts', 'offline_access'] });
  await settle(test, clock);
  const { id, viewer_id: viewerId } = await ofConsent();
  test.simulator.faults.order({
    path: /^\/connect\/token$/,
    times: 10,
    status: 400,
    body: { error: 'invalid_grant' },
  });
  await until(23);
  expect(await ofConsent()).toMatchObject({ status: 'REAUTH_REQUIRED' });
  await until(89.9);
  const held = await owner.query('select 1 from consent_credential');
  expect(held.rows).toHaveLength(1);
  await until(90.1);
  const { data } = await alice.ask('{ consents { nodes { status statusReason alerts { id } } } }');
  expect(data.consents.nodes).toEqual([
    { status: 'EXPIRED', statusReason: 'PERIOD_OVER', alerts: [] },
  ]);
  const { rows } = await owner.query('select 1 from consent_credential');
  expect(rows).toEqual([]);
  await tendConsent(test.house.app, viewerId, id);
  expect(await alarms()).toEqual([]);
});
