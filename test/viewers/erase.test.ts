import pg from 'pg';
import type { TestClock } from 'pg-boss';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { raiseAlarm } from '../../src/alarms/alarms.ts';
import type { App } from '../../src/app.ts';
import { HOUR, MINUTE, SECOND } from '../../src/base/clock.ts';
import { ConsentEndedError } from '../../src/consents/held.ts';
import { revokeConsent } from '../../src/consents/revoke.ts';
import { withBankAccess } from '../../src/consents/tokens.ts';
import { viewerIdOf } from '../../src/http/bearer.ts';
import { jobs } from '../../src/jobs.ts';
import type { TrueLayer } from '../../src/truelayer/client.ts';
import { continueErasure, sweepErasures } from '../../src/viewers/erase-rows.ts';
import { startTestHouse, storyClock, type TestHouse } from '../support/house.ts';
import { readEvents } from '../support/sse.ts';
import { liveUntil, settle } from '../support/time.ts';
import { User } from '../support/user.ts';
import { dumpEverything, findWords, rowsOfViewer } from './everything.ts';

/** Quick to read: no transactions. */
const SMALL = { providerId: 'ob-lloyds', scopes: ['accounts', 'offline_access'] };
const JOHN = { user: 'john', password: 'doe' };

let clock: TestClock;
let test: TestHouse;
let app: App;
let owner: pg.Client;
let alice: User;

beforeEach(async () => {
  clock = storyClock();
  test = await startTestHouse({ clock });
  app = test.house.app;
  owner = new pg.Client(test.databaseUrl);
  await owner.connect();
  alice = new User(test, 'alice');
});
afterEach(async () => {
  await owner.end();
  await test.close();
});

const idOf = (name: string) => viewerIdOf(test.issuer.issuer, name);
const ERASE = `mutation ($confirmation: String!) { eraseViewer(input: { confirmation: $confirmation }) {
  __typename ... on ErasedViewer { requestedAt } ... on Error { code } } }`;
const erase = async (who = alice, confirmation = 'ERASE') => {
  const { data, errors } = await who.ask(ERASE, { confirmation });
  expect(errors).toBeUndefined();
  return data.eraseViewer;
};
const forward = (milliseconds: number) =>
  liveUntil(test, clock, new Date(clock.now() + milliseconds));
const rowsLeft = async (name = 'alice') =>
  (await rowsOfViewer(owner, idOf(name))).map(({ table }) => table);
const statesAtBank = () => test.simulator.consents().map(({ state }) => state);
const erasureIds = async () =>
  (await owner.query('select id from erasure order by id')).rows.map(({ id }) => id as string);

/** The house with another TrueLayer in its hands. */
const speakingBy = (truelayer: Partial<TrueLayer>): App => ({
  ...app,
  truelayer: { ...app.truelayer, ...truelayer },
});

