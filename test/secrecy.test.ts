import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TestClock } from 'pg-boss';
import { HOUR } from '../src/base/clock.ts';
import { CLIENT_SECRET, startTestHouse, storyClock, type TestHouse } from './support/house.ts';
import { liveUntil, settle } from './support/time.ts';
import { User } from './support/user.ts';

const clock: TestClock = storyClock();
const secrets = new Map<string, string>();
let test: TestHouse;
let dump: string;

beforeAll(async () => {
  test = await startTestHouse({ clock });
  const { truelayer } = test.house.app;
  // Every token that the bank ever gives is caught on its way in.
  const catching = { ...truelayer };
  Object.assign(truelayer, {
    exchangeCode: async (request: Parameters<typeof truelayer.exchangeCode>[0]) => {
      secrets.set('code verifier', request.codeVerifier ?? '');
      const answer = await catching.exchangeCode(request);
      secrets.set('first access token', answer.accessToken);
      secrets.set('refresh token', answer.refreshToken ?? '');
      return answer;
    },
    refresh: async (token: string) => {
      const answer = await catching.refresh(token);
      secrets.set('second access token', answer.accessToken);
      return answer;
    },
  });
  secrets.set('client secret', CLIENT_SECRET);
  await linkOnce();
  await abandonOne();
  await liveUntil(test, clock, new Date(clock.now() + 25 * HOUR));
  dump = await dumpEverything(test.databaseUrl);
});
afterAll(() => test.close());

async function linkOnce(): Promise<void> {
  const alice = new User(test, 'alice');
  const back = new URL(await alice.walk(await alice.beginLink()));
  secrets.set('code', back.searchParams.get('code') ?? '');
  secrets.set('state', back.searchParams.get('state') ?? '');
  secrets.set('browser secret', [...alice.cookies.values()][0] ?? '');
  await alice.open(back.href);
  await settle(test, clock);
}

/** A link whose exchange failed. */
async function abandonOne(): Promise<void> {
  const bob = new User(test, 'bob');
  test.simulator.faults.order({ path: /connect\/token$/, times: 2, status: 500 });
  const back = new URL(await bob.walk(await bob.beginLink()));
  secrets.set('code of a failed link', back.searchParams.get('code') ?? '');
  await bob.open(back.href);
}

/** Every row of every table of every schema, the queue's and the catalogues of sizes included. */
async function dumpEverything(url: string): Promise<string> {
  const client = new pg.Client(url);
  await client.connect();
  const { rows: tables } = await client.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables
     where schemaname not in ('pg_catalog', 'information_schema')`,
  );
  const parts: string[] = [];
  for (const { name } of tables) {
    const { rows } = await client.query<{ row: string }>(`select t::text as row from ${name} t`);
    parts.push(name, ...rows.map(({ row }) => row));
  }
  await client.end();
  return parts.join('\n');
}

function disguises(secret: string): string[] {
  const bytes = Buffer.from(secret);
  // Base64 inside a longer text begins at any of three offsets.
  const base64 = [0, 1, 2].map((offset) =>
    Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .slice(4, -4),
  );
  return [
    secret,
    encodeURIComponent(secret),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    secret.split('').toReversed().join(''),
    ...base64,
    ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
  ];
}

it('the dump has the rows that it should', () => {
  expect(dump).toContain('consent_credential');
  expect(dump).toContain('pgboss.job');
  expect(dump.length).toBeGreaterThan(500_000);
  expect([...secrets.keys()].toSorted()).toEqual([
    'browser secret',
    'client secret',
    'code',
    'code of a failed link',
    'code verifier',
    'first access token',
    'refresh token',
    'second access token',
    'state',
  ]);
});

it.each([
  'browser secret',
  'client secret',
  'code',
  'code of a failed link',
  'code verifier',
  'first access token',
  'refresh token',
  'second access token',
  'state',
])('the %s stands nowhere in the database, in clear, base64 or hex', (name) => {
  const secret = secrets.get(name) ?? '';
  expect(secret.length).toBeGreaterThan(15);
  for (const disguise of disguises(secret)) expect(dump.includes(disguise)).toBe(false);
});

it('and nowhere in the log', () => {
  const log = test.logLines.join('');
  expect(log.length).toBeGreaterThan(5_000);
  for (const [name, secret] of secrets) expect([name, log.includes(secret)]).toEqual([name, false]);
});

it('the log follows one correlation id from request to job to TrueLayer', () => {
  const lines = test.logLines.map((line) => JSON.parse(line) as Record<string, any>);
  const callback = lines.find((line) => line['path'] === '/callback');
  const same = lines.filter((line) => line['correlationId'] === callback?.['correlationId']);
  expect(same.some((line) => line['job'] === 'start-backfill')).toBe(true);
  expect(same.some((line) => line['job'] === 'fetch-span')).toBe(true);
  const atBank = test.simulator.journal.entries.filter(
    (entry) => entry.clientCorrelationId === callback?.['correlationId'],
  );
  expect(atBank.length).toBeGreaterThan(10);
});
