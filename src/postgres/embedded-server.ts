import { readFile, rename, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Cluster, isAlive, runProgram } from './embedded-cluster.ts';

/** What a cluster's `postmaster.pid` says of the server that runs it. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  /** Tells it from an earlier server that had the same process id. */
  readonly startedAt: string;
}

const POSTMASTER_FILE = 'postmaster.pid';
const END_PAUSE_MILLISECONDS = 20;
const END_LOOKS_MAX = 3_000;

/** Sized for a small development machine; nothing here gives up safety. */
const SETTINGS = [
  'listen_addresses=127.0.0.1',
  // No socket file, which would lie outside the folder or have too long a path.
  'unix_socket_directories=',
  'max_connections=100',
  'shared_buffers=128MB',
  'timezone=UTC',
  'log_timezone=UTC',
  // Statements and the details of errors quote people's data, and logs must not.
  'log_min_error_statement=panic',
  'log_error_verbosity=terse',
];

const VOLATILE_SETTINGS = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'];

/**
 * The server of a cluster, if its file names a living process. After a reboot that may be an
 * unrelated one: only a server that answers for the cluster proves anything.
 *
 * @see https://www.postgresql.org/docs/18/storage-file-layout.html "postmaster.pid"
 */
export async function findPostmaster(cluster: Cluster): Promise<Postmaster | undefined> {
  const text = await readFile(path.join(cluster.data, POSTMASTER_FILE), 'utf8').catch(() => '');
  const [pid, , startedAt = '', port] = text.split('\n');
  if (!(Number(pid) > 0) || !(Number(port) > 0) || !isAlive(Number(pid))) return undefined;
  return { pid: Number(pid), port: Number(port), startedAt };
}

/**
 * Starts the server of a cluster on a free port of 127.0.0.1 and waits until it answers. It is
 * nobody's child and in no terminal's process group, so that Ctrl-C reaches only us and it outlives
 * our drain.
 *
 * @param volatile - fast, and lost at a power cut
 * @throws Error with the end of the server's log, also when another process was quicker
 */
export async function launchServer(cluster: Cluster, volatile: boolean): Promise<void> {
  const settings = [...SETTINGS, ...(volatile ? VOLATILE_SETTINGS : [])];
  const options = [`-p ${await freePort()}`, ...settings.map((it) => `-c ${it}`)].join(' ');
  await rename(cluster.log, `${cluster.log}.previous`).catch(() => undefined);
  try {
    await control(cluster, ['start', '-w', '-t', '60', '-l', cluster.log, '-o', options]);
  } catch (cause) {
    const log = await readFile(cluster.log, 'utf8').catch(() => '');
    const end = log.trimEnd().split('\n').slice(-5).join('\n');
    throw new Error(`Postgres did not start: ${end || String(cause)}`, { cause });
  }
}

/** Shuts down the server of a cluster, cutting off whoever is connected, and waits till it is gone. */
export async function shutDownServer(cluster: Cluster, postmaster: Postmaster): Promise<void> {
  // It waits by itself, but would mistake a server that others start right after for this one.
  await control(cluster, ['stop', '-m', 'fast', '-W']);
  await awaitEnd(cluster, postmaster);
}

/**
 * Waits till a server is gone: the last thing it does is to remove its file, and then the folder
 * may be deleted.
 *
 * @throws Error if it is still there after a minute
 */
export async function awaitEnd(cluster: Cluster, { pid }: Postmaster): Promise<void> {
  for (let look = 0; look < END_LOOKS_MAX; look++) {
    if ((await findPostmaster(cluster))?.pid !== pid) return;
    await sleep(END_PAUSE_MILLISECONDS);
  }
  throw new Error(`Postgres (process ${pid}) does not stop: see ${cluster.log}`);
}

/**
 * Removes the file of a server that is no more, where another process now has its id: Postgres
 * would refuse to start. Postgres has a second guard, on shared memory, should we be wrong.
 */
export async function forgetPostmaster(cluster: Cluster, dead: Postmaster): Promise<void> {
  const now = await findPostmaster(cluster);
  if (now?.pid !== dead.pid || now.startedAt !== dead.startedAt) return;
  await rm(path.join(cluster.data, POSTMASTER_FILE), { force: true });
}

function control(cluster: Cluster, args: readonly string[]): Promise<string> {
  const { binaries, data: cwd, user } = cluster;
  return runProgram(binaries.pg_ctl, [...args, '-D', cwd], { cwd, user });
}

/** Somebody may take it before Postgres does; then the start fails and is tried again. */
async function freePort(): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const server = createServer().once('error', reject);
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
  });
  return promise;
}
