import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DIRECT_DEBITS, STANDING_ORDERS } from '../../src/accounts/mandates.ts';
import { saveHolders } from '../../src/accounts/holders.ts';
import { mergeAccounts } from '../../src/accounts/merge.ts';
import { saveBalance } from '../../src/accounts/save-balance.ts';
import { type MandateOwner, saveMandates } from '../../src/accounts/save-mandates.ts';
import { splitAccount } from '../../src/accounts/split.ts';
import { DAY, HOUR, later } from '../../src/base/clock.ts';
import { balanceShape } from '../../src/truelayer/wire-balance.ts';
import { directDebitShape } from '../../src/truelayer/wire-direct-debit.ts';
import { infoShape } from '../../src/truelayer/wire-info.ts';
import { standingOrderShape } from '../../src/truelayer/wire-standing-order.ts';
import { startTestHouse, type TestHouse } from '../support/house.ts';
import { User } from '../support/user.ts';
import { readWire } from '../truelayer/read-wire.ts';

let test: TestHouse;
let owner: pg.Client;
let alice: User;
let account: MandateOwner & { readonly consentId: string };
const now = new Date('2026-03-02T09:00:00Z');

beforeAll(async () => {
  // Only the API: no worker fills the account with rows of its own.
  test = await startTestHouse({ environment: { ROLE: 'api' } });
  owner = new pg.Client(test.databaseUrl);
  await owner.connect();
  alice = new User(test, 'alice');
  await alice.connect();
});
afterAll(async () => {
  await owner.end();
  await test.close();
});

// An account of its own for each test.
beforeEach(async () => {
  const { rows } = await owner.query(
    `insert into account (id, viewer_id, consent_id, environment, provider_id, provider_account_id,
       kind, display_name, currency, first_seen_at, seen_at)
     select gen_random_uuid(), viewer_id, id, environment, provider_id, gen_random_uuid()::text,
       'BANK_ACCOUNT', 'Test', 'GBP', $1, $1 from consent
     returning id, viewer_id as "viewerId", consent_id as "consentId", kind, currency`,
    [now],
  );
  account = rows[0];
});

const debit = (name: string, more: object = {}) =>
  readWire(directDebitShape, { direct_debit_id: Math.random().toString(), name, ...more });
const order = (payee: string, more: object = {}) =>
  readWire(standingOrderShape, {
    payee,
    frequency: 'IntrvlMnthDay:01:26',
    status: 'Active',
    currency: 'GBP',
    ...more,
  });
const listing = <T>(items: readonly T[], refused = 0) => ({
  items,
  refused,
  refusedReasons: [],
  refusals: [],
});
const write = <T>(work: Parameters<typeof test.house.app.database.transact<T>>[1]) =>
  test.house.app.database.transact(account.viewerId, work);
const saveDebits = (names: readonly ReturnType<typeof debit>[], at = now, refused = 0) =>
  write((tx) =>
    saveMandates(test.house.app, tx, DIRECT_DEBITS, account, listing(names, refused), at),
  );
const saveOrders = (orders: readonly ReturnType<typeof order>[], at = now) =>
  write((tx) => saveMandates(test.house.app, tx, STANDING_ORDERS, account, listing(orders), at));
const debits = async () =>
  (
    await owner.query(
      `select id, name, ended_at is not null as ended from direct_debit where account_id = $1
       order by name, id`,
      [account.id],
    )
  ).rows;
const ask = async (fields: string) => {
  const id = btoa(`BankAccount:${account.id}`);
  const { data, errors } = await alice.ask(`query ($id: ID!) { account(id: $id) { ${fields} } }`, {
    id,
  });
  expect(errors).toBeUndefined();
  return data.account;
};

