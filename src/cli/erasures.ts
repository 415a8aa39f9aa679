import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { COMMAND_LINE, recordAct } from '../acts/acts.ts';
import { nowOf, systemClock } from '../base/clock.ts';
import { systemEntropy } from '../base/entropy.ts';
import { StartError } from '../base/errors.ts';
import { renewEpochs } from '../changes/epoch.ts';
import { checkKeys } from '../keys/check.ts';
import { applyMigrations, readMigrations } from '../postgres/migrate.ts';
import { NOBODY } from '../postgres/db.ts';
import { applyErasures, type AppliedErasures } from '../viewers/apply-erasures.ts';
import { parseErasureList, writeErasureList } from '../viewers/erasure-list.ts';
import { type Command, type Surroundings, UsageError } from './command.ts';
import { openAskingQueue } from './queue.ts';
import { type Store, withStore } from './store.ts';

const USAGE = `  erasures list        who was erased and when, by keyed hashes: keep it beside your backups
  erasures apply [--file <list>] [--since <day or instant>]
                       erases again whom a restored backup brought back; before any server
                       starts on it`;

/** What can be done about erasures. */
export const erasures: Command = {
  usage: USAGE,
  async run([act = '', ...words], surroundings) {
    if (act === 'list' && words.length === 0) return withStore(surroundings, list);
    if (act === 'apply') {
      const wish = readWords(words);
      return withStore(surroundings, (store) => apply(store, surroundings, wish));
    }
    throw misread();
  },
};

interface Wish {
  readonly file: string | undefined;
  readonly since: Date | undefined;
}

function misread(): UsageError {
  return new UsageError(`erasures takes one of these:\n\n${USAGE}`);
}

function readWords(words: readonly string[]): Wish {
  try {
    const { values } = parseArgs({
      args: [...words],
      options: { file: { type: 'string' }, since: { type: 'string' } },
    });
    const { file, since: text } = values;
    if (text === undefined) return { file, since: undefined };
    const since = new Date(text);
    if (!/^\d{4}-\d\d-\d\d(T|$)/.test(text) || Number.isNaN(since.getTime())) throw misread();
    return { file, since };
  } catch {
    throw misread();
  }
}

async function list(store: Store, { say }: Surroundings): Promise<number> {
  for await (const line of writeErasureList(store)) say(line);
  return 0;
}

async function apply(store: Store, surroundings: Surroundings, wish: Wish): Promise<number> {
  const { log, progress, say } = surroundings;
  const listed = wish.file === undefined ? null : parseErasureList(readList(wish.file));
  // A backup may be older than this version. No server may do this: it would begin to read banks.
  await applyMigrations(store.url, readMigrations());
  await checkKeys({ ...store, log });
  const queue = await openAskingQueue(store.url, surroundings);
  try {
    const app = { ...store, clock: systemClock, entropy: systemEntropy, log, queue };
    const applied = await applyErasures(app, listed, {
      ...(wish.since === undefined ? {} : { since: wish.since }),
      onProgress: (viewers, erased) =>
        progress.show(viewers, viewers, `${viewers} viewers looked at, ${erased} erased`),
    });
    progress.end();
    await record(store, applied);
    tell(applied, say);
    // Whoever follows a log has read further than the backup goes.
    await renewEpochs(app);
    return 0;
  } finally {
    progress.end();
    await queue.close(1_000);
  }
}

function readList(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new StartError(`${file} cannot be read.`, { cause });
  }
}

async function record({ database }: Store, { erased }: AppliedErasures): Promise<void> {
  const [subject, at] = [`${erased} viewers`, nowOf(systemClock)];
  await database.transact(NOBODY, (tx) =>
    recordAct(tx, { operator: COMMAND_LINE, act: 'ERASURES_APPLIED', subject, at }),
  );
}

function tell(applied: AppliedErasures, say: (line: string) => void): void {
  const { viewers, erased, cameAgain, remembered } = applied;
  say(`${viewers} viewers looked at, ${erased} erased again`);
  if (cameAgain > 0) say(`${cameAgain} left alone: they came again after they were erased`);
  if (remembered > 0) say(`${remembered} erasures are remembered here from now on`);
  if (erased > 0) say('A server that starts now tells the banks of those who were erased again.');
}
