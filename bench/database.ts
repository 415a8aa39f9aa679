import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres } from '../src/postgres/embedded.ts';
import { applyMigrations, readMigrations } from '../src/postgres/migrate.ts';

/** Runs work beside a Postgres of its own, of which nothing is left afterwards. */
export async function withPostgres<T>(work: (adminUrl: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), 'consentry-simulate-'));
  // As root, Postgres runs as another user, who has to enter.
  await chmod(folder, 0o711);
  const postgres = await startEmbeddedPostgres({ folder, volatile: true });
  try {
    return await work(postgres.url);
  } finally {
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Makes a database with every table and no row. */
export async function emptyDatabase(adminUrl: string, name: string): Promise<string> {
  const admin = new pg.Client(adminUrl);
  await admin.connect();
  await admin.query(`create database ${name}`);
  await admin.end();
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  await applyMigrations(url.href, readMigrations());
  return url.href;
}

/** Removes a database, cutting off whoever is still connected. */
export async function dropDatabase(adminUrl: string, name: string): Promise<void> {
  const admin = new pg.Client(adminUrl);
  await admin.connect();
  await admin.query(`drop database if exists ${name} with (force)`);
  await admin.end();
}

/** Makes a key as an operator would. */
export function makeKey(id: string): string {
  return `${id}:${randomBytes(32).toString('base64')}`;
}