describe('direct debits', () => {
  it('keep their ids through readings, end where they are missing, and come back', async () => {
    const change = [{ subject: 'ACCOUNT', subjectId: account.id, act: 'CHANGED' }];
    const both = () => [
      debit('GAS', { meta: { provider_mandate_identification: '6' } }),
      debit('GYM'),
    ];
    expect(await saveDebits(both())).toEqual(change);
    const first = await debits();
    expect(await saveDebits(both(), later(now, HOUR))).toEqual([]);
    expect(await debits()).toEqual(first);
    expect(await saveDebits([debit('GAS')], later(now, 2 * HOUR))).toEqual(change);
    expect(await debits()).toMatchObject([{ ended: false }, { name: 'GYM', ended: true }]);
    // What an older question is answered late says nothing any more.
    expect(await saveDebits([], later(now, HOUR))).toEqual([]);
    expect(await saveDebits(both(), later(now, 3 * HOUR))).toEqual(change);
    expect(await debits()).toEqual(first);
  });

  it('end for no list that was not understood whole, and all for an empty one', async () => {
    await saveDebits([debit('GAS'), debit('GYM')]);
    await saveDebits([debit('GAS')], later(now, HOUR), 1);
    expect((await debits()).map(({ ended }) => ended)).toEqual([false, false]);
    await saveDebits([], later(now, 2 * HOUR));
    expect((await debits()).map(({ ended }) => ended)).toEqual([true, true]);
  });

  it('of two answers at once are saved once', async () => {
    await Promise.all([saveDebits([debit('GAS')]), saveDebits([debit('GAS')])]);
    expect(await debits()).toHaveLength(1);
  });

  it('are read a page at a time, those that ended only if asked for, and by their viewer alone', async () => {
    await saveDebits([
      debit('GAS', {
        status: 'Inactive',
        previous_payment_amount: 25,
        previous_payment_timestamp: '2026-02-27T00:00:00',
      }),
      debit('GYM'),
      debit('TV', { status: 'Odd' }),
    ]);
    await saveDebits(
      [debit('GAS', { status: 'Inactive', previous_payment_amount: 25.5 }), debit('TV')],
      later(now, HOUR),
    );
    const fields = (given: string) => `... on BankAccount { directDebitsReadAt
      directDebits(${given}) { pageInfo { hasNextPage endCursor }
        nodes { name status endedAt previousPaymentAmount { amount minorUnits currency } } } }`;
    const page = await ask(fields('first: 2, includeEnded: true'));
    expect(page).toMatchObject({
      directDebitsReadAt: later(now, HOUR).toISOString(),
      directDebits: {
        pageInfo: { hasNextPage: true },
        nodes: [
          {
            name: 'GAS',
            status: 'INACTIVE',
            endedAt: null,
            previousPaymentAmount: { amount: '25.50', minorUnits: '2550', currency: 'GBP' },
          },
          { name: 'GYM', status: 'ENDED', previousPaymentAmount: null },
        ],
      },
    });
    const after = page.directDebits.pageInfo.endCursor;
    const rest = await ask(fields(`first: 2, includeEnded: true, after: "${after}"`));
    expect(rest.directDebits.nodes).toMatchObject([{ name: 'TV', status: 'UNKNOWN' }]);
    const living = await ask(fields('first: 2'));
    expect(living.directDebits.nodes.map(({ name }: any) => name)).toEqual(['GAS', 'TV']);
    const { data } = await new User(test, 'mallory').ask(
      `query ($id: ID!) { account(id: $id) { id } }`,
      { id: btoa(`BankAccount:${account.id}`) },
    );
    expect(data.account).toBeNull();
  });
});

it('standing orders show money, days and how often, and are the same when their amount changes', async () => {
  const rent = {
    next_payment_date: '2026-04-01T00:00:00+01:00',
    next_payment_amount: 900,
    final_payment_date: '9999-12-31T00:00:00+00:00',
    reference: 'RENT',
  };
  const fields = `... on BankAccount { standingOrders { nodes { id payee reference status
    frequency { unit interval day text } nextPaymentOn nextPaymentAmount { amount } finalPaymentOn
    changedAt } } }`;
  await saveOrders([order('LANDLORD', rent)]);
  const [first] = (await ask(fields)).standingOrders.nodes;
  expect(first).toMatchObject({
    payee: 'LANDLORD',
    reference: 'RENT',
    status: 'ACTIVE',
    frequency: { unit: 'MONTH', interval: 1, day: 26, text: 'IntrvlMnthDay:01:26' },
    nextPaymentOn: '2026-04-01',
    nextPaymentAmount: { amount: '900.00' },
    finalPaymentOn: null,
  });
  await saveOrders(
    [order('LANDLORD', { ...rent, next_payment_amount: '950.10' })],
    later(now, DAY),
  );
  expect((await ask(fields)).standingOrders.nodes).toMatchObject([
    {
      id: first.id,
      nextPaymentAmount: { amount: '950.10' },
      changedAt: later(now, DAY).toISOString(),
    },
  ]);
});

