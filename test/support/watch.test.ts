import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSimulator, type Simulator } from '../../src/simulator/simulator.ts';
import { appOf, CLIENT } from '../simulator/app.ts';
import { watchDoor } from './door.ts';
import { CLIENT_SECRET, startTestHouse, storyClock } from './house.ts';
import { CANARY, LeakError, makeSearch, type Leak, type Search } from './leaks.ts';
import { User } from './user.ts';
import { refuseLeaks } from './watch.ts';

let simulator: Simulator;
let search: Search;
const secrets = new Map([['client secret', CLIENT_SECRET]]);
const identifiers = new Map<string, string>();

beforeAll(async () => {
  const clock = storyClock();
  simulator = await startSimulator({ clock, seed: 'watch', client: CLIENT, canary: CANARY });
  const app = appOf(simulator);
  const code = await app.allow('ob-lloyds');
  const tokens = await (await app.exchange(code)).json();
  const { access_token, refresh_token } = tokens as Record<string, string>;
  secrets.set('code', code);
  secrets.set('refresh token', refresh_token ?? '');
  secrets.set('access token', access_token ?? '');
  secrets.set('claims of an access token', access_token?.split('.')[1] ?? '');
  const [account] = simulator.truth('john', 'ob-lloyds').accounts;
  const numbers = account?.holding['account_number'] ?? {};
  const { iban = '', number = '' } = numbers as Record<string, string>;
  identifiers.set('IBAN', iban).set('account number', number);
  search = makeSearch({ identifiers: simulator.identifiers() });
});
afterAll(() => simulator.close());

const hex = (text: string) => Buffer.from(text).toString('hex');
const eachByte = (text: string, before: string) => hex(text).replace(/../g, `${before}$&`);
const within = (text: string, offset: number) =>
  Buffer.from(`${'x'.repeat(offset)}${text}, and so on`);
const DISGUISES: readonly (readonly [string, (text: string) => string])[] = [
  ['raw', (text) => `it is ${text}.`],
  ['in base64', (text) => within(text, 0).toString('base64')],
  ['in base64 one byte on', (text) => within(text, 1).toString('base64')],
  ['in base64 two bytes on', (text) => within(text, 2).toString('base64')],
  ['in base64url', (text) => within(text, 1).toString('base64url')],
  ['in hex', hex],
  ['in upper-case hex', (text) => hex(text).toUpperCase()],
  ['URL-encoded', (text) => `?q=${encodeURIComponent(text)}&x=1`],
  ['URL-encoded byte by byte', (text) => eachByte(text, '%')],
  ['the same in upper case', (text) => eachByte(text, '%').toUpperCase()],
  ['JSON-escaped', (text) => `{"a":"${eachByte(text, String.raw`\u00`)}"}`],
  ['JSON-escaped in JSON', (text) => JSON.stringify(`{"a":"${eachByte(text, String.raw`\u00`)}"}`)],
  ['reversed', (text) => text.split('').toReversed().join('')],
];

describe('a search finds', () => {
  it.each(DISGUISES)('every kind of secret %s', (_name, disguise) => {
    const missed = [...secrets].filter(([, secret]) => !search.holdsSecret(disguise(secret)));
    expect(missed.map(([kind]) => kind)).toEqual([]);
    expect(secrets.size).toBe(5);
  });

  it.each(DISGUISES)('account numbers %s', (_name, disguise) => {
    const missed = [...identifiers].filter(([, one]) => !search.holdsIdentifier(disguise(one)));
    expect(missed.map(([kind]) => kind)).toEqual([]);
    expect(identifiers.size).toBe(2);
  });

  it('the beginning of a secret, as in a message that is cut off', () => {
    const [, code = ''] = [...secrets].find(([kind]) => kind === 'code') ?? [];
    expect(search.holdsSecret(`refused: ${code.slice(0, 20)}…`)).toBe(true);
  });

  it('an IBAN in groups of four', () => {
    const spaced = identifiers.get('IBAN')?.replace(/.{4}/g, '$& ') ?? '';
    expect(search.holdsIdentifier(spaced)).toBe(true);
  });

  it('random texts that callers bring, and nothing in what is harmless', () => {
    const state = 'k'.repeat(43);
    const careful = makeSearch({ identifiers: simulator.identifiers(), plain: new Set([state]) });
    expect(careful.holdsSecret(`?state=${state}&x`)).toBe(true);
    const harmless = JSON.stringify(simulator.truth('john', 'ob-lloyds').accounts[0]?.transactions);
    expect(harmless.length).toBeGreaterThan(500_000);
    expect(careful.holdsSecret(harmless)).toBe(false);
    expect(careful.holdsIdentifier(harmless)).toBe(false);
  });
});

