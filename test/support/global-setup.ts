import pg from 'pg';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { startEmbeddedPostgres } from '../../src/postgres/embedded.ts';
import { createTestFolder, removeAbandonedFolders } from './folder.ts';
import { prepareTemplate } from './prepare-template.ts';
import { refuseLeaks } from './watch.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Superuser, database `consentry` of the run's own server. */
    postgresUrl: string;
    /** The database that each test database is a copy of. */
    templateDatabase: string;
  }
}

const TEMPLATE = 'template_consentry';

/** The variable that names the server of the run in which this one runs. */
export const OUTER_POSTGRES = 'CONSENTRY_OUTER_POSTGRES';

/**
 * Starts the Postgres of one test run, with a template database, and gives what stops it. Runs at
 * the same time do not meet: each has a folder and a port of its own.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  // A run within a run, in another time zone, finds the server of the outer one.
  const outer = process.env[OUTER_POSTGRES];
  if (outer !== undefined) {
    provideAll(project, outer);
    return () => Promise.resolve();
  }
  await removeAbandonedFolders();
  const folder = await createTestFolder();
  const postgres = await startEmbeddedPostgres({ folder: folder.path, volatile: true });
  const teardown = async () => {
    await postgres.stop();
    // The one log that outlives the houses of all tests.
    const log = await readFile(path.join(folder.path, 'postgres/server.log'), 'utf8');
    await folder.remove();
    await refuseLeaks({ logLines: log.split('\n') });
  };
  try {
    await createTemplate(postgres.url);
  } catch (error) {
    await teardown();
    throw error;
  }
  provideAll(project, postgres.url);
  return teardown;
}

function provideAll(project: TestProject, postgresUrl: string): void {
  project.provide('postgresUrl', postgresUrl);
  project.provide('templateDatabase', TEMPLATE);
}

async function createTemplate(adminUrl: string): Promise<void> {
  const admin = new pg.Client(adminUrl);
  await admin.connect();
  try {
    await admin.query(`create database ${TEMPLATE}`);
    const url = new URL(adminUrl);
    url.pathname = `/${TEMPLATE}`;
    await prepareTemplate(url.href);
    // Postgres copies no database that somebody is connected to, so nobody may.
    await admin.query(`alter database ${TEMPLATE} is_template true allow_connections false`);
  } finally {
    await admin.end();
  }
}
