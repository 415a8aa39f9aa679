import { benchHistory } from './history.ts';
import { benchIngest } from './ingest.ts';
import { benchSimulator } from './simulator.ts';

/** What can be measured, by its name. */
const SUBJECTS: ReadonlyMap<string, (options: readonly string[]) => Promise<void>> = new Map([
  ['history', benchHistory],
  ['ingest', benchIngest],
  ['simulator', benchSimulator],
]);

const [name = '', ...options] = process.argv.slice(2);
const subject = SUBJECTS.get(name);
if (subject === undefined) {
  process.stderr.write(`npm run bench -- ${[...SUBJECTS.keys()].join('|')}\n`);
  process.exitCode = 1;
} else {
  await subject(options);
}