async function leaksOf(work: Promise<unknown>): Promise<readonly Leak[]> {
  const error: unknown = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof LeakError)) throw new Error('nothing was found', { cause: error });
  const told = error.message;
  for (const secret of [...secrets.values(), ...identifiers.values()]) {
    expect(told.includes(secret)).toBe(false);
  }
  return error.leaks;
}

it('a house does not close quietly over a secret in a table, a job, its log or an answer', async () => {
  const test = await startTestHouse({ clock: storyClock() });
  const alice = new User(test, 'alice');
  await alice.connect();
  const [number = ''] = test.simulator.identifiers().filter((one) => /^\d+$/.test(one));
  const cookie = [...alice.cookies.values()][0] ?? '';
  const owner = new pg.Client(test.databaseUrl);
  await owner.connect();
  await owner.query(`update auth_link set context = $1`, [secrets.get('code')]);
  await owner.query(`update pgboss.job set output = $1`, [
    { message: `no: ${Buffer.from(secrets.get('refresh token') ?? '').toString('base64')}` },
  ]);
  await owner.query(`update pgboss.job set data = data || $1`, [{ number }]);
  await owner.query(`create schema apart`);
  await owner.query(`create table apart.notes as select $1::bytea as note`, [
    Buffer.from(secrets.get('access token') ?? ''),
  ]);
  await owner.query(`update viewer set subject = $1`, [cookie]);
  await owner.end();
  test.house.app.log.info({ words: { first: hex(CLIENT_SECRET) } }, 'it happened');
  test.house.app.log.info({ account: number }, 'it happened');
  const lines = test.logLines.length;
  const aliasOf = (text: string) => `{ _${text}: __typename }`;
  await alice.ask(aliasOf(CANARY));
  await alice.ask(aliasOf(number));
  await fetch(`${test.house.url}/graphql?query=${encodeURIComponent(aliasOf(`X_${number}`))}`);
  const leaks = await leaksOf(test.close());
  const places = leaks.map(
    ({ what, at }) => `${what} at ${at.replace(/pgboss\.\w+/, 'pgboss.job')}`,
  );
  expect([...new Set(places)].toSorted()).toEqual(
    [
      'secret at public.auth_link.context',
      'secret at pgboss.job.output',
      'account number at pgboss.job.data',
      'secret at apart.notes.note',
      'secret at public.viewer.subject',
      `secret at line ${lines - 1} of the log`,
      `account number at line ${lines} of the log`,
      'secret at the answer to POST /graphql',
      'account number at the answer to GET /graphql',
    ].toSorted(),
  );
});

it('a code may go on to the app in the address of a hand-over, and in no other answer', async () => {
  const code = secrets.get('code') ?? '';
  const target = `https://app.example/done?code=${code}`;
  const server = createServer((request, response) => {
    const status = request.url === '/callback?later' ? 302 : 303;
    const location = request.url === '/callback?phone' ? `myapp://done?code=${code}` : target;
    response.writeHead(
      status,
      request.url === '/callback?kept' ? { location, 'x-kept': code } : { location },
    );
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const found: Record<string, boolean> = {};
  for (const path of [
    '/callback',
    '/callback?later',
    '/callback?phone',
    '/callback?kept',
    '/done',
  ]) {
    const door = watchDoor(port);
    await fetch(`http://127.0.0.1:${port}${path}`, { redirect: 'manual' });
    door.end();
    expect(door.answers).toHaveLength(1);
    found[path] = await refuseLeaks({ answers: door.answers }).then(
      () => false,
      () => true,
    );
  }
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  expect(found).toEqual({
    '/callback': false,
    '/callback?later': true,
    '/callback?phone': true,
    '/callback?kept': true,
    '/done': true,
  });
});
