import { describeError } from './error-words.ts';
import { StartError } from './errors.ts';
import { strikeSecrets } from './log.ts';

/**
 * Runs a program. What it throws, then or later, ends the process: an operator's fault in its own
 * sentence only, anything else without the values and objects that Node itself would print.
 */
export function run(program: () => Promise<void>): void {
  process.on('uncaughtException', end);
  program().catch(end);
}

function end(error: unknown): never {
  process.stderr.write(`${error instanceof StartError ? error.message : wholeOf(error)}\n`);
  process.exit(1);
}

function wholeOf(error: unknown): string {
  const { type, message, stack = '', cause } = describeError(error);
  const because = cause === undefined ? [] : [`because of ${cause.type}: ${cause.message}`];
  return strikeSecrets([`${type}: ${message}`, stack, ...because].join('\n').trimEnd());
}
