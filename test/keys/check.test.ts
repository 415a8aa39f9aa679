import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StartError } from '../../src/base/errors.ts';
import { parseKeyRing } from '../../src/base/key-ring.ts';
import { createLog } from '../../src/base/log.ts';
import { seedSecrets } from '../../bench/tokens/rotation-seed.ts';
import { checkKeys, giveUpKey } from '../../src/keys/check.ts';
import { rotateKeys } from '../../src/keys/rotate.ts';
import { type Database, openDatabase } from '../../src/postgres/db.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { kmsEnvironment, startFakeKms } from '../support/kms.ts';

const ARN = 'arn:aws:kms:eu-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const make = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
const ONE = make('one');
const TWO = make('two');

let store: TestDatabase;
let database: Database;
let owner: pg.Client;
const lines: string[] = [];
const log = createLog('info', { write: (line) => void lines.push(line) });

beforeEach(async () => {
  store = await createTestDatabase();
  database = openDatabase({
    url: store.url,
    connectionsMax: 10,
    clockInDatabase: false,
    onIdleError: () => {},
  });
  owner = new pg.Client(store.url);
  await owner.connect();
  lines.length = 0;
});
afterEach(async () => {
  await Promise.all([database.close(), owner.end()]);
  await store.drop();
});

const check = (keys: string) => checkKeys({ database, keys: parseKeyRing(keys), log });
const seed = (keys: string) => seedSecrets(store.url, parseKeyRing(keys), 3);
const canaries = async () =>
  (await owner.query('select key_id from key_canary order by 1')).rows.map((row) => row.key_id);
/** All that a start may not change. */
async function everything(): Promise<string> {
  const tables = ['auth_link', 'consent', 'consent_credential', 'key_canary'];
  const parts: unknown[] = [];
  for (const table of tables) {
    const { rows } = await owner.query(`select t::text as row from ${table} t order by 1`);
    parts.push(rows);
  }
  return JSON.stringify(parts);
}

async function refusal(keys: string): Promise<string> {
  const before = await everything();
  const error = await check(keys).then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(StartError);
  expect(await everything()).toBe(before);
  const { message } = error as StartError;
  expect(message).not.toContain('\n');
  for (const [, bytes] of keys.matchAll(/:([^:]+=)/g)) expect(message).not.toContain(bytes);
  return message;
}

describe('a start with a wrong key, S5', () => {
  it('is refused by the name of the key that is missing, and changes nothing', async () => {
    await seed(ONE);
    expect(await refusal(TWO)).toMatch(
      /^ENCRYPTION_KEYS lacks the key one, and secrets are sealed/,
    );
    await check(ONE);
    await check(`${TWO},${ONE}`);
    expect(await canaries()).toEqual(['one', 'two']);
  });

  it('is refused when the key has its old name and other bytes, with no secret there yet', async () => {
    await check(ONE);
    expect(await refusal(make('one'))).toMatch(
      /^ENCRYPTION_KEYS has another key one than this database was sealed with: /,
    );
    await check(ONE);
  });

  it('is refused where the secrets are older than the words that keys are tried on', async () => {
    await seed(ONE);
    await owner.query('delete from key_canary');
    expect(await refusal(TWO)).toContain('lacks the key one');
    expect(await refusal(make('one'))).toContain('has another key one');
    await check(`${TWO},${ONE}`);
    expect(await canaries()).toEqual(['one', 'two']);
  });

  it('is not refused for one damaged secret', async () => {
    await seed(ONE);
    await owner.query('delete from key_canary');
    await owner.query('update consent set sealed_psu_ip = left(sealed_psu_ip, -5)');
    await check(ONE);
    expect(await canaries()).toEqual(['one']);
  });
});

it('a key that nothing is sealed with any more is not asked for', async () => {
  await seed(ONE);
  await check(`${TWO},${ONE}`);
  await rotateKeys({ database, keys: parseKeyRing(`${TWO},${ONE}`) });
  expect(await canaries()).toEqual(['two']);
  await check(TWO);
});

it('a key that sealed nothing may go without a word', async () => {
  await check(ONE);
  await check(TWO);
  expect(await canaries()).toEqual(['two']);
  expect(lines.join('')).toContain('nothing is sealed with this encryption key any more');
});

it('a lost key can be given up, after which the house starts', async () => {
  await seed(ONE);
  await giveUpKey({ database, keys: parseKeyRing(TWO), log }, 'one');
  await check(TWO);
  expect(await canaries()).toEqual(['two']);
});

it('processes that start together on an empty database agree, or one of them is refused', async () => {
  await Promise.all(Array.from({ length: 8 }, () => check(ONE)));
  expect(await canaries()).toEqual(['one']);
  await owner.query('delete from key_canary');
  const outcomes = await Promise.allSettled([check(ONE), check(make('one'))]);
  expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
});

describe('a key of a key service', () => {
  it('is tried like any other, and its absence for a moment stops no start', async () => {
    const kms = await startFakeKms([ARN]);
    for (const [name, value] of Object.entries(kmsEnvironment(kms))) vi.stubEnv(name, value);
    try {
      await seed(ONE);
      await check(`${ARN},${ONE}`);
      await rotateKeys({ database, keys: parseKeyRing(`${ARN},${ONE}`) });
      await check(ARN);
      expect(await canaries()).toEqual([ARN]);

      kms.trouble = 'down';
      await check(ARN);
      expect(lines.join('')).toContain('the encryption key could not be tried yet');
      kms.trouble = 'AccessDeniedException';
      expect(await refusal(ARN)).toBe(
        `The encryption key ${ARN} cannot be used: AccessDeniedException: ` +
          'let this process use it, or mend ENCRYPTION_KEYS.',
      );
      kms.trouble = null;
      expect(await refusal(ONE)).toContain(`lacks the key ${ARN}`);
      await rotateKeys({ database, keys: parseKeyRing(`${ONE},${ARN}`) });
      await check(ONE);
    } finally {
      vi.unstubAllEnvs();
      await kms.close();
    }
  });
});
