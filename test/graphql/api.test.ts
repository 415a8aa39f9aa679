import { readdirSync, readFileSync } from 'node:fs';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { TestClock } from 'pg-boss';
import { startTestHouse, storyClock, type TestHouse } from '../support/house.ts';
import { settle } from '../support/time.ts';
import { User } from '../support/user.ts';

const clock: TestClock = storyClock();
let test: TestHouse;
let alice: User;
let bob: User;

beforeAll(async () => {
  test = await startTestHouse({ clock });
  alice = new User(test, 'alice');
  bob = new User(test, 'bob');
  await alice.connect({ providerId: 'ob-lloyds' });
  await bob.connect({ providerId: 'ob-monzo' }, { user: 'john2', password: 'doe2' });
  await settle(test, clock);
});
afterAll(() => test.close());

const anonymous = async (query: string, headers: Record<string, string> = {}) => {
  const answer = await fetch(`${test.house.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query }),
  });
  return { status: answer.status, headers: answer.headers, body: await answer.json() };
};

describe('banks', () => {
  it('are listed without a token, by country, scopes and text', async () => {
    const { body } = await anonymous(
      `{ uk: providers(country: "UK", first: 100) { nodes { country } }
         cards: providers(scopes: ["cards"], first: 100) { nodes { scopes } }
         text: providers(text: "lLoYd") { nodes { providerId } }
         wild: providers(text: "%") { nodes { providerId } }
         one: provider(providerId: "ob-monzo") { displayName } none: provider(providerId: "x") { id } }`,
    );
    expect(body.errors).toBeUndefined();
    const { uk, cards, text, wild, one, none } = body.data;
    expect(uk.nodes.length).toBeGreaterThan(15);
    expect(uk.nodes.every((bank: { country: string }) => bank.country === 'uk')).toBe(true);
    expect(cards.nodes.every((bank: { scopes: string[] }) => bank.scopes.includes('cards'))).toBe(
      true,
    );
    expect(text.nodes.map((bank: { providerId: string }) => bank.providerId)).toContain(
      'ob-lloyds',
    );
    expect(wild.nodes).toEqual([]);
    expect(one).toEqual({ displayName: 'Monzo' });
    expect(none).toBeNull();
  });

  it('come page by page, none twice and none left out', async () => {
    const seen: string[] = [];
    let after: string | null = null;
    for (let page = 0; page < 50; page += 1) {
      const { data } = await alice.ask(
        `query ($after: String) { providers(first: 7, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } }`,
        { after },
      );
      seen.push(...data.providers.nodes.map((bank: { id: string }) => bank.id));
      after = data.providers.pageInfo.endCursor;
      if (!data.providers.pageInfo.hasNextPage) break;
    }
    expect(seen.length).toBeGreaterThan(30);
    expect(new Set(seen).size).toBe(seen.length);
  });
});

describe('transactions', () => {
  const PAGE = `query ($account: ID, $from: Date, $to: Date, $first: Int, $after: String) {
    transactions(account: $account, from: $from, to: $to, first: $first, after: $after) {
      edges { cursor node { id bookedOn } } pageInfo { hasNextPage endCursor hasPreviousPage } } }`;

  async function readAll(variables: object): Promise<{ id: string; bookedOn: string }[]> {
    const all: { id: string; bookedOn: string }[] = [];
    let after: string | null = null;
    for (let page = 0; page < 200; page += 1) {
      const { data, errors }: any = await alice.ask(PAGE, { first: 100, ...variables, after });
      expect(errors).toBeUndefined();
      all.push(...data.transactions.edges.map((edge: any) => edge.node));
      after = data.transactions.pageInfo.endCursor;
      if (!data.transactions.pageInfo.hasNextPage) return all;
    }
    throw new Error('no end of pages');
  }

  it('page by page, over all accounts and by each, are the same rows in order', async () => {
    const all = await readAll({});
    expect(all.length).toBeGreaterThan(2_000);
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
    const days = all.map(({ bookedOn }) => bookedOn);
    expect(days).toEqual(days.toSorted().toReversed());
    const { data } = await alice.ask('{ accounts(first: 100) { nodes { id } } }');
    const byAccount = [];
    for (const { id } of data.accounts.nodes) byAccount.push(...(await readAll({ account: id })));
    expect(byAccount.map(({ id }) => id).toSorted()).toEqual(all.map(({ id }) => id).toSorted());
  });

  it('of days are those of both ends and between', async () => {
    const all = await readAll({});
    const some = await readAll({ from: '2025-02-01', to: '2025-02-28' });
    expect(some).toEqual(
      all.filter(({ bookedOn }) => bookedOn >= '2025-02-01' && bookedOn <= '2025-02-28'),
    );
    expect(some.length).toBeGreaterThan(30);
  });

  it.each([
    [{ first: 0 }, 'BAD_INPUT'],
    [{ first: 101 }, 'BAD_INPUT'],
    [{ after: 'nonsense' }, 'BAD_CURSOR'],
    [{ after: Buffer.from('["x","y"]').toString('base64url') }, 'BAD_CURSOR'],
    [{ account: 'nonsense' }, 'BAD_INPUT'],
    [{ account: Buffer.from('BankAccount:1').toString('base64') }, 'BAD_INPUT'],
  ])('asked for with %j are refused with %s', async (variables, code) => {
    const { errors } = await alice.ask(PAGE, variables);
    expect(errors?.[0]?.extensions).toMatchObject({ code });
  });

  it('of consents are refused by the same word where the cursor is none', async () => {
    const { errors } = await alice.ask('{ consents(after: "nonsense") { nodes { id } } }');
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_CURSOR' });
  });

  it.each(['2026-02-30', '26-1-1', 5])('from %j is refused before anything runs', async (from) => {
    const { data, errors } = await alice.ask(PAGE, { from });
    expect(data).toBeUndefined();
    expect(errors?.[0]?.message).toContain('$from');
  });

  it('of several accounts at once are the first of each', async () => {
    const { data } = await alice.ask(
      `{ accounts(first: 100) { nodes { id displayName transactions(first: 3) { nodes { id account { id } bookedOn } pageInfo { hasNextPage } } } } }`,
    );
    for (const account of data.accounts.nodes) {
      const own = await alice.ask(PAGE, { account: account.id, first: 3 });
      expect(account.transactions.nodes.map((row: any) => row.id)).toEqual(
        own.data.transactions.edges.map((edge: any) => edge.node.id),
      );
      expect(account.transactions.nodes.every((row: any) => row.account.id === account.id)).toBe(
        true,
      );
    }
  });
});

describe('statements', () => {
  it('do not grow in number with the length of a list', async () => {
    await bob.connect({ providerId: 'ob-lloyds' });
    await bob.connect({ providerId: 'ob-hsbc' });
    await settle(test, clock);
    const query = `query ($first: Int) { consents(first: $first) { nodes { id status provider { displayName }
      history { spansDone gaps { account { id } } } alerts { kind }
      accounts(first: 5) { nodes { id provider { displayName } consent { id } transactions(first: 2) { nodes { id account { displayName } } } } } } } }`;
    const statements = async (first: number) => {
      const spy = vi.spyOn(pg.Client.prototype, 'query');
      const { data, errors } = await bob.ask(query, { first });
      const { length } = spy.mock.calls;
      spy.mockRestore();
      expect(errors).toBeUndefined();
      expect(data.consents.nodes).toHaveLength(first);
      return length;
    };
    const one = await statements(1);
    expect(one).toBeGreaterThan(5);
    expect(await statements(3)).toBe(one);
  });
});

describe('money', () => {
  it('has exact text and minor units, and cards say what is owed', async () => {
    const { data } = await alice.ask(
      `{ accounts { nodes { __typename balance { current { amount minorUnits currency } owed { amount } available { amount } } } } }`,
    );
    const cards = data.accounts.nodes.filter((account: any) => account.__typename === 'Card');
    const banks = data.accounts.nodes.filter(
      (account: any) => account.__typename === 'BankAccount',
    );
    expect(cards.length).toBeGreaterThan(0);
    expect(
      cards.every((card: any) => card.balance.current === null && card.balance.owed !== null),
    ).toBe(true);
    for (const { balance } of banks) {
      expect(balance.owed).toBeNull();
      expect(balance.current.amount).toMatch(/^-?\d+\.\d{2}$/);
      expect(balance.current.minorUnits).toBe(
        balance.current.amount.replace('.', '').replace(/^(-?)0+(?=\d)/, '$1'),
      );
    }
  });
});

describe('what belongs to another viewer', () => {
  it('is not found by any field, like what never was', async () => {
    const { data: theirs } = await bob.ask(
      `{ viewer { id } consents { nodes { id } } accounts { nodes { id transactions(first: 1) { edges { cursor node { id } } } } } }`,
    );
    const consent = theirs.consents.nodes[0].id;
    const account = theirs.accounts.nodes[0].id;
    const [edge] = theirs.accounts.nodes[0].transactions.edges;
    const { data, errors } = await alice.ask(
      `query ($consent: ID!, $account: ID!, $transaction: ID!, $ids: [ID!]!) {
        consent(id: $consent) { id } account(id: $account) { id }
        a: node(id: $consent) { id } b: node(id: $account) { id } c: node(id: $transaction) { id }
        nodes(ids: $ids) { id }
        transactions(account: $account) { nodes { id } } }`,
      { consent, account, transaction: edge.node.id, ids: [consent, account, edge.node.id] },
    );
    expect(errors).toBeUndefined();
    expect(data).toEqual({
      consent: null,
      account: null,
      a: null,
      b: null,
      c: null,
      nodes: [null, null, null],
      transactions: { nodes: [] },
    });
    const { data: mine } = await alice.ask(
      'query ($after: String) { transactions(after: $after, first: 100) { nodes { account { id } } } }',
      { after: edge.cursor },
    );
    expect(mine.transactions.nodes.some((row: any) => row.account.id === account)).toBe(false);
  });

  it('cannot be followed', async () => {
    const { data } = await bob.ask('{ consents { nodes { id } } }');
    const answer = await alice.post(
      'subscription ($id: ID!) { consent(id: $id) { id } }',
      { id: data.consents.nodes[0].id },
      AbortSignal.timeout(5_000),
    );
    expect(await answer.text()).toContain('NOT_FOUND');
  });

  it('one’s own is found by node', async () => {
    const { data } = await alice.ask(
      '{ consents { nodes { id } } accounts { nodes { id __typename } } }',
    );
    for (const { id, __typename } of data.accounts.nodes) {
      expect(
        (await alice.ask('query ($id: ID!) { node(id: $id) { __typename id } }', { id })).data.node,
      ).toEqual({ __typename, id });
    }
  });
});

describe('a request', () => {
  it('without a token reaches banks and nothing else', async () => {
    for (const query of [
      '{ viewer { id } }',
      '{ accounts { nodes { id } } }',
      '{ consents { nodes { id } } }',
      '{ transactions { nodes { id } } }',
      'mutation { authLink(input: {}) { __typename } }',
    ]) {
      expect((await anonymous(query)).body.errors[0].extensions.code).toBe('UNAUTHENTICATED');
    }
    expect(
      (
        await anonymous(
          '{ node(id: "UHJvdmlkZXI6b2ItbW9uem8=") { ... on Provider { providerId } } }',
        )
      ).body.data.node,
    ).toEqual({ providerId: 'ob-monzo' });
  });

  it.each([
    ['nonsense', 'Bearer nonsense'],
    ['another scheme', 'Basic YTpi'],
    ['no signature', `Bearer ${part({ alg: 'none' })}.${part({ sub: 'alice' })}.`],
    ['a shared-key signature', `Bearer ${part({ alg: 'HS256' })}.${part({ sub: 'alice' })}.AAAA`],
  ])('with %s is refused with 401', async (_name, authorization) => {
    const { status, headers, body } = await anonymous('{ viewer { id } }', { authorization });
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toContain('Bearer');
    expect(body.errors[0].extensions.code).toBe('UNAUTHENTICATED');
  });

  it('with a token that has expired is refused', async () => {
    const token = await test.issuer.issue('alice');
    await clock.setTime(clock.now() + 13 * 3_600_000);
    expect(
      (await anonymous('{ viewer { id } }', { authorization: `Bearer ${token}` })).status,
    ).toBe(401);
    expect((await alice.ask('{ viewer { subject } }')).data.viewer.subject).toBe('alice');
  });

  it('that is too large, too long, too deep or too dear is refused', async () => {
    const large = await fetch(`${test.house.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ __typename }', variables: { x: 'y'.repeat(1_100_000) } }),
    });
    expect(large.status).toBe(413);
    const long = await alice.ask(`{ ${'a: __typename '.repeat(5_000)} }`);
    expect(long.errors?.[0]?.message).toContain('tokens');
    const dear = await alice.ask(
      `{ accounts(first: 100) { nodes { transactions(first: 100) { nodes { account { transactions(first: 100) { nodes { id } } } } } } } }`,
    );
    expect(dear.errors?.[0]?.message).toContain('complexity');
  });

  it('for one object many times over is refused before it is answered', async () => {
    const { data } = await alice.ask('{ accounts { nodes { id } } }');
    const { id } = data.accounts.nodes[0];
    const { errors } = await alice.ask(
      'query ($ids: [ID!]!) { nodes(ids: $ids) { ... on BankAccount { transactions(first: 100) { nodes { id description } } } } }',
      { ids: Array.from({ length: 1_000 }, () => id) },
    );
    expect(errors?.[0]?.message).toContain('complexity');
    const last = await alice.ask(
      '{ consents(last: 100) { nodes { accounts(first: 100) { nodes { id displayName } } } } }',
    );
    expect(last.errors?.[0]?.message).toContain('complexity');
  });

  it('with a NUL in it is refused', async () => {
    const { errors } = await alice.ask(
      'query ($text: String) { providers(text: $text) { nodes { id } } }',
      {
        text: 'a\0b',
      },
    );
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_INPUT' });
  });

  it('of a website of another origin gets no leave to read the answer', async () => {
    const { headers } = await anonymous('{ __typename }', { origin: 'https://evil.example' });
    expect(headers.get('access-control-allow-origin')).not.toBe('https://evil.example');
  });

  it('that fails inside tells a code and an id, and nothing of the inside', async () => {
    const { database } = test.house.app;
    const whole = { ...database };
    Object.assign(database, {
      reader: () => {
        throw new Error('secret inside at 10.0.0.1');
      },
    });
    const { errors } = await alice.ask('{ consents { nodes { id } } }');
    Object.assign(database, whole);
    expect(JSON.stringify(errors)).not.toContain('secret inside');
    expect(test.logLines.join('')).toContain('secret inside');
  });

  it.each([
    ['a refused connection', { code: 'ECONNREFUSED' }],
    ['a database that shuts down', { code: '57P01' }],
    ['a full pool', { message: 'timeout exceeded when trying to connect' }],
  ])('that meets %s is told to ask again', async (_name, fault) => {
    const { database } = test.house.app;
    const { pool } = database;
    const away = { query: () => Promise.reject(Object.assign(new Error('away'), fault)) };
    Object.assign(database, { pool: away });
    const { errors } = await alice.ask('{ accounts { nodes { id } } }');
    Object.assign(database, { pool });
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'UNAVAILABLE' });
  });
});