describe('balances', () => {
  const save = (current: string, at: Date, currency = 'GBP') =>
    write((tx) =>
      saveBalance(tx, account, readWire(balanceShape, { currency, current, available: null }), at),
    );

  it('have a history of the days on which they changed, newest first, and are logged only then', async () => {
    const log = [];
    for (const [current, hours] of [
      ['10', 0],
      ['10', 1],
      ['12.5', 2],
      ['11', 3],
      ['11.0', 24],
      ['99', 26],
      ['7', 25],
      ['20', 48],
    ] as const) {
      log.push((await save(current, later(now, hours * HOUR))).length);
    }
    // An answer that comes late is of the past, and 11.0 is 11.
    expect(log).toEqual([1, 0, 1, 1, 0, 1, 0, 1]);
    const fields = (page: string) => `balance { current { amount } fetchedAt }
      balances(${page}) { pageInfo { hasNextPage endCursor }
        nodes { current { amount } owed { amount } fetchedAt } }`;
    const page = await ask(fields('first: 2'));
    expect(page.balance.current.amount).toBe('20.00');
    expect(page.balances.nodes).toMatchObject([
      { current: { amount: '20.00' }, owed: null, fetchedAt: '2026-03-04T09:00:00.000Z' },
      { current: { amount: '99.00' }, fetchedAt: '2026-03-03T11:00:00.000Z' },
    ]);
    const rest = await ask(fields(`first: 2, after: "${page.balances.pageInfo.endCursor}"`));
    expect(rest.balances).toMatchObject({
      pageInfo: { hasNextPage: false },
      nodes: [{ current: { amount: '11.00' } }],
    });
  });

  it.each([
    ['JPY', '1200', '1200', '1200'],
    ['KWD', '0.1', '0.100', '100'],
    ['BHD', '-0', '0.000', '0'],
    ['CLF', '1.23456', '1.23456', '12346'],
    ['EUR', '1e21', '1000000000000000000000.00', '100000000000000000000000'],
    ['XBT', '-0.30000000000000004', '-0.30000000000000004', '-30'],
  ])('in %s of %s are exact: %s, in minor units %s', async (currency, current, amount, units) => {
    await save(current, now, currency);
    const { balance } = await ask('balance { current { amount minorUnits currency } }');
    expect(balance.current).toEqual({ amount, minorUnits: units, currency });
  });
});

