import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MigrationList } from '@prisma/schema-engine-wasm';
import pg from 'pg';
import { StartError } from '../base/errors.ts';
import { type SchemaContainer, withSchemaEngine } from './schema-engine.ts';

/** A Prisma schema and the steps that lead a database to it, as read from disk. */
export interface Migrations {
  readonly folder: string;
  readonly schema: readonly SchemaContainer[];
  /** In the order in which they apply. */
  readonly steps: readonly { readonly name: string; readonly sql: string }[];
}

/** Any number, as long as nothing else in this database locks it; not the engine's own. */
const LOCK = 7_243_001;
const UNDEFINED_TABLE = '42P01';
const NO_FILTERS = { externalTables: [], externalEnums: [] };

/**
 * Brings a database up to date and gives the names of the migrations that it applied, in order.
 * When nothing is pending this costs one connection and one small query. Processes that start
 * together wait for each other; migrations that a newer version of the house applied are let be.
 *
 * A migration is one transaction, so one that failed, or whose process was killed, left nothing
 * behind and is tried again by the next call. (`prisma migrate deploy` would refuse until told.)
 *
 * @param ownerUrl - the role that owns the tables
 * @throws StartError if a migration fails, naming it
 */
export async function applyMigrations(
  ownerUrl: string,
  migrations: Migrations,
): Promise<readonly string[]> {
  const client = new pg.Client({
    connectionString: ownerUrl,
    // The wait is for another process that migrates; it may take its time, but not for ever.
    options: '-c lock_timeout=15min -c statement_timeout=0',
  });
  client.on('error', () => {});
  await client.connect();
  try {
    if (pendingOf(migrations, await findHistory(client)).length === 0) return [];
    // The engine has a lock of its own, but gives up on it after ten seconds.
    await client.query('select pg_advisory_lock($1)', [LOCK]);
    const history = await findHistory(client);
    if (pendingOf(migrations, history).length === 0) return [];
    return await applyPending(ownerUrl, migrations, client, history.failed);
  } finally {
    await client.end();
  }
}

/**
 * Reads `schema.prisma` (or several `.prisma` files) and `migrations/` of a folder.
 *
 * @param folder - by default `prisma/` beside a bundle, else the repository's
 */
export function readMigrations(folder: string = defaultFolder()): Migrations {
  const schema = readdirSync(folder)
    .filter((file) => file.endsWith('.prisma'))
    .toSorted()
    .map((file) => path.join(folder, file))
    .map((file) => ({ path: file, content: readFileSync(file, 'utf8') }));
  const parent = path.join(folder, 'migrations');
  const entries = existsSync(parent) ? readdirSync(parent, { withFileTypes: true }) : [];
  const steps = entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .toSorted()
    .map((name) => ({ name, sql: readFileSync(path.join(parent, name, 'migration.sql'), 'utf8') }));
  return { folder, schema, steps };
}

/**
 * What would bring a migrated database to the schema, as SQL; empty when they agree. On a database
 * that was migrated from nothing, this is the text of the next migration.
 *
 * Prisma cannot see everything: partial and expression indexes, checks, policies, functions and
 * triggers are never told as missing or as left over.
 *
 * @param externalTables - tables (`public.events`) that the schema leaves out on purpose
 */
export async function migrationDrift(
  ownerUrl: string,
  migrations: Migrations,
  externalTables: readonly string[] = [],
): Promise<string> {
  const files = [...migrations.schema];
  const result = await withSchemaEngine(ownerUrl, files, (engine) =>
    engine.diff({
      from: { tag: 'schemaDatasource', files, configDir: migrations.folder },
      to: { tag: 'schemaDatamodel', files },
      script: true,
      exitCode: true,
      filters: { ...NO_FILTERS, externalTables: [...externalTables] },
    }),
  );
  return result.exitCode === 0 ? '' : (result.stdout ?? '');
}

/** The names of applied migrations whose file is no longer what was applied. */
export async function editedMigrations(
  ownerUrl: string,
  migrations: Migrations,
): Promise<readonly string[]> {
  const { editedMigrationNames } = await withSchemaEngine(ownerUrl, migrations.schema, (engine) =>
    engine.diagnoseMigrationHistory({
      migrationsList: asList(migrations),
      optInToShadowDatabase: false,
      filters: NO_FILTERS,
    }),
  );
  return editedMigrationNames;
}

interface History {
  readonly applied: ReadonlySet<string>;
  readonly failed: readonly string[];
}

async function findHistory(client: pg.Client): Promise<History> {
  try {
    const { rows } = await client.query<{ name: string; finished: boolean }>(
      `select migration_name as name, finished_at is not null as finished
         from public._prisma_migrations where rolled_back_at is null`,
    );
    const names = (finished: boolean) =>
      rows.filter((row) => row.finished === finished).map((row) => row.name);
    return { applied: new Set(names(true)), failed: names(false) };
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || error.code !== UNDEFINED_TABLE) throw error;
    return { applied: new Set(), failed: [] };
  }
}

function pendingOf(migrations: Migrations, history: History): readonly string[] {
  return migrations.steps.map((step) => step.name).filter((name) => !history.applied.has(name));
}

/**
 * @param client - holds the lock
 * @param failed - unfinished although we hold the lock, so nobody is at work on them
 */
async function applyPending(
  ownerUrl: string,
  migrations: Migrations,
  client: pg.Client,
  failed: readonly string[],
): Promise<readonly string[]> {
  try {
    return await withSchemaEngine(ownerUrl, migrations.schema, async (engine) => {
      for (const migrationName of failed) await engine.markMigrationRolledBack({ migrationName });
      const result = await engine.applyMigrations({
        migrationsList: asList(migrations),
        filters: NO_FILTERS,
      });
      return result.appliedMigrationNames;
    });
  } catch (cause) {
    const [name] = (await findHistory(client)).failed;
    if (name === undefined) throw cause;
    throw new StartError(
      `The migration ${name} failed and left nothing behind: ${reasonOf(cause)}. ` +
        'Remove its cause, then start again.',
      { cause },
    );
  }
}

/** The database's own words, out of a report that goes on with the engine's call stack. */
function reasonOf(error: unknown): string {
  const lines = String(error).split('\n');
  return (lines.find((line) => line.includes('ERROR:')) ?? lines[0] ?? '').trim();
}

function asList(migrations: Migrations): MigrationList {
  return {
    baseDir: path.join(migrations.folder, 'migrations'),
    lockfile: { path: 'migration_lock.toml', content: 'provider = "postgresql"\n' },
    shadowDbInitScript: '',
    migrationDirectories: migrations.steps.map(({ name, sql }) => ({
      path: name,
      migrationFile: { path: 'migration.sql', content: { tag: 'ok', value: sql } },
    })),
  };
}

function defaultFolder(): string {
  const beside = fileURLToPath(new URL('./prisma/', import.meta.url));
  return existsSync(beside) ? beside : fileURLToPath(new URL('../../prisma/', import.meta.url));
}
