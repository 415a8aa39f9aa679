import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { StartError } from '../base/errors.ts';

/** An account of the operating system. */
export interface SystemUser {
  readonly uid: number;
  readonly gid: number;
}

const run = promisify(execFile);
const NAME = 'postgres';

/**
 * Whom a cluster's server must run as: null for ourselves, except that Postgres refuses to run as
 * root. For root it is the owner of the cluster, or for a new one the system's `postgres`, which
 * is made where it does not exist.
 *
 * @param home - the cluster's folder, which need not exist yet
 * @throws StartError if that account does not exist and cannot be made
 */
export async function findSystemUser(home: string): Promise<SystemUser | null> {
  if (process.getuid?.() !== 0) return null;
  const owner = await stat(home).catch(() => undefined);
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  return (await lookUp()) ?? (await make());
}

/**
 * Refuses folders that an account cannot reach because one on the way to them is closed to it, as
 * root's home and temporary folders mostly are.
 *
 * @param folders - real paths
 * @throws StartError naming the first closed folder
 */
export async function refuseClosedFolders(
  user: SystemUser,
  folders: readonly string[],
): Promise<void> {
  for (const folder of folders) {
    for (const step of wayTo(folder)) {
      const { mode, uid, gid } = await stat(step);
      const enter = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
      if ((mode & enter) !== 0) continue;
      throw new StartError(
        `As root, Postgres runs as the user ${NAME} (${user.uid}), who may not enter ${step}: ` +
          `run "chmod o+x ${step}", start as another user, or move ${folder} elsewhere.`,
      );
    }
  }
}

/** A folder and all above it, topmost first. */
function wayTo(folder: string): readonly string[] {
  const above = path.dirname(folder);
  return above === folder ? [folder] : [...wayTo(above), folder];
}

async function lookUp(): Promise<SystemUser | undefined> {
  try {
    const [uid, gid] = await Promise.all(
      ['-u', '-g'].map(async (flag) => Number((await run('id', [flag, NAME])).stdout)),
    );
    return uid && gid ? { uid, gid } : undefined;
  } catch {
    return undefined;
  }
}

async function make(): Promise<SystemUser> {
  let fault: unknown;
  try {
    await run('groupadd', ['--force', '--system', NAME]);
    await run('useradd', ['--system', '--no-create-home', '--gid', NAME, NAME]);
  } catch (error) {
    // Another start may be making the same account: what counts is whether it is there.
    fault = error;
  }
  const made = await lookUp();
  if (made) return made;
  throw new StartError(
    `Postgres does not run as root, and the user ${NAME} could not be made: ` +
      'start as another user, or set DATABASE_URL.',
    { cause: fault },
  );
}
