import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runProgram } from '../support/program.ts';

const SIMULATE = fileURLToPath(new URL('../../bench/simulate.ts', import.meta.url));

test('no token dies in a small storm, outage and change of keys', async () => {
  const size = ['--callers', '12', '--seconds', '1', '--consents', '40', '--secrets', '200'];
  await using program = await runProgram(SIMULATE, ['--tokens', ...size]);
  expect(await program.ended, program.output + program.errors).toBe(0);
  expect(program.output).toContain('Every figure holds.');
});

test('no consent dies unseen in a small life', async () => {
  const size = ['--days', '30', '--consents', '50', '--seed', '1', '--period', '12'];
  await using program = await runProgram(SIMULATE, size);
  expect(await program.ended, program.output + program.errors).toBe(0);
  expect(program.output).toContain('Every figure holds.');
});

test('a few renewals keep their accounts', async () => {
  await using program = await runProgram(SIMULATE, ['--renewals', '30']);
  expect(await program.ended, program.output + program.errors).toBe(0);
  expect(program.output).toContain('Every figure holds.');
});

test('what is stored of a few lives at banks that answer ill is what these banks have', async () => {
  await using program = await runProgram(SIMULATE, ['--truth', '--seeds', '3', '--seed', '2']);
  expect(await program.ended, program.output + program.errors).toBe(0);
  expect(program.output).toContain('Every figure holds.');
});
