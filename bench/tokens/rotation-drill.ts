import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Environment } from '../../src/base/config-reader.ts';
import { parseKeyRing } from '../../src/base/key-ring.ts';
import { type KeyRing, unseal } from '../../src/base/seal.ts';
import { countByKey } from '../../src/keys/rotate.ts';
import { readSealedValue } from '../../src/keys/sealed-values.ts';
import { type Database, openDatabase } from '../../src/postgres/db.ts';
import { RotationLoad } from './rotation-load.ts';
import type { KnownSecrets } from './rotation-seed.ts';

/** A change of keys under load. */
export interface DrillOptions {
  /** All that `keys rotate` needs, with the new key first in `ENCRYPTION_KEYS`. */
  readonly environment: Environment & {
    readonly DATABASE_URL: string;
    readonly ENCRYPTION_KEYS: string;
  };
  /** What `seedSecrets` sealed with the old key; brought up to date by the drill. */
  readonly known: KnownSecrets;
  readonly readers: number;
  /** Kills the first rotation once this part of what was read is sealed anew; null: lets it be. */
  readonly killAtPart: number | null;
  readonly hear?: (line: string) => void;
}

/** What came of it. */
export interface DrillReport {
  readonly secrets: number;
  readonly seconds: number;
  readonly reads: number;
  readonly failedReads: number;
  readonly slowestReadMilliseconds: number;
  /** Tokens that were refreshed while the rotation ran. */
  readonly refreshed: number;
  /** Secrets still under the old key when the rotation was killed; null where it was not. */
  readonly leftAtKill: number | null;
  /** Secrets that, in the end, do not open with the new key alone, or to something else. */
  readonly lost: number;
  /** The status and words of the rotation that came to its end. */
  readonly status: number | null;
  readonly output: string;
}

const CLI = fileURLToPath(new URL('../../src/cli/cli.ts', import.meta.url));

/**
 * Changes the key of all secrets by `keys rotate` in a process of its own, while readers open
 * secrets and tokens are refreshed, and looks at every one of them afterwards.
 */
export async function drillRotation(options: DrillOptions): Promise<DrillReport> {
  const { environment, known, killAtPart, hear } = options;
  const keys = parseKeyRing(environment.ENCRYPTION_KEYS);
  const database = openDatabase({
    url: environment.DATABASE_URL,
    connectionsMax: options.readers + 2,
    clockInDatabase: false,
    onIdleError: () => {},
  });
  const over = new AbortController();
  const load = new RotationLoad(database, keys, known, over.signal);
  const working = [load.refresh(), ...Array.from({ length: options.readers }, () => load.read())];
  const started = performance.now();
  try {
    let leftAtKill: number | null = null;
    if (killAtPart !== null) {
      const killed = startRotation(environment, hear);
      await Promise.race([load.reaches(killAtPart), killed.ended]);
      killed.kill();
      await killed.ended;
      const [first] = keys;
      const counts = await countByKey(database);
      leftAtKill = [...counts].reduce((sum, [id, n]) => (id === first.id ? sum : sum + n), 0);
      hear?.(`killed, with ${leftAtKill} left`);
    }
    const rotation = startRotation(environment, hear);
    const status = await rotation.ended;
    const seconds = (performance.now() - started) / 1_000;
    over.abort();
    await Promise.all(working);
    const lost = await countLost(database, [keys[0]], known);
    const { reads, failedReads, slowestReadMilliseconds, refreshed } = load;
    const figures = { reads, failedReads, slowestReadMilliseconds, refreshed };
    const output = rotation.output();
    return { secrets: known.size, seconds, ...figures, leftAtKill, lost, status, output };
  } finally {
    over.abort();
    await Promise.allSettled(working);
    await database.close();
  }
}

function startRotation(environment: Environment, hear: ((line: string) => void) | undefined) {
  const child = spawn(process.execPath, [CLI, 'keys', 'rotate'], {
    env: { PATH: process.env['PATH'], ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // A drill that is cut off leaves none at work.
  process.once('exit', () => child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      hear?.(text.trimEnd());
    });
  }
  return {
    output: () => output,
    kill: () => void child.kill('SIGKILL'),
    ended: once(child, 'close').then(([status]) => status as number | null),
  };
}

async function countLost(database: Database, keys: KeyRing, known: KnownSecrets): Promise<number> {
  let lost = 0;
  for (const { place, secret } of known.values()) {
    const value = await readSealedValue(database, place);
    const found = await unseal(keys, place, value?.sealed ?? '').catch(() => null);
    if (found !== secret) lost += 1;
  }
  return lost;
}
