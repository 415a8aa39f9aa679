import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { setTimeout } from 'node:timers/promises';
import { refuseLeaks } from './watch.ts';

const ENTRANCE = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const READY_ATTEMPTS = 400;

/** A server in a process of its own. */
export interface ServerProcess {
  readonly url: string;
  /** All that it printed so far. */
  readonly output: () => string;
  /** Ends it; throws if it printed a secret of the simulator's. */
  kill(signal: NodeJS.Signals): Promise<number | null>;
}

// Also of a test that timed out nothing lives on.
const running = new Set<ChildProcess>();
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** Starts `src/main.ts` with exactly this environment. */
export function spawnServer(environment: Readonly<Record<string, string>>): {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly ended: Promise<number | null>;
} {
  const child = spawn(process.execPath, [ENTRANCE], {
    env: { PATH: process.env['PATH'], ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  return { child, output: () => output, ended };
}

/** Starts a server and waits until it is ready. */
export async function startServer(
  environment: Readonly<Record<string, string>> & { readonly PORT: string },
): Promise<ServerProcess> {
  const { child, output, ended } = spawnServer(environment);
  const url = `http://127.0.0.1:${environment.PORT}`;
  let over = false;
  void ended.then(() => (over = true));
  for (let attempt = 0; attempt < READY_ATTEMPTS; attempt += 1) {
    const ready = await fetch(`${url}/readyz`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (ready) {
      return {
        url,
        output,
        kill: async (signal) => {
          child.kill(signal);
          const status = await ended;
          await refuseLeaks({ logLines: output().split('\n') });
          return status;
        },
      };
    }
    if (over) break;
    await setTimeout(50);
  }
  child.kill('SIGKILL');
  throw new Error(`the server did not become ready:\n${output()}`);
}
