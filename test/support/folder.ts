import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startEmbeddedPostgres } from '../../src/postgres/embedded.ts';

const PREFIX = 'consentry-test-';

/** A new temporary folder of this process, which other users may enter but not list. */
export async function createTestFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(path.join(tmpdir(), `${PREFIX}${process.pid}-`));
  // As root, Postgres runs as another user.
  await chmod(folder, 0o711);
  return { path: folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Removes what test runs left that were killed, and stops the Postgres that may still run there. */
export async function removeAbandonedFolders(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    const folder = path.join(tmpdir(), name);
    try {
      const files = await readdir(folder);
      if (files.includes('postgres')) {
        await startEmbeddedPostgres({ folder }).then((postgres) => postgres.stop());
      }
      await rm(folder, { recursive: true, force: true });
    } catch {
      // Another user's, or another run is at it: nothing that this run depends on.
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
