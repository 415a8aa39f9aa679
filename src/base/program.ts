import { StartError } from './errors.ts';

/** Runs a program. What it throws ends the process: an operator's fault in its own sentence only. */
export function run(program: () => Promise<void>): void {
  program().catch((error: unknown) => {
    if (error instanceof StartError) process.stderr.write(`${error.message}\n`);
    else process.stderr.write(`${(error as Error).stack ?? String(error)}\n`);
    process.exit(1);
  });
}
