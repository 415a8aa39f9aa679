import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { raiseAlarm } from '../../src/alarms/alarms.ts';
import { systemClock } from '../../src/base/clock.ts';
import { readConfig } from '../../src/base/config.ts';
import { systemEntropy } from '../../src/base/entropy.ts';
import { createLog } from '../../src/base/log.ts';
import { alarms } from '../../src/cli/alarms.ts';
import { openProgress } from '../../src/cli/progress.ts';
import { openDatabase } from '../../src/postgres/db.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let store: TestDatabase;
beforeAll(async () => {
  store = await createTestDatabase();
});
afterAll(() => store.drop());

async function tell(line: string): Promise<[number, string]> {
  const said: string[] = [];
  const environment = {
    DATABASE_URL: store.url,
    ENCRYPTION_KEYS: `k1:${randomBytes(32).toString('base64')}`,
  };
  const status = await alarms.run(line.split(' '), {
    config: () => readConfig(environment, () => ''),
    log: createLog('silent'),
    say: (text) => void said.push(text),
    secret: () => Promise.reject(new Error('nobody asked for one')),
    progress: openProgress({ isTTY: false, write: () => true }),
  });
  return [status, said.join('\n')];
}

it('an operator sees what is up, and can call it true', async () => {
  expect(await tell('list')).toEqual([0, 'No alarm is up.']);
  const database = openDatabase({
    url: store.url,
    connectionsMax: 1,
    clockInDatabase: false,
    onIdleError: () => {},
  });
  const instruments = {
    database,
    clock: systemClock,
    entropy: systemEntropy,
    log: createLog('silent'),
  };
  for (const _time of [1, 2]) {
    await raiseAlarm(instruments, { kind: 'GRANTS_REFUSED', environment: 'live' });
  }
  const [status, output] = await tell('list');
  expect(status).toBe(1);
  expect(output).toMatch(/^GRANTS_REFUSED {2}live {2}2 times since \d{4}-/);
  expect(output).toContain('accept this alarm');
  expect(await tell('accept GRANTS_REFUSED sandbox')).toEqual([1, 'There is no such alarm.']);
  expect(await tell('accept GRANTS_REFUSED live')).toEqual([
    0,
    'GRANTS_REFUSED of live is accepted.',
  ]);
  await expect(tell('accept NONSENSE live')).rejects.toThrow('alarms takes one of these');
  const { acceptedAt } = await raiseAlarm(instruments, {
    kind: 'GRANTS_REFUSED',
    environment: 'live',
  });
  expect(acceptedAt).not.toBeNull();
  await database.close();
});
