import { createHash } from 'node:crypto';
import { compactDecrypt, decodeProtectedHeader } from 'jose';
import pg from 'pg';
import type { TestClock } from 'pg-boss';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { localKey } from '../src/base/local-key.ts';
import { type SealPlace, unseal } from '../src/base/seal.ts';
import { SEALED_COLUMNS } from '../src/keys/sealed-values.ts';
import { CLIENT_SECRET, startTestHouse, storyClock, type TestHouse } from './support/house.ts';
import { settle } from './support/time.ts';
import { User } from './support/user.ts';

// A thief's view of a used house: every row that a dump has, and later the keys too. What is said
// of it in docs/security.md is tried here.

const clock: TestClock = storyClock();
const JWE = /^eyJ[\w-]+(?:\.[\w-]+){4}$/;

interface StolenValue {
  readonly place: SealPlace;
  readonly sealed: string;
}

let test: TestHouse;
let alice: User;
let bob: User;
let back: string;
const tables = new Map<string, readonly Readonly<Record<string, unknown>>[]>();
const sealed: StolenValue[] = [];

beforeAll(async () => {
  test = await startTestHouse({ clock });
  [alice, bob] = [new User(test, 'alice'), new User(test, 'bob')];
  await alice.connect({ providerId: 'ob-lloyds', context: 'order 7' });
  await bob.connect({ providerId: 'ob-monzo' });
  // One link that its user is away with, and one whose code is being exchanged.
  back = await bob.walk(await bob.beginLink());
  await alice.beginLink();
  await settle(test, clock);
  await steal(test.databaseUrl);
});
afterAll(() => test.close());

async function steal(url: string): Promise<void> {
  const thief = new pg.Client(url);
  await thief.connect();
  const { rows: names } = await thief.query<{ name: string }>(
    `select format('%I.%I', n.nspname, c.relname) as name from pg_class c
     join pg_namespace n on n.oid = c.relnamespace
     where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema')`,
  );
  for (const { name } of names) tables.set(name, (await thief.query(`select * from ${name}`)).rows);
  await thief.end();
  for (const { table, column } of SEALED_COLUMNS) {
    for (const row of rowsOf(table)) {
      const value = row[column];
      if (typeof value !== 'string') continue;
      const place = {
        table,
        column,
        row: String(row['id'] ?? row['consent_id']),
        viewer: String(row['viewer_id']),
      };
      sealed.push({ place, sealed: value });
    }
  }
}

const rowsOf = (table: string) => tables.get(`public.${table}`) ?? [];
const jobs = () =>
  [...tables].filter(([name]) => name.startsWith('pgboss.')).flatMap(([, rows]) => rows);
const bytes = () =>
  [...tables.values()]
    .flat()
    .flatMap((row) => Object.values(row).filter((value) => Buffer.isBuffer(value)));
const valueOf = (column: string) => {
  const found = sealed.find(({ place }) => place.column === column);
  if (found === undefined) throw new Error(`nothing is sealed in ${column}`);
  return found;
};
const open = ({ place, sealed: value }: StolenValue) => unseal(test.house.app.keys, place, value);

describe('in a dump', () => {
  it('stand names, account numbers, transactions, and what the app said, in clear', () => {
    const [account] = rowsOf('account').filter((row) => row['kind'] === 'BANK_ACCOUNT');
    expect(account).toMatchObject({
      iban: expect.stringMatching(/^GB\d\d[A-Z]{4}\d{14}$/),
      account_number: expect.stringMatching(/^\d{8}$/),
    });
    expect(rowsOf('transaction').length).toBeGreaterThan(1_000);
    expect(rowsOf('transaction')[0]).toMatchObject({ description: expect.stringMatching(/\w/) });
    expect(rowsOf('auth_link').map((row) => row['context'])).toContain('order 7');
    expect(rowsOf('viewer').map((row) => row['subject'])).toEqual(['alice', 'bob']);
  });

  it('stands everything sealed in columns named so, as JWE and nothing else', () => {
    const places = [...tables].flatMap(([name, rows]) =>
      rows.flatMap((row) =>
        Object.entries(row)
          .filter(([, value]) => typeof value === 'string' && JWE.test(value))
          .map(([column]) => `${name}.${column}`),
      ),
    );
    expect(places.every((place) => /\.sealed(_\w+)?$/.test(place))).toBe(true);
    expect(sealed.length).toBeGreaterThan(6);
    expect(sealed.filter((one) => !JWE.test(one.sealed))).toEqual([]);
  });

  it('stand jobs with ids, and nothing else', () => {
    const words = jobs().flatMap((row) => Object.values(row['data'] ?? {}));
    expect(words.length).toBeGreaterThan(100);
    expect(words.filter((word) => !/^[0-9a-f-]{24,36}$/.test(String(word)))).toEqual([]);
  });
});

