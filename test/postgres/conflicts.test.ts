import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Database, openDatabase, type Tx } from '../../src/postgres/db.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const VIEWER = '00000000-0000-8000-8000-000000000001';

let test: TestDatabase;
let database: Database;
let owner: pg.Client;
let attempts = 0;

beforeAll(async () => {
  test = await createTestDatabase();
  owner = new pg.Client(test.url);
  await owner.connect();
  database = openDatabase({
    url: test.url,
    connectionsMax: 4,
    clockInDatabase: false,
    onIdleError: () => undefined,
  });
});
afterAll(async () => {
  await database.close();
  await owner.end();
  await test.drop();
});
beforeEach(async () => {
  attempts = 0;
  await owner.query('delete from viewer');
});

const issuers = async () =>
  (await owner.query<{ issuer: string }>('select issuer from viewer')).rows.map(
    (row) => row.issuer,
  );

const makeViewer = (tx: Tx) =>
  tx.viewer.create({
    data: { id: VIEWER, issuer: `of attempt ${attempts}`, subject: 's', createdAt: new Date(0) },
  });

/** Writes, and then fails with a code as often as is said. */
const failing = (code: string, times: number) =>
  database.transact(VIEWER, async (tx) => {
    attempts += 1;
    await makeViewer(tx);
    if (attempts > times) return attempts;
    return tx.$executeRawUnsafe(`do $$ begin raise using errcode = '${code}'; end $$`);
  });

describe.each(['40001', '40P01'])('C8: a transaction that Postgres ends with %s', (code) => {
  it('is made again, and leaves the rows of the last attempt alone', async () => {
    expect(await failing(code, 2)).toBe(3);
    expect(await issuers()).toEqual(['of attempt 3']);
  });

  it('is made three times at most, and then nothing of it stays', async () => {
    await expect(failing(code, 100)).rejects.toBeInstanceOf(Error);
    expect(attempts).toBe(3);
    expect(await issuers()).toEqual([]);
  });
});

it.each(['23505', '55P03', 'P0001'])('one that ends with %s is not made again', async (code) => {
  await expect(failing(code, 1)).rejects.toBeInstanceOf(Error);
  expect(attempts).toBe(1);
});

it('C8: two transactions that wait for each other both commit, and no caller hears of it', async () => {
  await database.transact(VIEWER, async (tx) => {
    await makeViewer(tx);
    await tx.changeCounter.create({ data: { viewerId: VIEWER, epoch: VIEWER } });
  });
  const met = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
  const lockCounter = (tx: Tx) =>
    tx.changeCounter.updateMany({ where: { viewerId: VIEWER }, data: { epoch: VIEWER } });
  const lockViewer = (tx: Tx) =>
    tx.$queryRaw`select id from viewer where id = ${VIEWER}::uuid for update`;
  const work = (mine: 0 | 1, locks: readonly ((tx: Tx) => Promise<unknown>)[]) =>
    database.transact(VIEWER, async (tx) => {
      attempts += 1;
      await locks[0]?.(tx);
      met[mine].resolve();
      await met[mine === 0 ? 1 : 0].promise;
      await locks[1]?.(tx);
    });
  await Promise.all([work(0, [lockCounter, lockViewer]), work(1, [lockViewer, lockCounter])]);
  expect(attempts).toBe(3);
});
