import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { TestClock } from 'pg-boss';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { globalIdOf } from '../../src/base/global-id.ts';
import { parseKeyRing } from '../../src/base/key-ring.ts';
import { keyIdOf } from '../../src/base/seal.ts';
import { recordChanges } from '../../src/changes/log.ts';
import type { WebhookEndpoint } from '../../src/generated/prisma/client.ts';
import { rotateKeys } from '../../src/keys/rotate.ts';
import { refreshProviders } from '../../src/providers/catalogue.ts';
import { openSecret } from '../../src/webhooks/secrets.ts';
import { startTestHouse, storyClock, type TestHouse } from '../support/house.ts';
import { type Receiver, startReceiver, verify } from '../support/receiver.ts';
import { liveUntil, settle } from '../support/time.ts';
import { User } from '../support/user.ts';

let test: TestHouse;
let owner: pg.Client;
let clock: TestClock;
let ops: User;
let alice: User;
let receiver: Receiver;
let viewerId: string;
let consent: string;

beforeAll(async () => {
  clock = storyClock();
  test = await startTestHouse({ clock });
  owner = new pg.Client(test.databaseUrl);
  await owner.connect();
  ops = new User(test, 'ops', 'operator');
  alice = new User(test, 'alice');
  consent = await alice.connect();
  await settle(test, clock);
  viewerId = (await owner.query(`select id from viewer where subject = 'alice'`)).rows[0].id;
});
afterAll(async () => {
  await owner.end();
  await test.close();
});
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(async () => {
  await owner.query('delete from webhook_endpoint');
  await receiver.close();
});

async function ask(mutation: string, result: string): Promise<any> {
  const { data, errors } = await ops.ask(
    `mutation { it: ${mutation} { __typename ${result} ... on Error { code } } }`,
  );
  if (errors !== undefined) throw new Error(JSON.stringify(errors));
  return data.it;
}
const register = async (eventTypes = '', path = '') => {
  const { endpoint, secret } = await ask(
    `createWebhookEndpoint(input: { url: "${receiver.url}${path}", eventTypes: [${eventTypes}] })`,
    '... on WebhookEndpointWithSecret { secret endpoint { id } }',
  );
  return { id: endpoint.id as string, secret: secret as string };
};
const deliveries = async (filter = 'first: 100'): Promise<any[]> =>
  (
    await ops.ask(`{ operations { webhookDeliveries(${filter}) { nodes {
      id eventId eventType test status attempts lastStatus lastError replayOf
    } } } }`)
  ).data.operations.webhookDeliveries.nodes;
const consentId = () => Buffer.from(consent, 'base64').toString().split(':')[1] ?? '';
/** Something about the consent changes, as any part of the house would write it. */
const change = (fail = false) =>
  test.house.app.database.transact(viewerId, async (tx) => {
    const entry = { subject: 'CONSENT', subjectId: consentId(), act: 'CHANGED' } as const;
    await recordChanges(test.house.app, tx, viewerId, new Date(clock.now()), [entry]);
    if (fail) throw new Error('taken back');
  });
const hours = (count: number) => new Date(clock.now() + count * 3_600_000);
const received = (type: string) =>
  receiver.received.filter(({ body }) => JSON.parse(body).type === type);

