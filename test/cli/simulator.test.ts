import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runProgram } from '../support/program.ts';

const PROGRAM = fileURLToPath(new URL('../../src/cli/simulator.ts', import.meta.url));

/** Starts a simulator by itself, asks it something, and ends it by a signal. */
async function meet<T>(options: readonly string[], ask: (url: string) => Promise<T>): Promise<T> {
  await using program = await runProgram(PROGRAM, ['--port', '0', ...options], /Ready/);
  const url = /Auth server\s+(\S+)/.exec(program.output)?.[1] ?? '';
  const answer = await ask(url);
  expect(await program.end('SIGTERM')).toBe(0);
  return answer;
}

async function get(address: string): Promise<any> {
  const response = await fetch(address);
  return response.json();
}

test('a simulator runs by itself, and says how to use it', async () => {
  const providers = await meet(['--seed', '7'], (url) => get(`${url}/api/providers`));
  expect(providers.length).toBeGreaterThan(40);
});

test('it begins at a time, and stays there where told', async () => {
  const options = ['--at', '2026-03-01T09:00:00Z', '--stopped', '--rotate'];
  const clock = await meet(options, (url) => get(`${url}/control/clock`));
  expect(clock).toEqual({ now: '2026-03-01T09:00:00.000Z', runs: false });
});

test('it begins as a prepared world', async () => {
  const banks = await meet(['--preset', 'bank-down'], (url) => get(`${url}/control/banks`));
  const down = banks.filter((bank: { healthy: boolean }) => !bank.healthy);
  expect(down.map((bank: { id: string }) => bank.id)).toEqual(['ob-monzo', 'ob-lloyds']);
});

test.each([
  [['--preset', 'nonsense'], '--preset takes empty, typical'],
  [['--port', '70000'], '--port takes a number'],
  [['--at', 'tomorrow'], '--at takes an instant'],
  [['--colour', 'red'], "Unknown option '--colour'"],
])('it refuses %j in one sentence', async (options, sentence) => {
  await using program = await runProgram(PROGRAM, options);
  expect(await program.ended).toBe(1);
  expect(program.errors).toContain(sentence);
  expect(program.errors).not.toContain('    at ');
});

test('it leaves a taken port alone', async () => {
  await meet([], async (url) => {
    await using second = await runProgram(PROGRAM, ['--port', new URL(url).port]);
    expect(await second.ended).toBe(1);
    expect(second.errors).toMatch(/^Port \d+ is taken/);
  });
});

test('the documentation lists every control call, and no other', async () => {
  const calls = await meet([], (url) => get(`${url}/control`));
  const text = readFileSync(new URL('../../docs/simulator.md', import.meta.url), 'utf8');
  const listed = [...text.matchAll(/^\| `((?:GET|POST|PATCH|DELETE) [^`]+)`/gm)];
  expect(listed.map(([, call]) => call)).toEqual(calls.map(({ call }: { call: string }) => call));
});
