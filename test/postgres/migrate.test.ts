import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  applyMigrations,
  editedMigrations,
  migrationDrift,
  type Migrations,
  readMigrations,
} from '../../src/postgres/migrate.ts';
import { StartError } from '../../src/base/errors.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createTestFolder } from '../support/folder.ts';

let folder: Awaited<ReturnType<typeof createTestFolder>>;
let database: TestDatabase;

beforeEach(async () => {
  folder = await createTestFolder();
  database = await createTestDatabase('template0');
  await writeSchema('name String');
  await writeMigration(
    '1_accounts',
    'create table "Account" (id int primary key, name text not null);',
  );
});

afterEach(async () => {
  await database.drop();
  await folder.remove();
});

test('pending migrations apply in order, once', async () => {
  await writeMigration('2_age', 'alter table "Account" add age int;');
  expect(await apply()).toEqual(['1_accounts', '2_age']);
  expect(await apply()).toEqual([]);
  await writeMigration('3_city', 'alter table "Account" add city text;');
  expect(await apply()).toEqual(['3_city']);
});

test('a folder without migrations applies nothing', async () => {
  await rm(path.join(folder.path, 'migrations'), { recursive: true });
  expect(await apply()).toEqual([]);
});

test('function bodies keep their semicolons', async () => {
  await writeMigration(
    '2_function',
    'create function two() returns int language plpgsql as $$ begin perform 1; return 2; end; $$;',
  );
  await apply();
  expect(await ask('select two() as answer')).toEqual([{ answer: 2 }]);
});

test('a migration that fails is named, leaves nothing, and applies once it is mended', async () => {
  await writeMigration('2_broken', 'create table half (id int); select 1 / 0;');
  const refused = apply();
  await expect(refused).rejects.toThrow(StartError);
  await expect(refused).rejects.toThrow(/2_broken.*division by zero/);
  expect(await ask(`select to_regclass('half') as half`)).toEqual([{ half: null }]);
  expect(await ask(`select to_regclass('"Account"') is not null as kept`)).toEqual([
    { kept: true },
  ]);

  await expect(apply()).rejects.toThrow(/2_broken/);
  await writeMigration('2_broken', 'create table half (id int);');
  expect(await apply()).toEqual(['2_broken']);
});

test('three that start together all succeed, and one applies', async () => {
  await writeMigration('2_slow', 'select pg_sleep(0.3);');
  const answers = await Promise.all([apply(), apply(), apply()]);
  expect(answers.flat()).toEqual(['1_accounts', '2_slow']);
  expect(await ask('select count(*)::int as rows from _prisma_migrations')).toEqual([{ rows: 2 }]);
});

test('migrations of a newer version stay, and an older one may still add its own', async () => {
  await writeMigration('2_newer', 'select 1;');
  await apply();
  await rm(path.join(folder.path, 'migrations', '2_newer'), { recursive: true });
  expect(await apply()).toEqual([]);
  await writeMigration('3_older', 'select 1;');
  expect(await apply()).toEqual(['3_older']);
});

test('a database that cannot be reached is no failed migration', async () => {
  const url = new URL(database.url);
  url.pathname = '/nowhere';
  await expect(applyMigrations(url.href, read())).rejects.toThrow('"nowhere" does not exist');
});

test('an edited file of an applied migration is noticed', async () => {
  await apply();
  expect(await editedMigrations(database.url, read())).toEqual([]);
  await writeMigration('1_accounts', 'create table "Account" (id int primary key);');
  expect(await editedMigrations(database.url, read())).toEqual(['1_accounts']);
});

test('drift is empty where the database and the schema agree, else the next migration', async () => {
  await apply();
  expect(await migrationDrift(database.url, read())).toBe('');
  await writeSchema('name String\n  age Int?');
  const drift = await migrationDrift(database.url, read());
  expect(drift).toContain('ALTER TABLE "Account" ADD COLUMN');
  await writeMigration('2_age', drift);
  await apply();
  expect(await migrationDrift(database.url, read())).toBe('');
});

test('a table that the schema leaves out on purpose is no drift', async () => {
  await writeMigration('2_events', 'create table events (id int primary key);');
  await apply();
  expect(await migrationDrift(database.url, read())).toContain('DROP TABLE "events"');
  expect(await migrationDrift(database.url, read(), ['public.events'])).toBe('');
});

test('a schema of several files is read whole', async () => {
  await writeFile(path.join(folder.path, 'card.prisma'), 'model Card {\n  id Int @id\n}\n');
  await apply();
  expect(await migrationDrift(database.url, read())).toContain('CREATE TABLE "Card"');
});

test('a schema that does not parse is refused with its line', async () => {
  await apply();
  await writeSchema('name Strin');
  await expect(migrationDrift(database.url, read())).rejects.toThrow('Strin');
});

function read(): Migrations {
  return readMigrations(folder.path);
}

function apply(): Promise<readonly string[]> {
  return applyMigrations(database.url, read());
}

async function writeSchema(fields: string): Promise<void> {
  const schema = `datasource db {
  provider = "postgresql"
}

model Account {
  id Int @id
  ${fields}
}
`;
  await writeFile(path.join(folder.path, 'schema.prisma'), schema);
}

async function writeMigration(name: string, sql: string): Promise<void> {
  const parent = path.join(folder.path, 'migrations', name);
  await mkdir(parent, { recursive: true });
  await writeFile(path.join(parent, 'migration.sql'), sql);
}

async function ask(sql: string): Promise<unknown[]> {
  const client = new pg.Client(database.url);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