it('an account that is merged brings them along, what both have once, and takes them back', async () => {
  const older = account;
  const { rows } = await owner.query(
    `insert into account select (jsonb_populate_record(a, jsonb_build_object(
       'id', gen_random_uuid(), 'provider_account_id', 'newer', 'seen_at', $2::timestamptz))).*
     from account a where id = $1 returning id`,
    [older.id, later(now, DAY)],
  );
  const newer = { ...older, id: rows[0].id as string };
  await owner.query(
    `insert into account_alias select viewer_id, environment, provider_id, kind,
       provider_account_id, id, consent_id, first_seen_at, seen_at from account where id = $1`,
    [newer.id],
  );
  // The newest list of their consent holds the newer alone.
  await owner.query(
    `insert into account_feed select consent_id, id, viewer_id, provider_account_id, seen_at
     from account where id = $1`,
    [newer.id],
  );
  const balanceOf = (current: string, at: Date) =>
    write((tx) =>
      saveBalance(tx, account, readWire(balanceShape, { currency: 'GBP', current }), at),
    );
  await saveDebits([debit('GAS'), debit('OLD')]);
  await balanceOf('1', now);
  account = newer;
  await saveDebits([debit('GAS'), debit('GYM')], later(now, DAY));
  await saveOrders([order('LANDLORD')], later(now, DAY));
  await balanceOf('2', now);
  await balanceOf('3', later(now, DAY));
  const held = async () => {
    const tables = ['direct_debit', 'standing_order', 'balance_day', 'balance'];
    const found = await owner.query(
      tables
        .map((name) => `select to_jsonb(t)::text as row from ${name} t where account_id = any ($1)`)
        .join(' union all ') + ' order by 1',
      [[older.id, newer.id]],
    );
    return found.rows;
  };
  const before = await held();
  const { app } = test.house;
  const { viewerId } = account;
  await mergeAccounts(app, { viewerId, keepId: older.id, mergeId: newer.id });
  account = older;
  const kept = await ask(`balances { nodes { current { amount } } } ... on BankAccount {
    directDebitsReadAt directDebits { nodes { name } } standingOrders { nodes { payee } } }`);
  expect(kept).toEqual({
    balances: { nodes: [{ current: { amount: '3.00' } }, { current: { amount: '1.00' } }] },
    directDebitsReadAt: later(now, DAY).toISOString(),
    directDebits: { nodes: [{ name: 'GAS' }, { name: 'GYM' }, { name: 'OLD' }] },
    standingOrders: { nodes: [{ payee: 'LANDLORD' }] },
  });
  await splitAccount(app, { viewerId, accountId: newer.id });
  expect(await held()).toEqual(before);
});

it('holders are shown in full with the scope alone, replaced by a newer answer, and told when they change', async () => {
  const jane = {
    full_name: 'Jane Roe',
    emails: ['jane@example.com'],
    phones: ['+447700900123'],
    addresses: [{ address: '1 Market Street', city: 'Bath', zip: 'BA1', country: 'UK' }, {}],
    date_of_birth: '1980-01-31T00:00:00Z',
  };
  const consent = { id: account.consentId, viewerId: account.viewerId };
  const save = (holders: object[], at: Date) =>
    write((tx) =>
      saveHolders(
        tx,
        consent,
        holders.map((holder) => readWire(infoShape, holder)),
        at,
      ),
    );
  expect(await save([jane, { full_name: 'Alex Roe' }], now)).toHaveLength(1);
  expect(await save([jane, { full_name: 'Alex Roe' }], later(now, HOUR))).toEqual([]);
  expect(await save([], now)).toEqual([]);
  const query = `query ($id: ID!) { consent(id: $id) { holders { fullName emails phones dateOfBirth
    addresses { street city postCode region country } } } }`;
  const id = btoa(`Consent:${consent.id}`);
  const { data } = await alice.ask(query, { id });
  expect(data.consent.holders).toEqual([
    {
      fullName: 'Jane Roe',
      emails: ['jane@example.com'],
      phones: ['+447700900123'],
      dateOfBirth: '1980-01-31',
      addresses: [
        { street: '1 Market Street', city: 'Bath', postCode: 'BA1', region: null, country: 'UK' },
      ],
    },
    { fullName: 'Alex Roe', emails: [], phones: [], dateOfBirth: null, addresses: [] },
  ]);
  const masked = await fetch(`${test.house.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${await test.issuer.issue('alice', 'openid')}`,
    },
    body: JSON.stringify({ query, variables: { id } }),
  });
  const { data: hidden } = (await masked.json()) as { data: any };
  expect(hidden.consent.holders[0]).toEqual({
    fullName: 'J••• R•••',
    emails: ['j•••@•••'],
    phones: ['•••••••••0123'],
    dateOfBirth: null,
    addresses: null,
  });
  const lines = await fetch(`${test.house.url}/export`, {
    headers: { authorization: `Bearer ${await test.issuer.issue('alice')}` },
  });
  expect(await lines.text()).toContain('"emails" : ["jane@example.com"]');
});
