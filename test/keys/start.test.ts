import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { readConfig } from '../../src/base/config.ts';
import { createLog } from '../../src/base/log.ts';
import { startHouse } from '../../src/house.ts';
import { startTestHouse, type TestHouse } from '../support/house.ts';
import { type FakeKms, kmsEnvironment, startFakeKms } from '../support/kms.ts';
import { User } from '../support/user.ts';

const ARN = 'arn:aws:kms:eu-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const make = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
const ONE = make('one');

let kms: FakeKms;
let test: TestHouse;
beforeAll(async () => {
  kms = await startFakeKms([ARN]);
  for (const [name, value] of Object.entries(kmsEnvironment(kms))) vi.stubEnv(name, value);
});
afterEach(() => test.close());
afterAll(async () => {
  vi.unstubAllEnvs();
  await kms.close();
});

/** Starts another process's house on the same database, with other keys. */
async function startAnother(keys: string): Promise<void> {
  const environment = { ...test.environment, PORT: '0', ENCRYPTION_KEYS: keys };
  const config = readConfig(environment, () => '');
  const house = await startHouse({ config, log: createLog('silent') });
  await house.close();
}

it('a house with a wrong key does not start and marks nothing; with the right one it does, S5', async () => {
  test = await startTestHouse({ environment: { ENCRYPTION_KEYS: ONE, ROLE: 'api' } });
  const alice = new User(test, 'alice');
  await alice.connect({ providerId: 'ob-monzo' });
  const owner = new pg.Client(test.databaseUrl);
  await owner.connect();
  const everything = async () => {
    const consents = await owner.query('select * from consent, consent_credential');
    const jobs = await owner.query('select id, state from pgboss.job order by id');
    return [consents.rows, jobs.rows];
  };
  const before = await everything();
  await expect(startAnother(make('two'))).rejects.toThrow(/^ENCRYPTION_KEYS lacks the key one, /);
  await expect(startAnother(make('one'))).rejects.toThrow(/^ENCRYPTION_KEYS has another key one /);
  expect(await everything()).toEqual(before);
  await startAnother(ONE);
  await startAnother(`${make('two')},${ONE}`);
  await owner.end();
});

it('a house whose key is in a key service links a bank and reads it', async () => {
  test = await startTestHouse({ environment: { ENCRYPTION_KEYS: ARN } });
  const alice = new User(test, 'alice');
  const id = await alice.connect({ providerId: 'ob-monzo' });
  await expect
    .poll(
      async () => {
        const { data } = await alice.ask(
          'query ($id: ID!) { consent(id: $id) { history { complete } } }',
          { id },
        );
        return data.consent.history.complete;
      },
      { timeout: 60_000, interval: 100 },
    )
    .toBe(true);
  const { rows } = await test.house.app.database.pool.query('select key_id from key_canary');
  expect(rows).toEqual([{ key_id: ARN }]);
  expect(kms.calls.filter(({ action }) => action === 'Decrypt').length).toBeGreaterThan(3);
  expect(new Set(kms.calls.map(({ context }) => context['table']))).toEqual(
    new Set(['key_canary', 'bank_client', 'auth_link', 'consent', 'consent_credential']),
  );
});
