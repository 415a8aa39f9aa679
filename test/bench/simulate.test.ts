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
