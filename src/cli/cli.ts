import { createLog } from '../base/log.ts';
import { run } from '../base/program.ts';
import { readOwnConfig } from '../run.ts';
import { alarms } from './alarms.ts';
import { client } from './client.ts';
import { type Command, UsageError } from './command.ts';
import { deadLetters } from './dead-letters.ts';
import { erasures } from './erasures.ts';
import { keys } from './keys.ts';
import { openProgress } from './progress.ts';
import { resyncCommand } from './resync.ts';
import { readSecret } from './secret.ts';

/** One for each file; the first word of the line picks it. */
const COMMANDS: Readonly<Record<string, Command>> = {
  keys,
  client,
  alarms,
  erasures,
  'dead-letters': deadLetters,
  resync: resyncCommand,
};

const USAGE = [
  'npm run cli -- <command>        (in the image: node cli.mjs <command>)',
  '',
  ...Object.values(COMMANDS).map(({ usage }) => usage),
].join('\n');

/** Does what one line of an operator asks for, with the server's own configuration. */
async function main(): Promise<void> {
  const [name = '', ...words] = process.argv.slice(2);
  if (name === '' || name === 'help' || name === '--help') {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) throw new UsageError(`There is no command ${name}.\n\n${USAGE}`);
  process.exitCode = await command.run(words, {
    config: () => readOwnConfig(process.env),
    log: createLog('warn'),
    say: (line) => void process.stdout.write(`${line}\n`),
    progress: openProgress(process.stdout),
    secret: (question) => readSecret({ input: process.stdin, output: process.stderr }, question),
  });
}

run(main);
