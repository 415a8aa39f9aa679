import { fileURLToPath } from 'node:url';
import { expect, inject, test } from 'vitest';
import { runProgram } from '../support/program.ts';

const BENCH = fileURLToPath(new URL('../../bench/bench.ts', import.meta.url));

test('the simulator can be measured, with a few users here', async () => {
  const options = ['simulator', '--users', '20', '--clients', '4', '--requests', '40'];
  await using program = await runProgram(BENCH, options);
  expect(await program.ended, program.errors).toBe(0);
  for (const figure of ['/accounts', '90-day page', 'token refresh']) {
    expect(program.output).toMatch(new RegExp(`${figure}, 4 clients +median [\\d.]+ ms, p99 `));
  }
  expect(program.output).toMatch(/memory, 20 users connected.* \d+ MB/);
  expect(program.output).toMatch(/rows made .* \d+ a second/);
});

test('saving an answer can be measured beside COPY of the same rows, and both leave as many', async () => {
  const options = ['--sizes', '50', '--runs', '1', '--postgres', inject('postgresUrl')];
  await using program = await runProgram(BENCH, ['ingest', ...options]);
  expect(await program.ended, program.errors).toBe(0);
  expect(program.output).toMatch(
    /50 rows: COPY [\d.]+ ms; ingest [\d.]+ ms, ratio .* again .* ratio/,
  );
  expect(program.output).toContain('100 rows, 100 changes, 2 spans: both alike');
});

test('a bench names its subjects where it knows none of that name', async () => {
  await using program = await runProgram(BENCH, ['nonsense']);
  expect(await program.ended).toBe(1);
  expect(program.errors).toContain('simulator');
});