it('a bank that is connected is told of: signed, in ids, under the id of the change log', async () => {
  const { secret } = await register();
  const bob = new User(test, 'bob');
  const id = await bob.connect({ providerId: 'ob-monzo' }, { user: 'john2', password: 'doe2' });
  // An endpoint is sent a few messages at once; the others take turns within seconds.
  await liveUntil(test, clock, hours(0.1));
  for (const message of receiver.received) verify(secret, message);
  const [created] = received('consent.created');
  expect(JSON.parse(created?.body ?? '')).toEqual({
    type: 'consent.created',
    timestamp: expect.stringMatching(/^2026-03-02T09:\d\d:\d\d\.000Z$/),
    data: { viewerSubject: 'bob', consentId: id },
  });
  // Messages are sent side by side, and balances are changes of accounts too.
  const accounts = received('accounts.changed').map(({ body }) => JSON.parse(body).data);
  const { data } = await bob.ask('{ accounts { nodes { id } } }');
  const ids = data.accounts.nodes.map((account: { id: string }) => account.id);
  expect(
    accounts.map((told) => ({ ...told, accountIds: told.accountIds.toSorted() })),
  ).toContainEqual({
    viewerSubject: 'bob',
    consentId: id,
    count: ids.length,
    accountIds: ids.toSorted(),
  });
  const [transactions] = received('transactions.changed');
  expect(JSON.parse(transactions?.body ?? '').data.count).toBeGreaterThan(0);
  expect(received('history.completed')).toHaveLength(1);
  const { rows } = await owner.query(
    `select count(distinct event_id)::int as events from change c join viewer v on v.id = c.viewer_id
     where v.subject = 'bob'`,
  );
  expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(
    rows[0].events,
  );
  const newest = await bob.ask(`{ consent(id: "${id}") { lastEventId } }`);
  const told = receiver.received.map(({ headers }) => headers['webhook-id']);
  expect(told).toContain(newest.data.consent.lastEventId);
  expect((await deliveries()).every(({ status }) => status === 'DELIVERED')).toBe(true);
});

it('there is a delivery if and only if the change was committed, and for those who want it', async () => {
  await register('CONSENT_CHANGED');
  await register('ALERT_RAISED', '/other');
  await expect(change(true)).rejects.toThrow('taken back');
  expect(await deliveries()).toEqual([]);
  await change();
  await settle(test, clock);
  expect(receiver.received.map(({ path }) => path)).toEqual(['/']);
  expect((await alice.ask(`{ consent(id: "${consent}") { lastEventId } }`)).data.consent).toEqual({
    lastEventId: receiver.received[0]?.headers['webhook-id'],
  });
});

it('what fails is sent again for a day, under the same id, and then given up and replayed', async () => {
  const { id, secret } = await register('CONSENT_CHANGED');
  receiver.answer = (_message, response) => void response.writeHead(500).end();
  await change();
  await settle(test, clock);
  expect(await deliveries()).toMatchObject([
    { status: 'PENDING', attempts: 1, lastStatus: 500, lastError: 'STATUS' },
  ]);
  await liveUntil(test, clock, hours(28));
  const [failed] = await deliveries();
  expect(failed).toMatchObject({ status: 'FAILED', attempts: 10 });
  const sentAt = receiver.received.map(({ headers }) => Number(headers['webhook-timestamp']));
  expect(sentAt).toHaveLength(10);
  expect((sentAt[9] ?? 0) - (sentAt[0] ?? 0)).toBeGreaterThanOrEqual(24 * 3_600);
  expect((sentAt[9] ?? 0) - (sentAt[0] ?? 0)).toBeLessThan(27 * 3_600);
  receiver.answer = (_message, response) => void response.writeHead(200).end();
  const replay = `replayWebhooks(input: { endpoint: "${id}", since: "2026-03-01T00:00:00Z" })`;
  for (const _time of [1, 2]) {
    await ask(replay, '... on WebhookReplay { since }');
    await settle(test, clock);
  }
  expect(await deliveries()).toMatchObject([
    { status: 'DELIVERED', replayOf: failed.id, eventId: failed.eventId },
    { status: 'FAILED' },
  ]);
  await ask(
    `replayWebhook(input: { delivery: "${failed.id}" })`,
    '... on SentWebhook { delivery { status } }',
  );
  await settle(test, clock);
  expect(receiver.received).toHaveLength(12);
  expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  for (const message of receiver.received) verify(secret, message);
});

it('a worker that dies between sending and writing it down sends again, under the same id', async () => {
  await register('CONSENT_CHANGED');
  await owner.query(`create function die() returns trigger language plpgsql as
    $$ begin raise exception 'the worker is gone'; end $$;
    create trigger die before update on webhook_delivery execute function die()`);
  receiver.answer = async (_message, response) => {
    if (receiver.received.length === 2) await owner.query('drop function die cascade');
    response.writeHead(200).end();
  };
  await change();
  await settle(test, clock);
  await liveUntil(test, clock, hours(1));
  expect(receiver.received).toHaveLength(2);
  expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  expect(await deliveries()).toMatchObject([{ status: 'DELIVERED', attempts: 1 }]);
});