describe('a thief without the keys', () => {
  it('opens nothing with what the dump has: hashes, hashes of ids, zeros', async () => {
    const words = [...tables.values()]
      .flat()
      .flatMap((row) => [row['id'], row['key_id'], row['epoch']]);
    const keys = [
      Buffer.alloc(32),
      ...bytes().filter(({ length }) => length === 32),
      ...[...new Set(words)]
        .slice(0, 200)
        .map((word) => createHash('sha256').update(String(word)).digest()),
    ];
    expect(keys.length).toBeGreaterThan(50);
    const { kid = '' } = decodeProtectedHeader(sealed[0]?.sealed ?? '');
    let opened = 0;
    for (const key of keys) {
      for (const { place, sealed: value } of sealed) {
        await unseal([localKey(kid, key)], place, value).then(
          () => (opened += 1),
          () => undefined,
        );
      }
    }
    expect(opened).toBe(0);
  });

  it('sees no two ciphertexts alike, though secrets are: each has a key and a nonce of its own', async () => {
    const same = await Promise.all(
      sealed.filter(({ place }) => place.column === 'sealed_psu_ip').map(open),
    );
    expect(same.length).toBeGreaterThan(1);
    expect(new Set(same).size).toBe(1);
    for (const part of [1, 2, 3, 4]) {
      const parts = sealed.map((one) => one.sealed.split('.')[part]);
      expect(new Set(parts).size).toBe(parts.length);
    }
  });

  it('moves a ciphertext to no other row, column or user, with the keys of the server at work', async () => {
    let tried = 0;
    for (const from of sealed) {
      for (const { place } of sealed.filter((to) => to !== from)) {
        tried += 1;
        await expect(open({ place, sealed: from.sealed })).rejects.toThrow('another place');
      }
    }
    expect(tried).toBeGreaterThan(40);
  });

  it('relabels none either: the place is bound to what is sealed', async () => {
    const { place, sealed: value } = valueOf('sealed_refresh');
    const viewer = String(rowsOf('viewer').find((row) => row['id'] !== place.viewer)?.['id']);
    const [head = '', ...rest] = value.split('.');
    const header = JSON.parse(Buffer.from(head, 'base64url').toString()) as Record<string, string>;
    const relabelled = { ...header, place: header['place']?.replace(place.viewer, viewer) };
    const forged = [Buffer.from(JSON.stringify(relabelled)).toString('base64url'), ...rest].join(
      '.',
    );
    await expect(open({ place: { ...place, viewer }, sealed: forged })).rejects.toThrow(
      'does not open',
    );
  });

  it('completes no link with a hash for its state or for its cookie', async () => {
    const code = new URL(back).searchParams.get('code') ?? '';
    const links = rowsOf('auth_link').filter((row) => row['status'] === 'OPEN');
    expect(links).toHaveLength(2);
    const before = test.simulator.journal.entries.length;
    for (const link of links) {
      const [state, browser] = [link['state_hash'], link['browser_hash']] as [Buffer, Buffer];
      for (const form of ['base64url', 'hex', 'base64'] as const) {
        const query = new URLSearchParams({ code, state: state.toString(form) });
        const answer = await fetch(`${test.house.url}/callback?${query}`, { redirect: 'manual' });
        expect(answer.status).toBe(400);
        const cookie = `consentry-link-${String(link['id'])}=${browser.toString(form)}`;
        const held = await fetch(
          `${test.house.url}${new URL(back).pathname}${new URL(back).search}`,
          {
            headers: { cookie },
            redirect: 'manual',
          },
        );
        expect(held.status).toBe(403);
      }
    }
    expect(test.simulator.journal.entries.length).toBe(before);
  });

  it('guesses no state and no cookie: what is hashed is no short word', () => {
    const hashes = new Set(
      bytes()
        .filter(({ length }) => length === 32)
        .map((hash) => hash.toString('hex')),
    );
    const told = [...tables.values()]
      .flat()
      .flatMap((row) => Object.values(row))
      .map(String);
    const numbers = Array.from({ length: 100_000 }, (_none, number) => String(number));
    const hits = [...new Set(told), ...numbers].filter((word) =>
      hashes.has(createHash('sha256').update(word).digest('hex')),
    );
    expect(hashes.size).toBeGreaterThan(6);
    expect(hits).toEqual([]);
    expect(new URL(back).searchParams.get('state')).toMatch(/^[\w-]{43}$/);
  });
});

describe('a thief with the keys', () => {
  const ask = (token: string, path: string) =>
    fetch(`${test.simulator.apiUrl}/data/v1/${path}`, {
      headers: { authorization: `Bearer ${token}` },
    });
  const refresh = (refreshToken: string, secret: string) =>
    fetch(`${test.simulator.authUrl}/connect/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        client_id: 'test-client',
        client_secret: secret,
        refresh_token: refreshToken,
      }),
    });

  it('reads at the bank until the access token ends, and no longer without the client secret', async () => {
    const access = await open(valueOf('sealed_access'));
    expect((await ask(access, 'me')).status).toBe(200);
    const token = await open(valueOf('sealed_refresh'));
    const refused = await refresh(token, 'a-guess');
    expect([refused.status, await refused.json()]).toEqual([400, { error: 'invalid_client' }]);
  });

  it('opens a dump for ever, whatever the server seals with by now', async () => {
    const { place, sealed: value } = valueOf('sealed_refresh');
    const { kid } = decodeProtectedHeader(value);
    expect(test.house.app.keys.map(({ id }) => id)).toContain(kid);
    // Nothing of the running house is asked, only the key that was stolen with it.
    const [key] = test.house.app.keys;
    const means = await key.forOpening(place, decodeProtectedHeader(value));
    const opened = await compactDecrypt(value, means?.key ?? new Uint8Array());
    expect(new TextDecoder().decode(opened.plaintext).length).toBeGreaterThan(60);
  });

  it('refreshes nothing once the consent is revoked, even with the client secret', async () => {
    const [access, token] = [
      await open(valueOf('sealed_access')),
      await open(valueOf('sealed_refresh')),
    ];
    for (const { credentialsId } of test.simulator.consents()) test.simulator.revoke(credentialsId);
    expect((await ask(access, 'me')).status).toBe(403);
    const refused = await refresh(token, CLIENT_SECRET);
    expect([refused.status, await refused.json()]).toEqual([400, { error: 'invalid_grant' }]);
  });
});