it('identifiers are masked for a token without the scope', async () => {
  const { issuer } = test;
  const query = '{ accounts { nodes { holderName ... on BankAccount { iban accountNumber } } } }';
  const shown = (await alice.ask(query)).data.accounts.nodes.find((node: any) => node.iban);
  const masked = (
    await anonymous(query, { authorization: `Bearer ${await issuer.issue('alice', '')}` })
  ).body.data.accounts.nodes.find((node: any) => node.iban);
  expect(shown.iban).toMatch(/^GB\d{2}[A-Z]{4}\d{14}$/);
  expect(masked.iban).toMatch(/^•{18}\d{4}$/);
  expect(masked.accountNumber).toMatch(/^•{4}\d{4}$/);
});

it.each(
  readdirSync(new URL('../../schema/operations', import.meta.url)).filter((file) =>
    file.endsWith('.graphql'),
  ),
)('the documented operation %s runs', async (file) => {
  const document = readFileSync(
    new URL(`../../schema/operations/${file}`, import.meta.url),
    'utf8',
  );
  const { data } = await alice.ask('{ consents { nodes { id } } accounts { nodes { id } } }');
  const account = data.accounts.nodes[0].id;
  const variables: Record<string, unknown> = {
    code: 'x',
    state: 'y',
    id: /[aA]ccount/.test(file) ? account : data.consents.nodes[0].id,
    consentId: data.consents.nodes[0].id,
    reconfirmation: { textVersion: 'v1', scopes: ['accounts'] },
    account,
    keep: account,
    merge: account,
    data: 'KEEP',
    // Refused: the others go on with this user.
    confirmation: 'not meant',
    ids: [Buffer.from('DeadLetter:none').toString('base64')],
    input: inputOf(file),
  };
  const subscription = /^subscription /m.test(document);
  const asker = document.startsWith('# For operators') ? new User(test, 'ops', 'operator') : alice;
  const answer = await asker.post(
    document,
    variables,
    subscription ? AbortSignal.timeout(20_000) : undefined,
  );
  if (subscription) {
    const { value } = await answer.body!.getReader().read();
    expect(Buffer.from(value!).toString()).not.toContain('errors');
  } else {
    expect((await answer.json()).errors).toBeUndefined();
  }
});

function inputOf(file: string): object {
  if (file.includes('complete')) return { code: 'x', state: 'y' };
  // Of nothing: the others go on with what has been read.
  return file.includes('resync') ? { consent: 'none' } : { providerId: 'ob-monzo' };
}

function part(claims: object): string {
  return Buffer.from(JSON.stringify(claims)).toString('base64url');
}
