import { randomBytes } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../src/base/config.ts';
import { StartError } from '../../src/base/errors.ts';
import { parseKeyRing } from '../../src/base/key-ring.ts';
import { createLog } from '../../src/base/log.ts';
import { client } from '../../src/cli/client.ts';
import { seedSecrets } from '../../bench/tokens/rotation-seed.ts';
import { readSecret } from '../../src/cli/secret.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { runProgram } from '../support/program.ts';

const CLI = fileURLToPath(new URL('../../src/cli/cli.ts', import.meta.url));
const KEYS = `one:${randomBytes(32).toString('base64')}`;
const SECRET = 'canary-told-secret-55e0';

let store: TestDatabase;
let owner: pg.Client;
beforeAll(async () => {
  store = await createTestDatabase();
  owner = new pg.Client(store.url);
  await owner.connect();
  await seedSecrets(store.url, parseKeyRing(KEYS), 2);
  await owner.query(`update consent set environment = 'live', client_id = 'budget'`);
});
afterAll(async () => {
  await owner.end();
  await store.drop();
});

/** Does what one line asks for, and gives the status and what was said, or the refusal. */
async function tell(
  line: string,
  secret = SECRET,
  environment: Record<string, string> = {},
): Promise<[number, string]> {
  const said: string[] = [];
  const status = await client
    .run(line.split(' ').slice(1), {
      config: () =>
        readConfig({ ENCRYPTION_KEYS: KEYS, DATABASE_URL: store.url, ...environment }, () => ''),
      log: createLog('silent'),
      say: (words) => void said.push(words),
      progress: { show: () => {}, end: () => {} },
      secret: async (question) => {
        said.push(question);
        return secret;
      },
    })
    .catch((error: unknown) => {
      if (!(error instanceof StartError)) throw error;
      said.push(error.message);
      return -1;
    });
  return [status, said.join('\n')];
}

describe('the clients, by the operator’s program', () => {
  it.each([
    'client',
    'client list all',
    'client set',
    'client set live',
    `client set live budget ${SECRET}`,
    'client set live budget --force',
    'client remove',
    'client remove live --replace',
    'client turn',
  ])('are told in no other words than these: %s', async (line) => {
    const [status, said] = await tell(line);
    expect(status).toBe(-1);
    expect(said).toMatch(/^client takes one of these:/);
    expect(said).not.toContain(SECRET);
  });

  it('have an environment that a server could look for', async () => {
    expect((await tell('client set Live budget'))[1]).toMatch(/^"Live" is no environment: /);
  });

  it('are set, listed without their secrets, changed and removed', async () => {
    expect(await tell('client list')).toEqual([
      0,
      'No client is stored.\n2 living consents of clients that are not stored',
    ]);
    expect(await tell('client set live budget')).toEqual([
      0,
      'The secret of budget: \nThe client budget is stored for live: a server can start with it.',
    ]);
    expect((await tell('client set 127.0.0.1:4010 demo'))[0]).toBe(0);
    expect(await tell('client set live budget', 'another-secret')).toEqual([
      0,
      'The secret of budget: \nThe secret of budget for live is replaced.\n' +
        'Every running server uses it from its next call for a token on: none need be restarted.',
    ]);
    const [status, listed] = await tell('client list');
    expect(status).toBe(0);
    expect(listed).toMatch(
      /^127\.0\.0\.1:4010 {2}demo {2}secret of \S+Z {2}0 living consents\nlive {2}budget {2}secret of \S+Z {2}2 living consents$/,
    );
    const { rows } = await owner.query('select t::text as row from bank_client t');
    for (const { row } of rows) expect(row).not.toMatch(/canary|another-secret/);
    expect(await tell('client remove 127.0.0.1:4010')).toEqual([
      0,
      'The client demo of 127.0.0.1:4010 and its secret are forgotten.\n' +
        'Running servers get no more tokens for it; no consent ends by that.\n' +
        'A start for 127.0.0.1:4010 is refused until a client is set.',
    ]);
  });

  it('keep their id while consents belong to it, until somebody means it otherwise', async () => {
    await tell('client set live budget');
    expect(await tell('client set live other')).toEqual([
      -1,
      'The secret of other: \nlive is stored with the client budget, to which 2 living consents ' +
        'belong: these are lost to another client; say --replace if that is meant.',
    ]);
    const [status, said] = await tell('client set live other --replace', SECRET, {
      TRUELAYER_ENV: 'live',
      TRUELAYER_CLIENT_ID: 'budget',
    });
    expect(status).toBe(0);
    expect(said.split('\n').slice(1)).toEqual([
      'The client of live is other now, and was budget.',
      'Running servers go on as the old one, which gets no more tokens: restart them.',
      '2 living consents belong to budget and cannot be read as other: their users connect their ' +
        'banks again.',
      'TRUELAYER_CLIENT_ID still says budget: a start is refused until it says other.',
    ]);
    expect((await tell('client list'))[1]).toContain('2 living consents of clients that are not');
    await tell('client set live budget --replace');
    expect(await tell('client remove live')).toEqual([
      -1,
      '2 living consents belong to the client budget of live and could not be read without it: ' +
        'say --force if that is meant.',
    ]);
    expect((await tell('client remove live --force'))[0]).toBe(0);
    expect(await tell('client remove live --force')).toEqual([-1, 'No client is stored for live.']);
  });

  it('seal nothing with a key that this database was not sealed with', async () => {
    const keys = { ENCRYPTION_KEYS: `one:${randomBytes(32).toString('base64')}` };
    const [status, said] = await tell('client set live budget', SECRET, keys);
    expect(status).toBe(-1);
    expect(said).toContain('ENCRYPTION_KEYS has another key one');
  });
});

describe('a secret', () => {
  it('is read from a pipe by the program itself', async () => {
    const program = await runProgram(
      CLI,
      ['client', 'set', 'sandbox', 'budget'],
      undefined,
      { DATABASE_URL: store.url, ENCRYPTION_KEYS: KEYS },
      `${SECRET}\n`,
    );
    expect([await program.ended, program.errors]).toEqual([0, '']);
    expect(program.output).toContain('The client budget is stored for sandbox');
    const { rows } = await owner.query(`select 1 from bank_client where environment = 'sandbox'`);
    expect(rows).toHaveLength(1);
  });

  it.each([
    ['nothing', ' \n', 'No secret came'],
    ['two lines', 'one\ntwo\n', 'A secret is one line'],
    ['a novel', 'x'.repeat(10_000), 'A secret is one line'],
  ])('is not %s', async (_name, text, refusal) => {
    const input = new PassThrough();
    input.end(text);
    const output = new PassThrough();
    await expect(readSecret({ input, output }, 'The secret: ')).rejects.toThrow(refusal);
  });

  it('typed on a terminal is asked for and not shown', async () => {
    const { input, output, shown } = terminal();
    const reading = readSecret({ input, output }, 'The secret: ');
    input.write(`${SECRET}x\x7f\r`);
    expect(await reading).toBe(SECRET);
    expect(shown()).toBe('The secret: \n');
  });

  it.each([
    ['Ctrl-C', '\x03', 'Stopped'],
    ['Ctrl-D', '\x04', 'No secret came'],
  ])('is given up by %s', async (_name, key, refusal) => {
    const { input, output } = terminal();
    const reading = readSecret({ input, output }, 'The secret: ');
    input.write(key);
    await expect(reading).rejects.toThrow(refusal);
  });
});

function terminal() {
  const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => undefined });
  const output = new PassThrough();
  let text = '';
  output.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return { input, output, shown: () => text };
}
