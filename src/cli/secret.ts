import { createInterface } from 'node:readline';
import { type Readable, Writable } from 'node:stream';
import { StartError } from '../base/errors.ts';

/** Where a secret is read from: a terminal, or whatever is piped in. */
export interface SecretInput {
  readonly input: Readable & { readonly isTTY?: boolean };
  /** Shows the question, never what is typed. */
  readonly output: Writable;
}

const CHARACTERS_MAX = 4_096;

/**
 * Reads one secret, which the list of arguments would show to every user of the machine and to the
 * shell's history: a line that is typed unseen, or all that is piped in.
 *
 * @param question - asked on a terminal only
 * @throws StartError if it is broken off, empty, longer than a secret, or more than one line
 */
export async function readSecret(place: SecretInput, question: string): Promise<string> {
  const text =
    place.input.isTTY === true ? await readUnseen(place, question) : await readAll(place);
  const secret = text.trim();
  if (secret === '') throw new StartError('No secret came: nothing was changed.');
  if (secret.length > CHARACTERS_MAX || /[\s\p{Cc}]/u.test(secret)) {
    throw new StartError('A secret is one line without blanks in it: nothing was changed.');
  }
  return secret;
}

function readUnseen({ input, output }: SecretInput, question: string): Promise<string> {
  // The terminal echoes nothing in raw mode, and what the line editor would show goes nowhere.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input, output: nowhere, terminal: true, historySize: 0 });
  output.write(question);
  return new Promise<string>((resolve, reject) => {
    lines.once('line', resolve);
    lines.once('SIGINT', () => reject(new StartError('Stopped: nothing was changed.')));
    // Comes after either of them as well, and then says nothing new.
    lines.once('close', () => resolve(''));
  }).finally(() => {
    lines.close();
    output.write('\n');
  });
}

async function readAll({ input }: SecretInput): Promise<string> {
  let text = '';
  for await (const chunk of input) {
    text += String(chunk);
    // Enough to see that it is too long.
    if (text.length > 2 * CHARACTERS_MAX) break;
  }
  return text;
}
