import { parseArgs } from 'node:util';
import { COMMAND_LINE } from '../acts/acts.ts';
import { ownIdOf } from '../base/global-id.ts';
import { causeWords } from '../dead-letters/cause.ts';
import {
  DeadLetterRefusedError,
  discardDeadLetters,
  LETTERS_AT_ONCE,
  passes,
  retryDeadLetters,
} from '../dead-letters/dead-letters.ts';
import { type DeadLetter, readDeadLetters } from '../postgres/dead-letters.ts';
import { type Command, UsageError } from './command.ts';
import { type AskingInstruments, withQueue } from './queue.ts';

const USAGE = `  dead-letters list [--job <job>]
                       jobs that failed for good within 30 days, newest first, and why
  dead-letters retry <id>… | --job <job> | --all
                       has them tried again, each once: mend the cause first
  dead-letters discard <id>… | --job <job> | --all
                       forgets them`;

const ACTS = { retry: retryDeadLetters, discard: discardDeadLetters } as const;
/** How many a list shows, or one command takes. */
const LETTERS_MAX = 10_000;

/** What can be done about jobs that failed for good. */
export const deadLetters: Command = {
  usage: USAGE,
  async run(words, surroundings) {
    const { act, ids, job, all } = readWords(words);
    const one = ids.length > 0 ? 1 : 0;
    const ways = one + (job === undefined ? 0 : 1) + (all ? 1 : 0);
    if (act === 'list' && one === 0 && !all) {
      return withQueue(surroundings, (instruments, { say }) => list(instruments, job, say));
    }
    if ((act !== 'retry' && act !== 'discard') || ways !== 1) throw misread();
    return withQueue(surroundings, async (instruments, { say }) => {
      // Looked up first: what dies again meanwhile is not tried a second time.
      const found = one === 1 ? ids : (await readAll(instruments, job)).map(({ id }) => id);
      let done = 0;
      for (let start = 0; start < found.length; start += LETTERS_AT_ONCE) {
        const some = found.slice(start, start + LETTERS_AT_ONCE);
        done += (await inPeace(() => ACTS[act](instruments, COMMAND_LINE, some), say)).length;
      }
      say(`${done} ${done === 1 ? 'job is' : 'jobs are'} ${ENDS[act]}.`);
      return done === found.length ? 0 : 1;
    });
  },
};

const ENDS = { retry: 'tried again', discard: 'forgotten' } as const;

function misread(): UsageError {
  return new UsageError(`dead-letters takes one of these:\n\n${USAGE}`);
}

function readWords(words: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: [...words],
      allowPositionals: true,
      options: { job: { type: 'string' }, all: { type: 'boolean', default: false } },
    });
    const [act = '', ...names] = positionals;
    const ids = names.map((name) => ownIdOf(name, ['DeadLetter']) ?? NONE);
    if (ids.includes(NONE)) throw misread();
    return { act, ids, ...values };
  } catch {
    throw misread();
  }
}

const NONE = '';

async function inPeace(
  work: () => Promise<readonly string[]>,
  say: (line: string) => void,
): Promise<readonly string[]> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DeadLetterRefusedError)) throw error;
    say(`${error.code}: ${error.message}`);
    return [];
  }
}

async function list(
  instruments: AskingInstruments,
  job: string | undefined,
  say: (line: string) => void,
): Promise<number> {
  const letters = await readAll(instruments, job);
  for (const letter of letters) {
    const { id, code, attempts, askedAt, firstFailedAt, lastFailedAt, payload } = letter;
    say(`${id}  ${letter.job}  ${code}  ${passes(letter) ? 'passes by itself' : 'stays'}`);
    const first = firstFailedAt?.toISOString() ?? `asked for ${askedAt.toISOString()}`;
    say(`  ${attempts} tries, ${first} to ${lastFailedAt.toISOString()}: ${causeWords(code)}`);
    const carried = Object.entries(payload).filter(([, value]) => value !== null);
    say(`  ${carried.map(([name, value]) => `${name} ${String(value)}`).join(', ')}`);
  }
  if (letters.length === 0) say('There are none.');
  return letters.every(passes) ? 0 : 1;
}

async function readAll(
  { database, client }: AskingInstruments,
  job: string | undefined,
): Promise<readonly DeadLetter[]> {
  const letters: DeadLetter[] = [];
  for (;;) {
    const last = letters.at(-1);
    const page = await readDeadLetters(database, client.environment, {
      job,
      after: last && [last.place, last.id],
      limit: LETTERS_AT_ONCE,
    });
    letters.push(...page);
    if (page.length < LETTERS_AT_ONCE || letters.length >= LETTERS_MAX) return letters;
  }
}
