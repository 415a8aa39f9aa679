import type { Config } from '../base/config.ts';
import { StartError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { KeyRing } from '../base/seal.ts';
import { type Database, openDatabase } from '../postgres/db.ts';
import { unreachable } from '../postgres/unreachable.ts';
import type { Surroundings } from './command.ts';

/** The rows of the house and the keys to their secrets. */
export interface Store {
  /** The database's address, for its owner. */
  readonly url: string;
  readonly database: Database;
  readonly keys: KeyRing;
  close(): Promise<void>;
}

/**
 * Opens the rows that the server works on, whether it runs or not.
 *
 * @throws StartError if they cannot be entered, or no server of this version has prepared them
 */
export async function openStore(config: Config, log: Log): Promise<Store> {
  const development = config.production ? null : await loadDevelopment(config);
  const url = config.databaseUrl ?? development?.databaseUrl ?? null;
  const keys = config.encryptionKeys ?? development?.encryptionKeys ?? null;
  // Without one of them the configuration, or the development, has refused already.
  if (url === null || keys === null) throw new Error('there is no database or there are no keys');
  const database = openDatabase({
    url,
    connectionsMax: 10,
    clockInDatabase: false,
    onIdleError: (error) => log.warn({ err: error }, 'the database connection was troubled'),
  });
  const close = async () => {
    await database.close();
    await development?.close();
  };
  try {
    await expectTables(url, database);
  } catch (error) {
    await close();
    throw error;
  }
  return { url, database, keys, close };
}

/** Works on the rows that the server works on, and closes them. */
export async function withStore<T>(
  surroundings: Surroundings,
  work: (store: Store, surroundings: Surroundings) => Promise<T>,
): Promise<T> {
  const store = await openStore(surroundings.config(), surroundings.log);
  try {
    return await work(store, surroundings);
  } finally {
    await store.close();
  }
}

async function expectTables(url: string, database: Database): Promise<void> {
  const look = `select to_regclass('public.bank_client') is not null as there`;
  const { rows } = await database.pool.query<{ there: boolean }>(look).catch((error: unknown) => {
    // The role of the house is made by the first migration.
    if (/role "consentry_app" does not exist/.test(String(error))) return { rows: [] };
    throw unreachable(url, error) ?? error;
  });
  if (rows[0]?.there === true) return;
  throw new StartError('The database is not prepared for this version: start the server once.');
}

// The production bundle is made without it.
async function loadDevelopment(config: Config) {
  const { startDevelopmentStore } = await import('../development.ts').catch((cause: unknown) => {
    throw new StartError(
      'This build has no development parts: set NODE_ENV=production and configure the real ones.',
      { cause },
    );
  });
  return startDevelopmentStore(config);
}
