import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseKeyRing } from '../../src/base/key-ring.ts';
import { keyIdOf, seal, unseal } from '../../src/base/seal.ts';
import { drillRotation } from '../../bench/tokens/rotation-drill.ts';
import {
  type KnownSecrets,
  SECRETS_PER_USER,
  seedSecrets,
} from '../../bench/tokens/rotation-seed.ts';
import { countByKey, rotateKeys } from '../../src/keys/rotate.ts';
import { SEALED_COLUMNS } from '../../src/keys/sealed-values.ts';
import { type Database, openDatabase } from '../../src/postgres/db.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const OLD = `old:${randomBytes(32).toString('base64')}`;
const NEW = `new:${randomBytes(32).toString('base64')}`;
const USERS = 100;
const both = parseKeyRing(`${NEW},${OLD}`);

/** How many wait for the end of the transaction that asks. */
const WAITERS = `select count(*)::int from pg_locks
  where not granted and transactionid = pg_current_xact_id()::xid`;

let store: TestDatabase;
let database: Database;
let owner: pg.Client;
let known: KnownSecrets;

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
  known = await seedSecrets(store.url, parseKeyRing(OLD), USERS);
});
afterEach(async () => {
  await Promise.all([database.close(), owner.end()]);
  await store.drop();
});

it('every sealed column that there is has its secrets sealed anew', async () => {
  const { rows } = await owner.query(
    `select table_name as table, column_name as column from information_schema.columns
     where table_schema = 'public' and column_name like 'sealed\\_%'`,
  );
  const names = (columns: readonly { table: string; column: string }[]) =>
    columns.map(({ table, column }) => `${table}.${column}`).toSorted();
  expect(names(SEALED_COLUMNS)).toEqual(names(rows));
  expect(known.size).toBe(USERS * SECRETS_PER_USER);
  expect(new Set([...known.values()].map(({ place }) => place.column)).size).toBe(
    // Those that are nobody's are looked at where clients, erasures and webhooks are.
    new Set(
      SEALED_COLUMNS.flatMap(({ table, column }) =>
        ['bank_client', 'erasure_key', 'webhook_endpoint'].includes(table) ? [] : column,
      ),
    ).size,
  );

  const steps: number[] = [];
  const rotation = await rotateKeys(
    { database, keys: both },
    { onProgress: ({ done, total }) => steps.push(done / total) },
  );
  expect(rotation).toEqual({
    resealed: known.size,
    already: 0,
    changed: 0,
    unopened: [],
    unused: ['old'],
    stillUsed: [],
  });
  expect(steps).toEqual([1 / 3, 2 / 3, 1, 1 / 3, 2 / 3, 1]);
  expect(await countByKey(database)).toEqual(new Map([['new', known.size]]));
  expect(await rotateKeys({ database, keys: both })).toMatchObject({
    resealed: 0,
    already: known.size,
  });
});

it('what does not open is kept, told by its place, and keeps its key', async () => {
  const { rows } = await owner.query('select id, sealed_psu_ip as sealed from consent order by id');
  const [moved, damaged, foreign] = rows;
  await owner.query('update consent set sealed_psu_ip = $1 where id = $2', [
    rows[9].sealed,
    moved.id,
  ]);
  await owner.query(`update consent set sealed_psu_ip = 'damaged' where id = $1`, [damaged.id]);
  const lost = parseKeyRing(`lost:${randomBytes(32).toString('base64')}`);
  const place = { table: 'consent', column: 'sealed_psu_ip', row: foreign.id, viewer: 'v' };
  await owner.query('update consent set sealed_psu_ip = $1 where id = $2', [
    await seal(lost, place, 'x'),
    foreign.id,
  ]);
  const before = await owner.query('select * from consent where id = any($1) order by id', [
    [moved.id, damaged.id, foreign.id],
  ]);
  const rotation = await rotateKeys({ database, keys: both });
  expect(rotation).toMatchObject({ resealed: known.size - 3, unused: [] });
  expect(rotation.stillUsed.toSorted()).toEqual(['lost', 'old']);
  expect(rotation.unopened.toSorted()).toEqual(
    [
      `consent.sealed_psu_ip of row ${moved.id}: it was sealed for another place`,
      `consent.sealed_psu_ip of row ${damaged.id}: it is no sealed value`,
      `consent.sealed_psu_ip of row ${foreign.id}: its encryption key is not configured`,
    ].toSorted(),
  );
  const after = await owner.query('select * from consent where id = any($1) order by id', [
    [moved.id, damaged.id, foreign.id],
  ]);
  expect(after.rows).toEqual(before.rows);
});

it('a token that is refreshed between the look and the write is not overwritten', async () => {
  const [target] = [...known.values()].filter(({ place }) => place.column === 'sealed_access');
  const { place } = target!;
  const fresh = await seal(parseKeyRing(OLD), place, 'refreshed meanwhile');
  // Not yet committed when the rotation reads its page, committed when the rotation waits to write.
  await owner.query('begin');
  await owner.query('update consent_credential set sealed_access = $1 where consent_id = $2', [
    fresh,
    place.row,
  ]);
  const rotating = rotateKeys({ database, keys: both });
  await expect
    .poll(async () => (await owner.query(WAITERS)).rows[0].count, { timeout: 9_000 })
    .toBeGreaterThan(0);
  await owner.query('commit');
  const rotation = await rotating;
  expect(rotation).toMatchObject({ resealed: known.size, changed: 1 });
  const { rows } = await owner.query(
    'select sealed_access as sealed from consent_credential where consent_id = $1',
    [place.row],
  );
  expect(keyIdOf(rows[0].sealed)).toBe('new');
  expect(await unseal(both, place, rows[0].sealed)).toBe('refreshed meanwhile');
});

describe('under load', () => {
  it('a rotation that is killed goes on when started again: no read fails, nothing is lost', async () => {
    const report = await drillRotation({
      environment: { DATABASE_URL: store.url, ENCRYPTION_KEYS: `${NEW},${OLD}` },
      known,
      readers: 4,
      killAtPart: 0.2,
    });
    expect(report).toMatchObject({ failedReads: 0, lost: 0, status: 0 });
    expect(report.leftAtKill).toBeGreaterThan(0);
    expect(report.leftAtKill).toBeLessThan(known.size);
    expect(report.reads).toBeGreaterThan(100);
    expect(report.refreshed).toBeGreaterThan(0);
    expect(report.output).toMatch(/secrets sealed anew with new, in \d+ s\n/);
    expect(report.output).toContain('The key old can be removed now');
  });
});