it('for a day after a rotation both secrets verify, and then the new one alone', async () => {
  const { id, secret: old } = await register('CONSENT_CHANGED');
  const { secret } = await ask(
    `rotateWebhookSecret(input: { id: "${id}" })`,
    '... on WebhookEndpointWithSecret { secret }',
  );
  await change();
  await settle(test, clock);
  await liveUntil(test, clock, hours(24));
  await change();
  await settle(test, clock);
  const [first, second] = receiver.received as [any, any];
  expect(() => [verify(old, first), verify(secret, first), verify(secret, second)]).not.toThrow();
  expect(() => verify(old, second)).toThrow('No matching signature');
});

it('a secret of before a rotation that is lost keeps nothing from being sent', async () => {
  const { id } = await register('CONSENT_CHANGED');
  const { secret } = await ask(
    `rotateWebhookSecret(input: { id: "${id}" })`,
    '... on WebhookEndpointWithSecret { secret }',
  );
  await owner.query(
    `update webhook_endpoint set sealed_previous_secret = overlay(sealed_previous_secret
       placing 'AAAA' from length(sealed_previous_secret) - 9)`,
  );
  await change();
  await settle(test, clock);
  expect(() => verify(secret, receiver.received[0] as any)).not.toThrow();
});

it('a change of encryption keys seals the secrets of endpoints anew', async () => {
  const { secret } = await register('CONSENT_CHANGED');
  const { app } = test.house;
  const [fresh] = parseKeyRing(`fresh:${randomBytes(32).toString('base64')}`);
  await rotateKeys({ database: app.database, keys: [fresh, ...app.keys] });
  const { rows } = await owner.query('select * from webhook_endpoint');
  expect(keyIdOf(rows[0].sealed_secret)).toBe('fresh');
  const row = { id: rows[0].id, sealedSecret: rows[0].sealed_secret } as WebhookEndpoint;
  expect(await openSecret({ keys: [fresh] }, row)).toBe(secret);
  await rotateKeys({ database: app.database, keys: [app.keys[0], fresh] });
});

it('an endpoint that says it is gone, or fails for days, is disabled with an alarm', async () => {
  const { id } = await register('CONSENT_CHANGED');
  const state = async () => {
    const { data } = await ops.ask(
      '{ operations { webhookEndpoints { enabled disabledReason } alarms { kind } } }',
    );
    return data.operations;
  };
  const enable = () =>
    ask(
      `updateWebhookEndpoint(input: { id: "${id}", enabled: true })`,
      '... on UpdatedWebhookEndpoint { endpoint { enabled } }',
    );
  receiver.answer = (_message, response) => void response.writeHead(410).end();
  await change();
  await settle(test, clock);
  expect(await state()).toEqual({
    webhookEndpoints: [{ enabled: false, disabledReason: 'GONE' }],
    alarms: [{ kind: 'WEBHOOK_DISABLED' }],
  });
  await change();
  await settle(test, clock);
  expect(receiver.received).toHaveLength(1);
  await enable();
  expect(await state()).toEqual({
    webhookEndpoints: [{ enabled: true, disabledReason: null }],
    alarms: [],
  });
  receiver.answer = (_message, response) => void response.writeHead(503).end();
  await change();
  await settle(test, clock);
  await owner.query(
    `update webhook_endpoint set failing_since = failing_since - interval '5 days'`,
  );
  expect((await state()).webhookEndpoints[0].enabled).toBe(true);
  await liveUntil(test, clock, hours(0.1));
  expect((await state()).webhookEndpoints).toEqual([{ enabled: false, disabledReason: 'FAILING' }]);
  await enable();
});

it('a test is sent once, to a disabled endpoint too', async () => {
  const { id, secret } = await register();
  await ask(
    `updateWebhookEndpoint(input: { id: "${id}", enabled: false })`,
    '... on UpdatedWebhookEndpoint { endpoint { id } }',
  );
  receiver.answer = (_message, response) => void response.writeHead(500).end();
  const { delivery } = await ask(
    `sendTestWebhook(input: { endpoint: "${id}" })`,
    '... on SentWebhook { delivery { test status } }',
  );
  expect(delivery).toEqual({ test: true, status: 'PENDING' });
  await settle(test, clock);
  await liveUntil(test, clock, hours(1));
  expect(receiver.received).toHaveLength(1);
  expect(verify(secret, receiver.received[0] as any)).toMatchObject({
    type: 'webhook.test',
    data: { endpointId: id },
  });
  expect(await deliveries()).toMatchObject([{ test: true, status: 'FAILED', attempts: 1 }]);
});

