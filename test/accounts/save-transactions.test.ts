import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { TransactionOwner } from '../../src/accounts/owner.ts';
import { saveBooked, savePending } from '../../src/accounts/save-transactions.ts';
import type { WireTransaction } from '../../src/truelayer/wire-transaction.ts';
import { startTestHouse, type TestHouse } from '../support/house.ts';
import { User } from '../support/user.ts';
import { wireTransaction } from '../support/wire.ts';

let test: TestHouse;
let owner: pg.Client;
let account: TransactionOwner;
const now = new Date('2026-03-02T09:00:00Z');

beforeAll(async () => {
  // Only the API: no worker fills the account with rows of its own.
  test = await startTestHouse({ environment: { ROLE: 'api' } });
  owner = new pg.Client(test.databaseUrl);
  await owner.connect();
  await new User(test, 'alice').connect();
});
afterAll(async () => {
  await owner.end();
  await test.close();
});

// An account of its own for each test.
beforeEach(async () => {
  const { rows } = await owner.query(
    `insert into account (id, viewer_id, consent_id, environment, provider_id, provider_account_id,
       kind, display_name, currency, first_seen_at, seen_at)
     select gen_random_uuid(), viewer_id, id, environment, provider_id, gen_random_uuid()::text,
       'BANK_ACCOUNT', 'Test', 'GBP', $1, $1 from consent
     returning id, viewer_id as "viewerId", kind`,
    [now],
  );
  account = rows[0];
});

const book = (rows: readonly WireTransaction[]) =>
  test.house.app.database.transact(account.viewerId, (tx) =>
    saveBooked(test.house.app, tx, account, rows, now),
  );
const pend = (rows: readonly WireTransaction[]) =>
  test.house.app.database.transact(account.viewerId, (tx) =>
    savePending(test.house.app, tx, account, rows, now),
  );
const rows = async (columns = 'description, status, amount::text, version') =>
  (
    await owner.query(
      `select ${columns} from transaction where account_id = $1 order by booked_on desc, id desc`,
      [account.id],
    )
  ).rows;

it('amounts are kept to the last digit', async () => {
  const amounts = ['-12.340', '12345678901234567.89', '1000000000000000000000', '0', '-0.0000001'];
  await book(
    amounts.map((amount, index) => wireTransaction({ amount, normalisedId: `t${index}` })),
  );
  expect((await rows('amount::text')).map((row) => row.amount)).toEqual(amounts);
});

it('the bank’s order within a day is kept, newest first', async () => {
  const names = Array.from({ length: 50 }, (_, index) => `row ${index}`);
  await book(names.map((description) => wireTransaction({ description })));
  expect((await rows('description')).map((row) => row.description)).toEqual(names);
});

it('reading again changes nothing, though TrueLayer’s ids differ', async () => {
  const first = [wireTransaction({}), wireTransaction({}), wireTransaction({ normalisedId: 'n' })];
  await book(first);
  const before = await rows('id, version, description');
  const again = await book(
    first.map((row, index) => ({ ...row, transactionId: `other ${index}` })),
  );
  expect(again).toEqual({ rows: 3, changes: [] });
  expect(await rows('id, version, description')).toEqual(before);
});

it('a change is made once, and what was said before is kept', async () => {
  await book([wireTransaction({ normalisedId: 'n', amount: '-2.80' })]);
  const changed = [wireTransaction({ normalisedId: 'n', amount: '-3.10' })];
  expect((await book(changed)).changes).toMatchObject([{ act: 'CHANGED' }]);
  expect((await book(changed)).changes).toEqual([]);
  expect(await rows()).toEqual([
    { description: 'COFFEE', status: 'BOOKED', amount: '-3.10', version: 2 },
  ]);
  const { rows: versions } = await owner.query(
    `select v.version, v.content ->> 'amount' as amount from transaction_version v
     join transaction t on t.id = v.transaction_id where t.account_id = $1`,
    [account.id],
  );
  expect(versions).toEqual([{ version: 1, amount: '-2.80' }]);
});

it('what the viewer added survives every reading', async () => {
  await book([wireTransaction({ normalisedId: 'n' })]);
  await owner.query(`update transaction set note = 'mine', hidden = true where account_id = $1`, [
    account.id,
  ]);
  await book([wireTransaction({ normalisedId: 'n', description: 'CAFE' })]);
  expect(await rows('description, note, hidden')).toEqual([
    { description: 'CAFE', note: 'mine', hidden: true },
  ]);
});

it('the pending set is replaced whole, and booked rows are left alone', async () => {
  await book([wireTransaction({ description: 'BOOKED', normalisedId: 'b' })]);
  await pend([wireTransaction({ description: 'ONE' }), wireTransaction({ description: 'TWO' })]);
  await pend([wireTransaction({ description: 'TWO' }), wireTransaction({ description: 'THREE' })]);
  expect((await rows('description')).map((row) => row.description).toSorted()).toEqual([
    'BOOKED',
    'THREE',
    'TWO',
  ]);
  expect((await pend([])).changes).toHaveLength(2);
  expect(await rows('description')).toEqual([{ description: 'BOOKED' }]);
});

it('a pending row that is booked under the same id stays one row, and is not pending again', async () => {
  const pending = wireTransaction({ normalisedId: 'n', amount: '-99.00' });
  await pend([pending]);
  await book([wireTransaction({ normalisedId: 'n', amount: '-63.20' })]);
  await pend([pending]);
  expect(await rows()).toEqual([
    { description: 'COFFEE', status: 'BOOKED', amount: '-63.20', version: 2 },
  ]);
});

it('two that save the same rows at once make each once', async () => {
  const many = Array.from({ length: 300 }, (_, index) =>
    wireTransaction({ normalisedId: `n${index}` }),
  );
  await Promise.all([book(many), book(many.toReversed()), book(many.slice(100))]);
  expect(await rows('id')).toHaveLength(300);
});

it('the change log has a number without a gap for every change', async () => {
  const { recordChanges } = await import('../../src/changes/log.ts');
  await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      test.house.app.database.transact(account.viewerId, async (tx) => {
        const saved = await saveBooked(
          test.house.app,
          tx,
          account,
          [
            wireTransaction({ normalisedId: `c${index}` }),
            wireTransaction({ normalisedId: `d${index}` }),
          ],
          now,
        );
        await recordChanges(test.house.app, tx, account.viewerId, now, saved.changes);
      }),
    ),
  );
  const { rows: log } = await owner.query(
    'select seq::int from change where viewer_id = $1 order by seq',
    [account.viewerId],
  );
  expect(log.length).toBeGreaterThanOrEqual(40);
  expect(log.map((row) => row.seq)).toEqual(log.map((_, index) => index + 1));
});
