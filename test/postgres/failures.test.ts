import { setImmediate } from 'node:timers/promises';
import pg from 'pg';
import { TestClock } from 'pg-boss';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLog } from '../../src/base/log.ts';
import { type Database, openDatabase, type Tx } from '../../src/postgres/db.ts';
import { openQueue, type Queue } from '../../src/postgres/queue.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { makeSearch } from '../support/leaks.ts';
import { searchDatabase } from '../support/watch.ts';

/** Not the canary of other tests: Postgres's own log quotes it, as it does with any value. */
const WORD = 'Provoked7f3aXq';
const VIEWER = '00000000-0000-8000-8000-000000000001';
const search = makeSearch({ secrets: [WORD] });

let test: TestDatabase;
let database: Database;
let owner: pg.Client;
const clock = new TestClock(new Date('2026-03-02T09:00:00Z'));

beforeAll(async () => {
  test = await createTestDatabase();
  owner = new pg.Client(test.url);
  await owner.connect();
  await owner.query(`alter table viewer add check (issuer <> '${WORD}')`);
  database = openDatabase({
    url: test.url,
    connectionsMax: 2,
    clockInDatabase: false,
    onIdleError: () => undefined,
  });
});
afterAll(async () => {
  await database.close();
  await owner.end();
  await test.drop();
});

const inTx = (work: (tx: Tx) => Promise<unknown>) => () => database.transact(VIEWER, work);
const row = { id: VIEWER, issuer: WORD, subject: WORD, createdAt: new Date(0) };
// Faults as they come, each with a secret in the operation that fails.
const FAULTS: Readonly<Record<string, () => Promise<unknown>>> = {
  'a check': inTx((tx) => tx.viewer.create({ data: row })),
  'a key that is taken': inTx(async (tx) => {
    await tx.viewer.create({ data: { ...row, issuer: 'x' } });
    await tx.viewer.create({ data: { ...row, issuer: 'x' } });
  }),
  'a reference to nothing': inTx((tx) =>
    tx.changeCounter.create({ data: { viewerId: VIEWER, epoch: VIEWER } }),
  ),
  'a row of somebody else': inTx((tx) =>
    tx.viewer.create({ data: { ...row, id: VIEWER.replace(/1$/, '2'), issuer: 'x' } }),
  ),
  'arguments that lack something': inTx((tx) =>
    tx.viewer.create({ data: { ...row, createdAt: undefined } as unknown as typeof row }),
  ),
  'an argument of another type': inTx((tx) =>
    tx.viewer.create({ data: { ...row, createdAt: WORD as unknown as Date } }),
  ),
  'an id that is none': inTx((tx) => tx.viewer.deleteMany({ where: { id: `${WORD}\n${WORD}` } })),
  'a statement with a wrong value': inTx((tx) => tx.$executeRaw`select ${WORD}::int`),
  'a statement that is wrong': inTx((tx) => tx.$executeRawUnsafe(`select '${WORD}' '${WORD}'`)),
  'a connection that is killed': inTx(
    (tx) => tx.$executeRaw`select pg_terminate_backend(pg_backend_pid()), ${WORD}`,
  ),
  'a wrong value by way of the pool': () => database.pool.query('select $1::date', [WORD]),
  'a broken rule by way of the pool': () =>
    owner.query(`insert into viewer values ($1, $2, $2, now())`, [VIEWER, WORD]),
  'an answer that is no JSON': async () => JSON.parse(`{"refresh_token": "${WORD}`) as unknown,
  'a header that cannot be': () =>
    fetch('http://127.0.0.1:1', { headers: { authorization: `Bearer\n${WORD}` } }),
  'an address that cannot be': () => fetch(`//${WORD}`),
  'something that is no error': () => Promise.reject(null),
};

async function failureOf(name: string): Promise<unknown> {
  return FAULTS[name]?.().then(
    () => Promise.reject(new Error(`${name} failed to fail`)),
    (error: unknown) => error,
  );
}

it.each(Object.keys(FAULTS))('%s stands in the log without what failed', async (name) => {
  const lines: string[] = [];
  const log = createLog('debug', { write: (line) => void lines.push(line) });
  const error = await failureOf(name);
  log.warn({ err: error }, 'it failed');
  log.warn(error as Error);
  log.warn({ err: new Error('outer', { cause: error }) }, 'it failed');
  expect(lines.length).toBe(3);
  expect(lines.filter((line) => search.holdsSecret(line))).toEqual([]);
  expect((JSON.parse(lines[0] ?? '') as { err: { message: string } }).err.message).not.toBe('');
});

it('none of them is stored with the job that failed by it', async () => {
  const rules = {
    retries: 0,
    retryDelaySeconds: 1,
    retryDelaySecondsMax: 1,
    timeLimitSeconds: 60,
    atOnce: 1,
    batch: 1,
    policy: 'standard',
  } as const;
  const heard: Error[] = [];
  const queue: Queue = await openQueue({
    url: test.url,
    clock,
    environment: 'test',
    queues: new Map([['failing', rules]]),
    schedules: [],
    worker: true,
    listen: false,
    onError: (error) => heard.push(error),
  });
  const names = Object.keys(FAULTS);
  for (const name of names) await queue.sendAlone({ name: 'failing', payload: { name } });
  await queue.work(
    new Map([
      [
        'failing',
        async (payload: unknown) => {
          throw await failureOf((payload as { name: string }).name);
        },
      ],
    ]),
  );
  let outputs: { output: { name: string; message: string } }[] = [];
  for (let round = 0; round < 2_000 && outputs.length < names.length; round += 1) {
    await clock.tick(1_000);
    await setImmediate();
    ({ rows: outputs } = await owner.query(
      `select output from pgboss.job where name = 'failing/test' and state = 'failed'`,
    ));
  }
  await queue.close(1_000);
  expect(outputs).toHaveLength(names.length);
  expect(outputs.every(({ output }) => output.message !== '')).toBe(true);
  expect(outputs.some(({ output }) => output.message.includes('viewer_issuer_check'))).toBe(true);
  expect(await searchDatabase(test.url, search)).toEqual([]);
  expect(heard).toEqual([]);
});
