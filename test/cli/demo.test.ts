import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { parse, validate } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { QUERIES_TO_TRY } from '../../src/cli/demo-queries.ts';
import { schema } from '../../src/graphql/schema.ts';
import { createTestFolder } from '../support/folder.ts';
import { freePort } from '../support/house.ts';

const DEMO = fileURLToPath(new URL('../../src/cli/demo.ts', import.meta.url));
const DEMO_MILLISECONDS_MAX = 120_000;

let folder: Awaited<ReturnType<typeof createTestFolder>>;

beforeAll(async () => {
  folder = await createTestFolder();
});
afterAll(() => folder.remove());

interface Ended {
  readonly status: number | null;
  readonly output: string;
  readonly errors: string;
}

/** Runs the demo as a user would, in an environment that has nothing else of ours. */
async function runDemo(
  options: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  interruptAfter?: string,
): Promise<Ended> {
  const port = await freePort();
  const child = spawn(process.execPath, [DEMO, ...options], {
    env: {
      PATH: process.env['PATH'],
      PORT: String(port),
      DATA_DIR: folder.path,
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: DEMO_MILLISECONDS_MAX,
  });
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const before = output;
    output += text;
    if (interruptAfter === undefined || before.includes(interruptAfter)) return;
    if (output.includes(interruptAfter)) child.kill('SIGINT');
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { status, output, errors };
}

const MAIN_LINES = [
  /Your bank is connected/,
  /(\d+) of \1 stretches, everything since \d{4}-\d{2}-\d{2}/,
  /Lloyds Current Account .* [\d,]+\.\d{2} GBP\n/,
  /Lloyds Rewards Card .* GBP owed\n/,
  /[\d,]{5,} of them, the oldest of \d{4}-\d{2}-\d{2}/,
  /GBP by month/,
  /█/,
  /ACTIVE, given on [\d-]{10}, ends on [\d-]{10}, 90 days later/,
];

describe('the demo', () => {
  test(
    'brings every step to its end, and again on the same data',
    async () => {
      for (const _run of ['first', 'second']) {
        const { status, output, errors } = await runDemo(['--exit']);
        expect(errors).toBe('');
        for (const line of MAIN_LINES) expect(output).toMatch(line);
        expect(output).not.toContain('Not as expected');
        expect(stripVTControlCharacters(output)).toBe(output);
        expect(status).toBe(0);
      }
    },
    2 * DEMO_MILLISECONDS_MAX,
  );

  test(
    'shows how to go on and serves until a signal',
    async () => {
      const { status, output, errors } = await runDemo([], {}, 'oldestDay');
      expect(errors).toBe('');
      expect(output).toMatch(/GraphiQL +http:\/\/localhost:\d+\/graphql/);
      expect(output).toMatch(/^eyJ[\w-]+\.[\w-]+\.[\w-]+$/m);
      expect(output).toMatch(/Closing\.\n$/);
      expect(status).toBe(0);
    },
    DEMO_MILLISECONDS_MAX,
  );

  test(
    'names the step that fails',
    async () => {
      const { status, errors } = await runDemo(['--exit', '--bank', 'ob-nothing']);
      expect(errors.trim()).toBe(
        'The step "Asking for an auth link" failed: PROVIDER_UNKNOWN: No bank is listed as ob-nothing.',
      );
      expect(status).toBe(1);
    },
    DEMO_MILLISECONDS_MAX,
  );

  test.each([
    [['--fast'], {}, "Unknown option '--fast': the demo knows --exit and --bank"],
    [['now'], {}, "Unexpected argument 'now': the demo knows --exit and --bank"],
    [[], { NODE_ENV: 'production' }, 'The demo needs the simulated bank'],
    [[], { PORT: 'four' }, 'PORT is "four"'],
  ])('refuses %j with %j in one sentence', async (options, environment, sentence) => {
    const { status, output, errors } = await runDemo(options, environment);
    expect({ status, output }).toEqual({ status: 1, output: '' });
    expect(errors.split('\n')).toEqual([expect.stringContaining(sentence), '']);
  });
});

test.each(QUERIES_TO_TRY)('"%s" is asked by a valid query', (_question, query) => {
  expect(validate(schema, parse(query))).toEqual([]);
});
