import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startTestHouse, storyClock, type TestHouse } from '../support/house.ts';
import { settle } from '../support/time.ts';
import { User } from '../support/user.ts';

const clock = storyClock();
let test: TestHouse;
let owner: pg.Client;
let alice: User;

beforeAll(async () => {
  test = await startTestHouse({ clock, environment: { CORS_ORIGINS: 'https://app.example' } });
  owner = new pg.Client(test.databaseUrl);
  await owner.connect();
  alice = new User(test, 'alice');
  await new User(test, 'bob').connect(
    { providerId: 'ob-monzo', scopes: ['accounts', 'offline_access'] },
    { user: 'john2', password: 'doe2' },
  );
  test.simulator.hand.add(
    { user: 'john', providerId: 'ob-yorkshire-building-society' },
    { amount: '-9.90', description: '=HYPERLINK("http://evil.example")' },
  );
  await alice.connect({ providerId: 'ob-yorkshire-building-society' });
  await settle(test, clock);
  await owner.query(`
    update transaction set note = '@note', version = 2 where description like '=HYPERLINK%';
    insert into transaction_version
      select id, 1, viewer_id, '{"amount": "-9.00"}', changed_at from transaction where version = 2`);
});
afterAll(async () => {
  await owner.end();
  await test.close();
});

interface Line {
  readonly type: string;
  readonly [name: string]: unknown;
}

async function get(query: string, token?: string, method = 'GET'): Promise<Response> {
  const headers = { authorization: `Bearer ${token ?? (await test.issuer.issue('alice'))}` };
  return fetch(`${test.house.url}/export${query}`, { method, headers });
}
const readLines = async (answer: Response) =>
  (await answer.text())
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

async function allByApi(): Promise<readonly any[]> {
  const found: any[] = [];
  for (let after = null, more = true; more;) {
    const { data } = await alice.ask(
      `query ($after: String) { transactions(first: 100, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes { id bookedOn description status version amount { amount currency } account { id } } } }`,
      { after },
    );
    found.push(...data.transactions.nodes);
    more = data.transactions.pageInfo.hasNextPage;
    after = data.transactions.pageInfo.endCursor;
  }
  return found;
}

const local = (globalId: string) => atob(globalId).split(':')[1];

describe('an export', () => {
  it('as JSON lines is all that the API shows, exact, and of nobody else', async () => {
    const answer = await get('?format=jsonl');
    expect(answer.status).toBe(200);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'cache-control': 'no-store',
      'content-type': 'application/jsonl',
      'content-disposition': 'attachment; filename="consentry-2026-03-02.jsonl"',
      'x-content-type-options': 'nosniff',
    });
    const lines = await readLines(answer);
    const { type, counts } = lines.at(-1) as unknown as { type: string; counts: object };
    expect(type).toBe('end');
    const counted = Object.entries(Object.groupBy(lines.slice(0, -1), (line) => line.type));
    expect(counts).toMatchObject(
      Object.fromEntries(counted.map(([kind, rows]) => [kind, rows?.length])),
    );
    expect(counts).toMatchObject({
      viewer: 1,
      consents: 1,
      consentMoves: 1,
      transactionVersions: 1,
    });
    const shown = await allByApi();
    expect(shown.length).toBeGreaterThan(500);
    expect(lines.filter((line) => line.type === 'transactions')).toMatchObject(
      shown.map(({ id, account, amount, ...same }) => ({
        ...same,
        id: local(id),
        accountId: local(account.id),
        amount: expect.toSatisfy((text: string) => Number(text) === Number(amount.amount)),
        currency: amount.currency,
      })),
    );
    const { rows } = await owner.query(
      `select (select array_agg(iban order by id) from account where viewer_id = v.id) as ibans,
         (select sum(amount)::text from transaction where viewer_id = v.id) as sum, v.id
       from viewer v where subject = 'alice'`,
    );
    const accounts = lines.filter((line) => line.type === 'accounts');
    expect(accounts.map(({ iban }) => iban)).toEqual(rows[0].ibans);
    const pence = lines.reduce(
      (sum, line) =>
        line.type === 'transactions' ? sum + Math.round(Number(line['amount']) * 100) : sum,
      0,
    );
    expect((pence / 100).toFixed(2)).toBe(Number(rows[0].sum).toFixed(2));
    const { rows: others } = await owner.query(
      `select a.id::text as id from account a where viewer_id <> $1
       union all select id::text from viewer where id <> $1`,
      [rows[0].id],
    );
    expect(others.length).toBeGreaterThan(1);
    const text = JSON.stringify(lines);
    expect(others.filter(({ id }) => text.includes(id))).toEqual([]);
    expect(text).not.toMatch(/sealed|hash/i);
  });

  it('as tables is found by the addresses that the API gives, and runs nothing in a spreadsheet', async () => {
    const { data } = await alice.ask(
      `mutation { exportViewer { ... on ViewerExport { jsonLines csv { kind url } } } }`,
    );
    expect(data.exportViewer.jsonLines).toMatch(/\/export\?format=jsonl$/);
    const sizes = new Map<string, number>();
    for (const { kind, url } of data.exportViewer.csv) {
      const answer = await get(new URL(url).search);
      expect(answer.headers.get('content-disposition')).toContain(`-${kind}.csv"`);
      const text = await answer.text();
      expect(/(^|,)"?[=@+]/m.test(text)).toBe(false);
      sizes.set(kind, text.split('\r\n').length - 2);
      if (kind !== 'transactions') continue;
      const planted = text.split('\r\n').find((line) => line.includes('HYPERLINK')) ?? '';
      expect(planted).toMatch(
        /,-9\.9,GBP,,,,"'=HYPERLINK\(""http:\/\/evil\.example""\)",.*,'@note,/,
      );
    }
    const { rows } = await owner.query(
      `select count(*)::int as count from transaction t join viewer v on v.id = t.viewer_id
       where subject = 'alice'`,
    );
    expect(sizes.get('transactions')).toBe(rows[0].count);
    expect(sizes.size).toBeGreaterThan(10);
  });

  it('is refused without a token, without the scope, by another verb and under another name', async () => {
    expect((await fetch(`${test.house.url}/export`)).status).toBe(401);
    expect((await get('', 'forged.token.here')).status).toBe(401);
    const masked = await test.issuer.issue('alice', 'openid');
    const refused = await get('', masked);
    expect([refused.status, await refused.json()]).toMatchObject([
      403,
      { errors: [{ extensions: { code: 'SCOPE_MISSING' } }] },
    ]);
    expect((await get('?format=csv&kind=sealed')).status).toBe(400);
    expect((await get('?format=xml')).status).toBe(400);
    expect((await get('', undefined, 'POST')).status).toBe(405);
    const preflight = (origin: string) =>
      fetch(`${test.house.url}/export`, { method: 'OPTIONS', headers: { origin } });
    const allowed = await preflight('https://app.example');
    expect(allowed.headers.get('access-control-allow-headers')).toBe('authorization');
    const foreign = await preflight('https://evil.example');
    expect(foreign.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('ends when its reader goes, and holds no connection for one who is slow', async () => {
    const answer = await get('');
    const reader = answer.body?.getReader();
    await reader?.read();
    const { pool } = test.house.app.database;
    await vi.waitFor(() => expect(pool.idleCount).toBe(pool.totalCount));
    await reader?.cancel();
    expect((await get('?format=csv&kind=viewer')).status).toBe(200);
  });
});