it('a slow endpoint has few connections, and holds up no other', async () => {
  await register('CONSENT_CHANGED', '/slow');
  const waiting: (() => void)[] = [];
  const others = Promise.withResolvers<void>();
  receiver.answer = ({ path }, response) => {
    if (path === '/slow') waiting.push(() => response.writeHead(200).end());
    else {
      response.writeHead(200).end();
      if (receiver.received.filter((message) => message.path === '/quick').length === 12)
        others.resolve();
    }
  };
  for (let count = 0; count < 8; count += 1) await change();
  await register('CONSENT_CHANGED', '/quick');
  for (let count = 0; count < 12; count += 1) await change();
  const living = settle(test, clock);
  await others.promise;
  expect(waiting.length).toBeLessThanOrEqual(4);
  receiver.answer = (_message, response) => void response.writeHead(200).end();
  for (const answer of waiting) answer();
  await living;
  await liveUntil(test, clock, hours(1));
  expect((await deliveries('status: PENDING')).length).toBe(0);
  expect(
    new Set(receiver.received.map(({ path, headers }) => path + headers['webhook-id'])).size,
  ).toBe(32);
});

it('a bank that turns unwell, and back, is told of once each, as nobody’s news', async () => {
  await register('PROVIDER_DOWN, PROVIDER_UP');
  const url = new URL(test.simulator.authUrl);
  for (const healthy of [true, false, false, true]) {
    await fetch(new URL('/control/banks/ob-lloyds', url), {
      method: 'PATCH',
      body: JSON.stringify({ healthy }),
    });
    await refreshProviders(test.house.app);
    await settle(test, clock);
  }
  const bodies = receiver.received.map(({ body }) => JSON.parse(body));
  const data = { providerId: globalIdOf('Provider', 'ob-lloyds') };
  expect(bodies).toMatchObject([
    { type: 'provider.down', data },
    { type: 'provider.up', data },
  ]);
});

it('deliveries are walled off like all else of a viewer, and go with them', async () => {
  await register('CONSENT_CHANGED');
  await change();
  const { database } = test.house.app;
  const { rows } = await owner.query(`select id from viewer where subject = 'bob'`);
  expect(await database.reader(rows[0].id).webhookDelivery.count()).toBe(0);
  expect(await database.reader(viewerId).webhookDelivery.count()).toBe(1);
  await settle(test, clock);
  const refused = await alice.ask('{ operations { webhookDeliveries { nodes { id } } } }');
  expect(refused.errors?.[0]?.extensions?.code).toBe('FORBIDDEN');
  const theft = await alice.ask(
    'mutation { createWebhookEndpoint(input: { url: "https://evil.example/" }) { __typename } }',
  );
  expect(theft.errors?.[0]?.extensions?.code).toBe('FORBIDDEN');
  expect(await ask(`deleteWebhookEndpoint(input: { id: "${consent}" })`, '')).toEqual({
    __typename: 'WebhookUnknown',
    code: 'WEBHOOK_ENDPOINT_UNKNOWN',
  });
});

it('every act of an operator stays written, with who did it', async () => {
  const { id } = await register();
  await ask(`deleteWebhookEndpoint(input: { id: "${id}" })`, '');
  const { data } = await ops.ask(
    '{ operations { acts(first: 2) { nodes { act operator subject correlationId } } } }',
  );
  const subject = Buffer.from(id, 'base64').toString().split(':')[1];
  expect(data.operations.acts.nodes).toEqual(
    ['WEBHOOK_ENDPOINT_DELETED', 'WEBHOOK_ENDPOINT_CREATED'].map((act) => ({
      act,
      operator: 'ops',
      subject,
      correlationId: expect.any(String),
    })),
  );
  for (const statement of [
    `update operator_act set operator = 'nobody'`,
    'delete from operator_act',
    'truncate operator_act',
  ]) {
    await expect(owner.query(statement)).rejects.toThrow('append-only');
    await expect(test.house.app.database.pool.query(statement)).rejects.toThrow('denied');
  }
});
