import { simulateLife } from './life/simulate-life.ts';
import { simulateRenewals } from './life/simulate-renewals.ts';
import { simulateTokens } from './tokens/tokens.ts';
import { simulateTruth } from './truth/simulate-truth.ts';

/** What can be simulated, by the option that tells it from the others. */
const SUBJECTS: readonly (readonly [
  option: string,
  simulate: (args: readonly string[]) => Promise<boolean>,
])[] = [
  ['--tokens', (args) => simulateTokens(args.filter((arg) => arg !== '--tokens'))],
  ['--renewals', simulateRenewals],
  ['--truth', simulateTruth],
  ['--days', simulateLife],
];

const args = process.argv.slice(2);
const subject = SUBJECTS.find(([option]) => args.includes(option));
if (subject === undefined) {
  process.stderr.write(`npm run simulate -- ${SUBJECTS.map(([option]) => option).join('|')}\n`);
  process.exitCode = 1;
} else {
  // All is closed by then, but a timer of Prisma's engine outlives the migrations by ten seconds.
  process.exit((await subject[1](args)) ? 0 : 1);
}
