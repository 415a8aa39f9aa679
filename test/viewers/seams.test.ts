import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { jobs } from '../../src/jobs.ts';
import { EMPTIED_FIRST } from '../../src/viewers/erase-rows.ts';
import { EXPORT_SECTIONS } from '../../src/viewers/export-sections.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { viewerTables } from './everything.ts';

let database: TestDatabase;
let owner: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase();
  owner = new pg.Client(database.url);
  await owner.connect();
});
afterAll(async () => {
  await owner.end();
  await database.drop();
});

it('every table with rows of viewers is emptied with the viewer: by its keys, or by name', async () => {
  const { rows } = await owner.query<{ name: string }>(
    `with recursive gone (id) as (
       select 'public.viewer'::regclass::oid
       union
       select c.conrelid from pg_constraint c join gone on gone.id = c.confrelid
       where c.contype = 'f' and c.confdeltype = 'c'
     ) select relname as name from pg_class join gone on gone.id = oid`,
  );
  const gone = new Set<string>([...rows.map(({ name }) => name), ...EMPTIED_FIRST]);
  expect((await viewerTables(owner)).filter((name) => !gone.has(name))).toEqual([]);
});

it('every such table hides its rows from the moment that an erasure begins', async () => {
  const { rows } = await owner.query<{ name: string }>(
    `select tablename as name from pg_policies
     where policyname like 'viewer\\_%' and qual like '%living_viewer%'`,
  );
  const hidden = rows.map(({ name }) => name);
  expect((await viewerTables(owner)).filter((name) => !hidden.includes(name))).toEqual([]);
});

it('every foreign key that an erasure goes along has an index', async () => {
  const { rows } = await owner.query(
    `select c.conrelid::regclass::text as child, a.attname as column
     from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
     where c.contype = 'f' and c.confdeltype = 'c' and c.connamespace = 'public'::regnamespace
       and not exists (select from pg_index i
         where i.indrelid = c.conrelid and i.indkey[0] = c.conkey[1] and i.indpred is null)`,
  );
  expect(rows).toEqual([]);
});

it('every job that is about somebody names them, so that it goes with them', () => {
  const nameless = Object.values(jobs).filter(({ payload }) => {
    const { shape } = payload as unknown as { shape: object };
    return Object.keys(shape).length > 0 && !('viewerId' in shape);
  });
  expect(nameless.map(({ name }) => name)).toEqual(['erase-viewer', 'replay-webhooks']);
});

// Keys, hashes and ids, and what counts for this server alone.
const NOT_EXPORTED = ['change_counter', 'consent_credential', 'grant_refusal', 'webhook_delivery'];

it('every such table is in the export, or left out on purpose', async () => {
  const exported = EXPORT_SECTIONS.map(({ from }) => from).join(' ');
  const missing = (await viewerTables(owner)).filter(
    (name) => !new RegExp(String.raw`\b${name}\b`).test(exported) && !NOT_EXPORTED.includes(name),
  );
  expect(missing).toEqual([]);
});
