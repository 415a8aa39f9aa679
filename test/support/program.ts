import { spawn } from 'node:child_process';

/** A program of ours in a process of its own. It ends with the scope that it was started in. */
export interface Program extends AsyncDisposable {
  readonly output: string;
  readonly errors: string;
  /** The status with which it ended, null for a signal. */
  readonly ended: Promise<number | null>;
  /** Ends it by a signal. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/**
 * Starts a program, in an environment that has nothing else of ours.
 *
 * @param ready - what its output has to show first
 * @param environment - what it is told besides
 * @param input - what is piped in; nothing if left out
 */
export async function runProgram(
  file: string,
  options: readonly string[],
  ready?: RegExp,
  environment: Readonly<Record<string, string>> = {},
  input = '',
): Promise<Program> {
  const child = spawn(process.execPath, [file, ...options], {
    env: { PATH: process.env['PATH'], NO_COLOR: '1', ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end(input);
  let output = '';
  let errors = '';
  const shown = Promise.withResolvers<void>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (ready?.test(output) === true) shown.resolve();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const end = (signal: NodeJS.Signals) => {
    child.kill(signal);
    return ended;
  };
  if (ready !== undefined) {
    await Promise.race([
      shown.promise,
      ended.then(() => Promise.reject(new Error(`it ended before it was ready: ${errors}`))),
    ]);
  }
  return {
    get output() {
      return output;
    },
    get errors() {
      return errors;
    },
    ended,
    end,
    [Symbol.asyncDispose]: async () => void (await end('SIGKILL')),
  };
}
