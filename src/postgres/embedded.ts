import { realpath } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { StartError } from '../base/errors.ts';
import { type Cluster, openCluster, SUPERUSER } from './embedded-cluster.ts';
import {
  awaitEnd,
  findPostmaster,
  forgetPostmaster,
  launchServer,
  type Postmaster,
  shutDownServer,
} from './embedded-server.ts';

/** A Postgres that runs for this process, and perhaps for others of the same data folder. */
export interface EmbeddedPostgres {
  /** For the superuser, to the database `consentry`, on 127.0.0.1. */
  readonly url: string;
  /**
   * Ends this process's use of the server. The last process to do so shuts the server down,
   * whoever started it, and waits till it is gone; before that the server runs on.
   */
  stop(): Promise<void>;
}

/** Where an embedded Postgres lives, and how. */
export interface EmbeddedOptions {
  /** The data folder; the cluster lies in its `postgres/`. */
  readonly folder: string;
  /** For tests: several times faster, and lost at a power cut. */
  readonly volatile?: boolean;
}

const DATABASE = 'consentry';
/** Held shared, in the database `postgres`, by each process that uses the server. */
const USE_LOCK = 7_243_002;
const PAUSE_MILLISECONDS = 50;
const LOOKS_MAX = 1_200;
const LAUNCHES_MAX = 5;
/** How often no server of ours may answer before its file counts as left over. */
const STRANGERS_MAX = 40;
/** Wrong password and unknown user: whoever listens there now is somebody else. */
const STRANGE_ANSWERS = ['ECONNREFUSED', '28P01', '28000'];

/**
 * Starts the Postgres of a data folder, or joins the one that runs there: another process's, or
 * one that outlived a process of ours that was killed. A new folder gets a new cluster. Works as
 * root too, where the server runs as the system's user `postgres`.
 *
 * @throws StartError if the folder cannot be used or the server does not start
 */
export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const volatile = options.volatile ?? false;
  const cluster = await openCluster(options.folder, volatile);
  const use = await joinServer(cluster, volatile);
  let stopped: Promise<void> | undefined;
  return {
    url: `postgres://${SUPERUSER}:${cluster.password}@127.0.0.1:${use.port}/${DATABASE}`,
    stop: () => (stopped ??= leaveServer(cluster, use)),
  };
}

/** The published types lack these two. */
type Client = pg.Client & { ref(): void; unref(): void };

interface Use {
  readonly client: Client;
  readonly port: number;
}

/**
 * Finds or launches the server, as often as it takes: between two looks it may start, stop or
 * crash, for other processes do the same as we. Ends after a few minutes at most.
 */
async function joinServer(cluster: Cluster, volatile: boolean): Promise<Use> {
  let failure: unknown;
  let launches = 0;
  let strangers = 0;
  for (let look = 0; look < LOOKS_MAX; look++) {
    const postmaster = await findPostmaster(cluster);
    try {
      if (postmaster) return await useServer(cluster, postmaster);
      if (launches++ === LAUNCHES_MAX) break;
      await launchServer(cluster, volatile);
      continue;
    } catch (error) {
      failure = error;
      if (postmaster && error instanceof StrangerError) strangers++;
      if (postmaster && strangers === STRANGERS_MAX) await forgetPostmaster(cluster, postmaster);
    }
    await sleep(PAUSE_MILLISECONDS);
  }
  throw new StartError(
    `The embedded Postgres cannot be used, see ${cluster.log}: ${String(failure)}`,
    { cause: failure },
  );
}

/**
 * Connects, and keeps the connection as the sign that this process uses the server. Its lock ends
 * with the process, however that ends, and nobody can shut down a server that we have just joined.
 *
 * @throws StrangerError if what answers there is not the cluster's server
 */
async function useServer(cluster: Cluster, { port }: Postmaster): Promise<Use> {
  const client = await connect(cluster, port);
  try {
    // Waits while the last user is shutting the server down, and then fails with it.
    await client.query('select pg_advisory_lock_shared($1)', [USE_LOCK]);
    await createDatabase(client);
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
  client.unref();
  return { client, port };
}

async function leaveServer(cluster: Cluster, { client, port }: Use): Promise<void> {
  client.ref();
  // The server answers the end by closing, after it has let go of our lock.
  await client.end().catch(() => undefined);
  const postmaster = await findPostmaster(cluster);
  if (!postmaster || postmaster.port !== port) return;
  const last = await takeServer(cluster, port).catch(async (error: unknown) => {
    // Gone already, or going because another last user was quicker.
    if (!(error instanceof StrangerError)) await awaitEnd(cluster, postmaster);
    return undefined;
  });
  if (!last) return;
  try {
    await shutDownServer(cluster, postmaster);
  } finally {
    await last.end().catch(() => undefined);
  }
}

/** A connection that keeps others from joining; undefined while some process uses the server. */
async function takeServer(cluster: Cluster, port: number): Promise<Client | undefined> {
  const client = await connect(cluster, port);
  let alone: boolean | undefined;
  try {
    const { rows } = await client.query<{ alone: boolean }>(
      'select pg_try_advisory_lock($1) as alone',
      [USE_LOCK],
    );
    alone = rows[0]?.alone;
    return alone ? client : undefined;
  } finally {
    if (!alone) await client.end().catch(() => undefined);
  }
}

/** What listens on the port is not the cluster's server, or nothing listens. */
class StrangerError extends Error {}

async function connect(cluster: Cluster, port: number): Promise<Client> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user: SUPERUSER,
    password: cluster.password,
    database: 'postgres',
    connectionTimeoutMillis: 5_000,
    application_name: 'consentry embedded',
  }) as Client;
  // A server that dies is noticed by those who ask it something; this connection only stands.
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ folder: string }>(
      `select current_setting('data_directory') as folder`,
    );
    const folder = await realpath(rows[0]?.folder ?? '').catch(() => undefined);
    if (folder === cluster.data) return client;
    throw new StrangerError(`another server answers on port ${port}`);
  } catch (error) {
    await client.end().catch(() => undefined);
    const strange = STRANGE_ANSWERS.includes((error as NodeJS.ErrnoException).code ?? '');
    throw strange
      ? new StrangerError(`nobody of ours answers on port ${port}`, { cause: error })
      : error;
  }
}

async function createDatabase(client: pg.Client): Promise<void> {
  const { rows } = await client.query('select from pg_database where datname = $1', [DATABASE]);
  if (rows.length > 0) return;
  await client.query(`create database ${DATABASE}`).catch((error: unknown) => {
    // Two that start together may both find it missing.
    const code = (error as { code?: string }).code ?? '';
    if (code !== '42P04' && code !== '23505') throw error;
  });
}