it('within a minute nothing of a user is left anywhere, and others keep all of theirs', async () => {
  const bob = new User(test, 'bob');
  await bob.connect(
    { providerId: 'ob-yorkshire-building-society' },
    { user: 'john2', password: 'doe2' },
  );
  test.simulator.hand.add(
    { user: 'john', providerId: 'ob-lloyds' },
    { amount: '-9.99', description: 'PLANTED ROW' },
  );
  await alice.connect({ providerId: 'ob-lloyds', context: 'planted context' });
  await settle(test, clock);
  // One that was taken back while its bank was away, so that its tokens still wait here.
  const second = await alice.connect({ ...SMALL, providerId: 'ob-monzo' });
  await settle(test, clock);
  test.simulator.faults.order({ path: /api\/delete$/, times: 1, status: 503 });
  const [viewerId, bobId] = [idOf('alice'), idOf('bob')];
  const consentId = atob(second).split(':')[1] ?? '';
  await revokeConsent(app, { viewerId, consentId, data: 'KEEP' });
  await forward(5 * SECOND);
  const back = await alice.walk(await alice.beginLink(SMALL));
  await owner.query(`update transaction set note = 'planted note', own_category = 'planted category'
    where description = 'PLANTED ROW'`);
  // All users of the simulator have one name.
  await owner.query(`update account set holder_name = 'Planted Holder' where viewer_id = $1`, [
    viewerId,
  ]);
  const subject = consentId;
  await raiseAlarm(app, { kind: 'TOKEN_UNREADABLE', environment: app.client.environment, subject });

  const hers = await rowsOfViewer(owner, viewerId);
  expect(new Set(hers.map(({ table }) => table))).toEqual(
    new Set(
      `account account_alias account_feed auth_link balance balance_day change change_counter consent
       consent_credential consent_move consent_receipt direct_debit history_span holder revocation
       standing_order transaction viewer`.split(/\s+/),
    ),
  );
  const texts = ['iban', 'account_number', 'holder_name', 'provider_account_id', 'note', 'context'];
  const words = new Set(
    hers.flatMap(({ table, values }) => [
      ...(table === 'change_counter' ? [] : [values['id'], values['consent_id']]),
      ...texts.map((name) => values[name]),
      ...(values['description'] === 'PLANTED ROW' ? ['PLANTED ROW', values['transaction_id']] : []),
    ]),
  );
  const canaries = [...words, viewerId, '"alice"', 'planted', 'Planted'].filter(
    (word): word is string => typeof word === 'string',
  );
  expect(canaries.length).toBeGreaterThan(1_000);
  const before = await dumpEverything(owner);
  for (const table of [
    'public.viewer',
    'public.transaction',
    'pgboss.job_common',
    'public.change',
  ]) {
    expect(
      findWords(
        before.filter((row) => row.table === table),
        canaries,
      ),
    ).not.toEqual([]);
  }
  const his = await rowsOfViewer(owner, bobId);

  const started = clock.now();
  expect(await erase()).toEqual({
    __typename: 'ErasedViewer',
    requestedAt: new Date(started).toISOString(),
  });
  await forward(MINUTE);
  expect(findWords(await dumpEverything(owner), canaries)).toEqual([]);
  expect(await rowsOfViewer(owner, bobId)).toEqual(his);
  const { rows } = await owner.query('select * from erasure');
  expect(rows).toMatchObject([{ requested_at: new Date(started) }]);
  expect(rows[0].finished_at - started).toBeLessThan(MINUTE);

  // The banks know, and nothing that comes late brings anything back: the last link has a code of its own.
  const ended = test.simulator.consents().map(({ user, state }) => `${user} ${state}`);
  expect(ended.toSorted()).toEqual([
    'john deleted-by-client',
    'john deleted-by-client',
    'john live',
    'john2 live',
  ]);
  const calls = test.simulator.journal.entries.length;
  expect((await alice.open(back)).status).toBe(400);
  await forward(HOUR);
  expect(test.simulator.journal.entries).toHaveLength(calls);
  expect(findWords(await dumpEverything(owner), canaries)).toEqual([]);
  expect(test.logLines.join('').match(/alice|planted|john/i)).toBeNull();
});

describe('while it is under way', () => {
  beforeEach(async () => {
    await alice.connect(SMALL, JOHN);
    await settle(test, clock);
  });

  it('there is nothing to read, nothing can begin, and what was followed ends', async () => {
    const { data } = await alice.ask('{ consents { nodes { id } } accounts { nodes { id } } }');
    const [consent, account] = [data.consents.nodes[0].id, data.accounts.nodes[0].id];
    const following = new AbortController();
    const stream = await alice.post(
      'subscription ($id: ID!) { consent(id: $id) { status } }',
      { id: consent },
      following.signal,
    );
    const events = readEvents(stream);
    expect((await events.next()).value.data.consent.status).toBe('ACTIVE');

    await erase();
    expect(await rowsLeft()).toContain('account');
    const { data: seen, errors } = await alice.ask(
      `query ($consent: ID!, $account: ID!) {
        consents { nodes { id } } accounts { nodes { id } } transactions { nodes { id } }
        viewer { accounts { nodes { id } } } consent(id: $consent) { id } node(id: $account) { id } }`,
      { consent, account },
    );
    expect(errors).toBeUndefined();
    expect(seen).toEqual({
      consents: { nodes: [] },
      accounts: { nodes: [] },
      transactions: { nodes: [] },
      viewer: { accounts: { nodes: [] } },
      consent: null,
      node: null,
    });
    await expect(alice.beginLink(SMALL)).rejects.toThrow('ERASURE_UNDER_WAY');
    expect((await events.next()).done).toBe(true);
    // Asked again, it is the same erasure.
    await erase();
    expect(await erasureIds()).toHaveLength(1);

    await forward(MINUTE);
    await alice.connect(SMALL, JOHN);
    await settle(test, clock);
    expect(await rowsLeft()).toContain('account');
  });

  it('a crash is made up for by a job, and doubles nothing', async () => {
    await erase();
    const [erasureId = ''] = await erasureIds();
    let transactions = 0;
    const transact: App['database']['transact'] = (viewerId, work) => {
      transactions += 1;
      if (transactions === 2) throw new Error('killed');
      return app.database.transact(viewerId, work);
    };
    const killed = { ...app, database: { ...app.database, transact } };
    await expect(continueErasure(killed, erasureId)).rejects.toThrow('killed');
    expect(await rowsLeft()).toContain('viewer');
    await owner.query(`delete from pgboss.job where name like 'erase-viewer/%'`);
    await sweepErasures(app);
    await Promise.all([continueErasure(app, erasureId), continueErasure(app, erasureId)]);
    await settle(test, clock);
    expect(await rowsLeft()).toEqual([]);
    const { rows } = await owner.query('select * from revocation');
    expect(rows).toMatchObject([{ cause: 'ERASED', consent_id: null, sealed_refresh: null }]);
    expect(statesAtBank()).toEqual(['deleted-by-client']);
  });
});

