import { execFile, type ExecFileException } from 'node:child_process';
import {
  chown,
  mkdir,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import { randomText, systemEntropy } from '../base/entropy.ts';
import { StartError } from '../base/errors.ts';
import { findBinaries, type PostgresBinaries } from './embedded-binaries.ts';
import { findSystemUser, refuseClosedFolders, type SystemUser } from './embedded-user.ts';

/** The name of the superuser. */
export const SUPERUSER = 'postgres';

/** A database cluster on disk, running or not. */
export interface Cluster {
  /** Real path of the data directory. */
  readonly data: string;
  readonly log: string;
  /** The superuser's. */
  readonly password: string;
  readonly binaries: PostgresBinaries;
  /** Whom the server runs as; null for ourselves. */
  readonly user: SystemUser | null;
}

const MAJOR = '18';

/**
 * The cluster of a data folder, made first if there is none. Any number of processes may ask at
 * once: each makes its own under another name, and renaming decides whose it is.
 *
 * @param volatile - leave it to chance whether a power cut destroys the new cluster
 * @throws StartError if the folder cannot be used
 */
export async function openCluster(folder: string, volatile: boolean): Promise<Cluster> {
  await makeFolder(folder);
  const home = path.join(await realpath(folder), 'postgres');
  const binaries = await findBinaries();
  const user = await findSystemUser(home);
  if (user) await refuseClosedFolders(user, [path.dirname(home), path.dirname(binaries.postgres)]);
  if (!(await isInitialised(home))) await initialise(home, binaries, user, volatile);
  const data = path.join(home, 'data');
  const major = (await readOwn(path.join(data, 'PG_VERSION'))).trim();
  if (major !== MAJOR) {
    throw new StartError(
      `The database in ${home} was made by Postgres ${major}, and this is Postgres ${MAJOR}: ` +
        'move that folder away to begin anew, or set DATA_DIR to another.',
    );
  }
  const password = await readOwn(path.join(home, 'password'));
  return { data, log: path.join(home, 'server.log'), password, binaries, user };
}

/**
 * Runs one of Postgres's programs to its end, as the cluster's user, and gives what it printed.
 *
 * @throws Error with what it printed, if it ends with anything but 0
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  { cwd, user }: { readonly cwd: string; readonly user: SystemUser | null },
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const options = {
    cwd,
    // None of our own variables, since those hold secrets, nor any PG… that would steer it.
    env: { LC_ALL: 'C', TZ: 'UTC' },
    ...(user && { uid: user.uid, gid: user.gid }),
  };
  execFile(program, args, options, (error: ExecFileException | null, stdout, stderr) => {
    if (!error) return resolve(stdout);
    const said = `${stderr}${stdout}`.trim() || error.message;
    reject(new Error(`${path.basename(program)}: ${said}`, { cause: error }));
  });
  return promise;
}

/** Whether a process of this id runs that we might signal. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    // Also for another user's process (EPERM), which cannot be our Postgres.
    return false;
  }
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw unusable(folder, error);
  }
}

async function isInitialised(home: string): Promise<boolean> {
  try {
    await stat(path.join(home, 'data', 'PG_VERSION'));
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw unusable(home, error);
  }
}

async function initialise(
  home: string,
  binaries: PostgresBinaries,
  user: SystemUser | null,
  volatile: boolean,
): Promise<void> {
  await removeAbandoned(home);
  const draft = `${home}-${process.pid}-${randomText(systemEntropy, 4)}`;
  const password = path.join(draft, 'password');
  try {
    await mkdir(draft, { mode: 0o700 });
    await writeFile(password, randomText(systemEntropy, 24), { mode: 0o600 });
    if (user) await Promise.all([draft, password].map((it) => chown(it, user.uid, user.gid)));
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw unusable(path.dirname(home), error);
  }
  try {
    await runProgram(
      binaries.initdb,
      [
        `--pgdata=${path.join(draft, 'data')}`,
        `--username=${SUPERUSER}`,
        `--pwfile=${password}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        // Postgres's own locale, so that texts sort alike on every machine.
        '--locale=C',
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
        '--no-instructions',
        ...(volatile ? ['--no-sync'] : []),
      ],
      { cwd: draft, user },
    );
    await rename(draft, home);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    // Another process may have been first; then its cluster is as good as ours.
    if (await isInitialised(home)) return;
    throw new StartError(`No database could be made in ${home}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** Drafts carry the id of their process, so those of the dead are known. */
async function removeAbandoned(home: string): Promise<void> {
  const parent = path.dirname(home);
  for (const name of await readdir(parent)) {
    const pid = /^postgres-(\d+)-/.exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    await rm(path.join(parent, name), { recursive: true, force: true });
  }
}

async function readOwn(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw unusable(file, error);
  }
}

function unusable(place: string, error: unknown): StartError {
  return new StartError(
    `The data folder cannot be used (${codeOf(error)} at ${place}): ` +
      'make it writable for this user, or set DATA_DIR to another.',
    { cause: error },
  );
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? messageOf(error);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
