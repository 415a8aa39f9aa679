import pg from 'pg';
import type { TestClock } from 'pg-boss';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DAY, MINUTE } from '../../src/base/clock.ts';
import { startTestHouse, storyClock, type TestHouse } from '../support/house.ts';
import { liveUntil } from '../support/time.ts';
import { User } from '../support/user.ts';

const clock: TestClock = storyClock();
const start = clock.now();
let test: TestHouse;
let operator: User;

const FUNNEL = `query ($from: DateTime, $to: DateTime) { operations { authLinks(from: $from, to: $to) {
  from to issued opened returned open completed cancelled failed abandoned failures { code count }
  byProvider { provider { providerId } issued completed failures { code count } } } } }`;

const none = { issued: 0, opened: 0, returned: 0, open: 0, completed: 0, cancelled: 0, failed: 0 };

async function funnel(variables: object = {}): Promise<any> {
  return (await operator.ask(FUNNEL, variables)).data.operations.authLinks;
}

beforeAll(async () => {
  test = await startTestHouse({ clock });
  operator = new User(test, 'ops', 'operator');
  const alice = new User(test, 'alice');
  const bob = new User(test, 'bob');
  await alice.connect({ providerId: 'ob-lloyds' });
  await bob.connect({ providerId: 'ob-monzo' }, { user: 'john2', password: 'doe2' });
  await alice.open(await alice.walk(await alice.beginLink(), { deny: true }));
  const back = new URL(await bob.walk(await bob.beginLink()));
  back.searchParams.set('code', 'not-a-code');
  await bob.open(back.href);
  const refused = new URL(await bob.walk(await bob.beginLink()));
  refused.searchParams.delete('code');
  refused.searchParams.set('error', 'server_error');
  await bob.open(refused.href);
  await alice.dialogOf(await alice.beginLink({}));
  await alice.beginLink({});
  await liveUntil(test, clock, new Date(start + 46 * MINUTE));
  await alice.beginLink({ providerId: 'ob-lloyds' });
});
afterAll(() => test.close());

it('counts each step of all viewers’ links, and by bank', async () => {
  expect(await funnel()).toEqual({
    from: new Date(clock.now() - 30 * DAY).toISOString(),
    to: new Date(clock.now()).toISOString(),
    ...none,
    issued: 7,
    opened: 6,
    returned: 5,
    completed: 2,
    cancelled: 1,
    failed: 2,
    abandoned: 2,
    failures: [
      { code: 'BANK_REFUSED', count: 1 },
      { code: 'CODE_REFUSED', count: 1 },
    ],
    byProvider: [
      {
        provider: { providerId: 'ob-lloyds' },
        issued: 4,
        completed: 1,
        failures: [
          { code: 'BANK_REFUSED', count: 1 },
          { code: 'CODE_REFUSED', count: 1 },
        ],
      },
      { provider: null, issued: 2, completed: 0, failures: [] },
      { provider: { providerId: 'ob-monzo' }, issued: 1, completed: 1, failures: [] },
    ],
  });
});

it('counts only what was issued in the range, its end left out', async () => {
  const now = new Date(clock.now());
  expect(await funnel({ from: now, to: new Date(clock.now() + 1) })).toMatchObject({
    issued: 1,
    open: 1,
  });
  expect(await funnel({ from: new Date(start - DAY), to: new Date(start) })).toMatchObject({
    ...none,
    abandoned: 0,
    failures: [],
    byProvider: [],
  });
});

it.each([
  [0, 0],
  [1, 0],
  [-367, 0],
])('refuses a range from day %i to day %i', async (from, to) => {
  const { errors } = await operator.ask(FUNNEL, {
    from: new Date(start + from * DAY),
    to: new Date(start + to * DAY),
  });
  expect(errors?.[0]?.extensions?.code).toBe('BAD_INPUT');
});

it('answers to nobody but operators', async () => {
  for (const [user, code] of [
    [new User(test, 'alice'), 'FORBIDDEN'],
    [new User(test, 'ops'), 'FORBIDDEN'],
    [new User(test, 'ops', 'user'), 'FORBIDDEN'],
  ] as const) {
    const { data, errors } = await user.ask(FUNNEL);
    expect(data).toBeNull();
    expect(errors?.[0]?.extensions?.code).toBe(code);
  }
  const answer = await fetch(`${test.house.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: FUNNEL }),
  });
  expect(await answer.json()).toMatchObject({
    errors: [{ extensions: { code: 'UNAUTHENTICATED' } }],
  });
});

it('shows an operator nobody’s accounts', async () => {
  const { data } = await operator.ask(
    '{ accounts { nodes { id } } consents { nodes { id } } transactions { nodes { id } } }',
  );
  expect(Object.values(data).map((list: any) => list.nodes)).toEqual([[], [], []]);
});

it('finds a range by its index, and nothing else of a link can be read by the scout', async () => {
  const owner = new pg.Client(test.databaseUrl);
  await owner.connect();
  try {
    await owner.query('set enable_seqscan = off');
    const { rows } = await owner.query(
      `explain select status, count(*) from auth_link
       where environment = 'x' and created_at >= '2026-01-01' and created_at < '2026-02-01'
       group by status`,
    );
    expect(JSON.stringify(rows)).toContain('auth_link_environment_created_at_idx');
    const { rows: columns } = await owner.query(
      `select array_agg(attname::text order by attname) as names from pg_attribute
       where attrelid = 'auth_link'::regclass and attnum > 0 and not attisdropped
         and has_column_privilege('consentry_scout', attrelid, attnum, 'select')`,
    );
    expect(columns[0].names).toEqual([
      'created_at',
      'environment',
      'error_code',
      'id',
      'open_hash',
      'opened_at',
      'provider_id',
      'returned_at',
      'state_hash',
      'status',
      'viewer_id',
    ]);
  } finally {
    await owner.end();
  }
});
