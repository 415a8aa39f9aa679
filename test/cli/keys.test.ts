import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../src/base/config.ts';
import { StartError } from '../../src/base/errors.ts';
import { parseKeyRing } from '../../src/base/key-ring.ts';
import { createLog } from '../../src/base/log.ts';
import { keys } from '../../src/cli/keys.ts';
import { openProgress } from '../../src/cli/progress.ts';
import { SECRETS_PER_USER, seedSecrets } from '../../bench/tokens/rotation-seed.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { runProgram } from '../support/program.ts';

const CLI = fileURLToPath(new URL('../../src/cli/cli.ts', import.meta.url));
const make = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
const OLD = make('old');
const NEW = make('new');

const USERS = 2;
const ALL = USERS * SECRETS_PER_USER;

let store: TestDatabase;
beforeAll(async () => {
  store = await createTestDatabase();
  await seedSecrets(store.url, parseKeyRing(OLD), USERS);
});
afterAll(() => store.drop());

/** Does what one line asks for, and gives the status and what was said, or the refusal. */
async function tell(line: string, ring: string, url = store.url): Promise<[number, string]> {
  const said: string[] = [];
  const environment = { ENCRYPTION_KEYS: ring, DATABASE_URL: url };
  const status = await keys
    .run(line.split(' ').slice(1), {
      config: () => readConfig(environment, () => ''),
      log: createLog('silent'),
      say: (words) => void said.push(words),
      progress: { show: () => {}, end: () => {} },
      secret: async () => '',
    })
    .catch((error: unknown) => {
      if (!(error instanceof StartError)) throw error;
      said.push(error.message);
      return -1;
    });
  return [status, said.join('\n')];
}

describe('the operator’s program', () => {
  it('shows what there is when asked for nothing, and in place of a command it does not know', async () => {
    await using asked = await runProgram(CLI, []);
    await using misread = await runProgram(CLI, ['__proto__', 'list']);
    expect([await asked.ended, asked.errors]).toEqual([0, '']);
    expect([await misread.ended, misread.output]).toEqual([1, '']);
    expect(misread.errors).toMatch(/^There is no command __proto__\.\n/);
    for (const use of ['keys list', 'keys rotate', 'keys give-up <id>']) {
      expect(asked.output).toContain(use);
      expect(misread.errors).toContain(use);
    }
  });

  it.each(['keys', 'keys turn', 'keys list all', 'keys rotate now', 'keys give-up'])(
    'shows how keys are told where the words are wrong: %s',
    async (line) => {
      const [status, said] = await tell(line, NEW);
      expect(status).toBe(-1);
      expect(said).toMatch(/^keys takes one of these:/);
    },
  );

  it('lists the keys, rotates, and says when the old key can go', async () => {
    expect(await tell('keys list', `${NEW},${OLD}`)).toEqual([
      0,
      `new  0 secrets  seals and opens\nold  ${ALL} secrets  opens`,
    ]);
    const [status, output] = await tell('keys rotate', `${NEW},${OLD}`);
    expect(status).toBe(0);
    expect(output).toMatch(
      new RegExp(`^${ALL} secrets sealed anew with new, in \\d+ s\n0 secrets there already$`, 'm'),
    );
    expect(output).toMatch(/The key old can be removed now: nothing is sealed with it\.$/);
    expect(await tell('keys list', NEW)).toEqual([0, `new  ${ALL} secrets  seals and opens`]);
  });

  it('does nothing without the key that secrets are sealed with, until that is given up', async () => {
    const LATER = make('later');
    const [status, refusal] = await tell('keys rotate', LATER);
    expect(status).toBe(-1);
    expect(refusal).toMatch(/^ENCRYPTION_KEYS lacks the key new, and .+$/);
    expect(await tell('keys list', LATER)).toEqual([
      1,
      `later  0 secrets  seals and opens\nnew  ${ALL} secrets  is not configured`,
    ]);
    expect(await tell('keys give-up new', NEW)).toEqual([
      -1,
      'The key new is configured: only a lost one is given up.',
    ]);
    expect(await tell('keys give-up old', LATER)).toEqual([-1, 'No start asks for a key old.']);
    expect(await tell('keys give-up new', LATER)).toEqual([
      0,
      `The server starts without new; ${ALL} secrets under it will never open.`,
    ]);
    const [after, words] = await tell('keys rotate', LATER);
    expect(after).toBe(1);
    expect(words.match(/^could not be opened and was left as it is: /gm)).toHaveLength(ALL);
    expect(words).toContain('its encryption key is not configured');
  });

  it('says in one sentence when the database is not prepared', async () => {
    const empty = await createTestDatabase('template0');
    expect(await tell('keys list', NEW, empty.url)).toEqual([
      -1,
      'The database is not prepared for this version: start the server once.',
    ]);
    await empty.drop();
  });
});

describe('a progress', () => {
  const shown = (isTTY: boolean) => {
    const written: string[] = [];
    const out = { isTTY, write: (text: string) => written.push(text) > 0 };
    const progress = openProgress(out);
    for (let done = 0; done <= 100; done += 1) progress.show(done, 100, `${done} of 100`);
    progress.end();
    return written;
  };

  it('is a line at each tenth where there is no terminal', () => {
    expect(shown(false)).toEqual(
      Array.from({ length: 11 }, (_, tenth) => `${tenth * 10} of 100\n`),
    );
  });

  it('is one line that changes on a terminal', () => {
    const written = shown(true);
    expect(written).toHaveLength(102);
    expect(written.slice(0, -1).every((text) => text.startsWith('\r'))).toBe(true);
    expect(written.at(-1)).toBe('\n');
  });
});