describe('what comes late', () => {
  it('adds nothing: no job of any kind, and its own trace goes too', async () => {
    await alice.connect(SMALL);
    await settle(test, clock);
    const { rows } = await owner.query(
      `select c.id as "consentId", c.auth_link_id as "linkId" from consent c`,
    );
    const payload = { viewerId: idOf('alice'), ...rows[0], spanId: rows[0].consentId };
    await erase();
    await forward(5 * SECOND);
    expect(await rowsLeft()).toEqual([]);
    const calls = test.simulator.journal.entries.length;
    const late = Object.values(jobs).filter(
      ({ payload: shape }) => 'viewerId' in (shape as unknown as { shape: object }).shape,
    );
    expect(late.length).toBeGreaterThan(7);
    for (const { name } of late) {
      const others = { revocationId: rows[0].linkId, deliveryId: rows[0].linkId };
      await app.queue.sendAlone({ name, payload: { ...payload, ...others } });
    }
    await forward(MINUTE);
    expect(test.logLines.filter((line) => line.includes('job failed'))).toEqual([]);
    expect(await rowsLeft()).toEqual([]);
    expect(test.simulator.journal.entries).toHaveLength(calls);
    expect(findWords(await dumpEverything(owner), [payload.viewerId])).toEqual([]);
  });

  it('of a refresh that was under way, is not stored', async () => {
    await alice.connect(SMALL);
    await settle(test, clock);
    const { rows } = await owner.query('select id from consent');
    await clock.setTime(clock.now() + 2 * HOUR);
    test.simulator.settings.rotateRefreshTokens = true;
    const [asked, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const heldBack = speakingBy({
      refresh: async (token) => {
        const answer = await app.truelayer.refresh(token);
        asked.resolve();
        await released.promise;
        return answer;
      },
    });
    const access = { viewerId: idOf('alice'), consentId: rows[0].id, attended: false };
    const reading = withBankAccess(heldBack, access, (bank) => bank.accounts());
    await asked.promise;
    await erase();
    released.resolve();
    await expect(reading).rejects.toThrow(ConsentEndedError);
    await forward(MINUTE);
    expect(await rowsLeft()).toEqual([]);
    const { rows: credentials } = await owner.query('select * from consent_credential');
    expect(credentials).toEqual([]);
  });

  it('of a code that was being exchanged, is ended at the bank', async () => {
    const back = await alice.walk(await alice.beginLink(SMALL));
    const own = { ...app.truelayer };
    const [asked, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    Object.assign(app.truelayer, {
      exchangeCode: async (request: Parameters<TrueLayer['exchangeCode']>[0]) => {
        const answer = await own.exchangeCode(request);
        asked.resolve();
        await released.promise;
        return answer;
      },
    });
    const coming = alice.open(back);
    await asked.promise;
    await erase();
    await forward(5 * SECOND);
    released.resolve();
    expect((await coming).status).toBeLessThan(500);
    await forward(MINUTE);
    expect(await rowsLeft()).toEqual([]);
    expect(statesAtBank()).toEqual(['deleted-by-client']);
  });
});

describe('is refused', () => {
  it.each([
    ['a sign-in of eleven minutes ago', 11],
    ['one that is still to come', -2],
  ])('after %s', async (_name, minutes) => {
    await alice.connect(SMALL);
    const signedInAt = new Date(clock.now() - minutes * MINUTE);
    const token = await test.issuer.issue('alice', undefined, undefined, { signedInAt });
    const answer = await fetch(`${test.house.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ query: ERASE, variables: { confirmation: 'ERASE' } }),
    });
    expect((await answer.json()).data.eraseViewer).toEqual({
      __typename: 'SignInAgain',
      code: 'SIGN_IN_AGAIN',
    });
    expect(await rowsLeft()).toContain('consent');
  });

  it('without the word, and is nothing for somebody of whom nothing is stored', async () => {
    expect(await erase(alice, 'erase')).toMatchObject({ code: 'NOT_CONFIRMED' });
    expect(await erase()).toMatchObject({ __typename: 'ErasedViewer' });
    expect(await erasureIds()).toEqual([]);
  });
});
