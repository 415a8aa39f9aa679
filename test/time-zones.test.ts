import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { expect, inject, it } from 'vitest';
import { OUTER_POSTGRES } from './support/global-setup.ts';

// Fourteen hours before Greenwich, three and a half behind it; the suite itself runs in a third zone, that
// of the machine. Nothing may depend on where a server stands, least of all the day of a payment.
const ZONES = ['Pacific/Kiritimati', 'America/St_Johns'];

/** The tests that know of days: how they are counted, read from the wire, planned, stored and shown. */
const FILES = [
  'test/base/days.test.ts',
  'test/base/zones.test.ts',
  'test/truelayer/wire-transaction.test.ts',
  'test/truelayer/wire-standing-order.test.ts',
  'test/history/plan.test.ts',
  'test/accounts/days.test.ts',
];

const ROOT = path.join(import.meta.dirname, '..');
const VITEST = path.join(
  path.dirname(createRequire(import.meta.url).resolve('vitest/package.json')),
  'vitest.mjs',
);

it('whatever knows of days does the same in other time zones', async () => {
  const ends = await Promise.all(ZONES.map((zone) => runIn(zone)));
  for (const { zone, status, output } of ends) {
    expect(status, `${zone}\n${output}`).toBe(0);
    expect(output).toMatch(/\n[1-9]\d* passed, 0 failed, 0 skipped/);
  }
});

async function runIn(zone: string) {
  const options = ['run', '--root', ROOT, '--maxWorkers=1', '--no-isolate', '--no-color', ...FILES];
  const child = spawn(process.execPath, [VITEST, ...options], {
    // Nothing of this worker's own: vitest would take the inner run for it.
    env: { PATH: process.env['PATH'], TZ: zone, [OUTER_POSTGRES]: inject('postgresUrl') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { zone, status, output };
}
