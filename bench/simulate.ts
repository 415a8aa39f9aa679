import { simulateTokens } from './tokens/tokens.ts';

/** What can be simulated, by its option. */
const SUBJECTS: ReadonlyMap<string, (options: readonly string[]) => Promise<boolean>> = new Map([
  ['--tokens', simulateTokens],
]);

const [name = '', ...options] = process.argv.slice(2);
const subject = SUBJECTS.get(name);
if (subject === undefined) {
  process.stderr.write(`npm run simulate -- ${[...SUBJECTS.keys()].join('|')}\n`);
  process.exitCode = 1;
} else {
  // All is closed by then, but a timer of Prisma's engine outlives the migrations by ten seconds.
  process.exit((await subject(options)) ? 0 : 1);
}
