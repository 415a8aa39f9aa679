import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestHouse, type TestHouse } from '../support/house.ts';
import { User } from '../support/user.ts';

let test: TestHouse;
let owner: pg.Client;

beforeAll(async () => {
  test = await startTestHouse();
  owner = new pg.Client(test.databaseUrl);
  await owner.connect();
  await new User(test, 'alice').connect();
  await new User(test, 'bob').connect(
    { providerId: 'ob-monzo' },
    { user: 'john2', password: 'doe2' },
  );
});
afterAll(async () => {
  await owner.end();
  await test.close();
});

const VIEWER_TABLES = `select c.relname as name from pg_class c
  join pg_attribute a on a.attrelid = c.oid and a.attname = 'viewer_id' and not a.attisdropped
  where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' order by 1`;

it('every table with a viewer has its rows walled off, for owners too', async () => {
  const { rows } = await owner.query(
    `select c.relname as name, c.relrowsecurity and c.relforcerowsecurity as walled
     from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
       and (c.relname = 'viewer' or c.oid in (select attrelid from pg_attribute
         where attname = 'viewer_id' and not attisdropped)) order by 1`,
  );
  expect(rows.length).toBeGreaterThanOrEqual(12);
  expect(rows.filter((row) => !row.walled)).toEqual([]);
});

it('the role of the house owns nothing and cannot step over the wall', async () => {
  const { rows } = await owner.query(
    `select (select count(*)::int from pg_class where relowner = r.oid) as owned,
       rolsuper or rolbypassrls or rolcreaterole or rolcanlogin as mighty
     from pg_roles r where rolname in ('consentry_app', 'consentry_scout')`,
  );
  expect(rows).toEqual([
    { owned: 0, mighty: false },
    { owned: 0, mighty: false },
  ]);
});

it('a query that forgets its viewer sees nothing', async () => {
  const { rows: tables } = await owner.query<{ name: string }>(VIEWER_TABLES);
  const { pool } = test.house.app.database;
  for (const { name } of tables) {
    const { rows } = await pool.query(`select count(*)::int as seen from ${name}`);
    expect([name, rows[0].seen]).toEqual([name, 0]);
  }
});

it('a transaction of one viewer neither reads nor writes the rows of another', async () => {
  const { rows: viewers } = await owner.query('select id, subject from viewer order by subject');
  const [alice, bob] = viewers;
  const { rows: consents } = await owner.query('select id from consent where viewer_id = $1', [
    bob.id,
  ]);
  await test.house.app.database.transact(alice.id, async (tx) => {
    expect(await tx.consent.count()).toBe(1);
    expect(await tx.consent.findUnique({ where: { id: consents[0].id } })).toBeNull();
    expect(
      (await tx.consent.updateMany({ data: { statusReason: 'x' }, where: { viewerId: bob.id } }))
        .count,
    ).toBe(0);
  });
  const theft = test.house.app.database.transact(alice.id, (tx) =>
    tx.changeCounter.create({ data: { viewerId: bob.id, epoch: bob.id, seq: 0 } }),
  );
  await expect(theft).rejects.toThrow('row-level security');
});

it('the viewer of one statement is forgotten by the next on the same connection', async () => {
  const { rows } = await owner.query('select id from viewer limit 1');
  const client = await test.house.app.database.pool.connect();
  try {
    await client.query(`select set_config('app.viewer', $1, true)`, [rows[0].id]);
    const { rows: after } = await client.query('select count(*)::int as seen from consent');
    expect(after[0].seen).toBe(0);
  } finally {
    client.release();
  }
});

it('the scout reads whose row it is, and nothing that is in it', async () => {
  const client = await test.house.app.database.pool.connect();
  try {
    await client.query('begin');
    await client.query('set local role consentry_scout');
    const { rows } = await client.query('select id, viewer_id from consent');
    expect(rows).toHaveLength(2);
    await expect(client.query('select sealed_psu_ip from consent')).rejects.toThrow(
      'permission denied',
    );
  } finally {
    await client.query('rollback');
    client.release();
  }
});
