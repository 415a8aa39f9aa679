import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';

const at = (file: string) => JSON.stringify(new URL(`../../src/base/${file}`, import.meta.url));

/** Runs these lines as a program, and gives its status and what it printed. */
function outcome(lines: string): readonly [number | null, string] {
  const script = `import { run } from ${at('program.ts')};
    import { StartError } from ${at('errors.ts')};
    const fault = () => Object.assign(new Error('it broke'), { detail: 'secret8e1f' });
    run(async () => { ${lines} });`;
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  });
  return [status, stderr];
}

it('an operator’s fault ends a program with its own sentence', () => {
  expect(outcome(`throw new StartError('Set PORT.', { cause: fault() });`)).toEqual([
    1,
    'Set PORT.\n',
  ]);
});

it.each([
  ['at once', `throw fault();`],
  ['later', `setImmediate(() => { throw fault(); });`],
  ['in a promise that nobody waits for', `void Promise.reject(fault());`],
  ['by another', `throw new Error('outer', { cause: fault() });`],
])('what is thrown %s is printed without what hangs on it', (_name, lines) => {
  const [status, printed] = outcome(lines);
  expect(status).toBe(1);
  expect(printed).toMatch(/^Error: (it broke|outer)\n {4}at /);
  expect(printed).toContain('it broke');
  expect(printed).not.toContain('secret8e1f');
});
