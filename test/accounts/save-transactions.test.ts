import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TransactionOwner } from '../../src/accounts/owner.ts';
import { saveTransactions, type TransactionsAnswer } from '../../src/accounts/save-transactions.ts';
import { parseDay } from '../../src/base/days.ts';
import type { WireTransaction } from '../../src/truelayer/wire-transaction.ts';
import { startTestHouse, type TestHouse } from '../support/house.ts';
import { User } from '../support/user.ts';
import { wireTransaction } from '../support/wire.ts';

let test: TestHouse;
let owner: pg.Pool;
let account: TransactionOwner;
let consentId: string;
const now = new Date('2026-03-02T09:00:00Z');

beforeAll(async () => {
  // Only the API: no worker fills the account with rows of its own.
  test = await startTestHouse({ environment: { ROLE: 'api' } });
  owner = new pg.Pool({ connectionString: test.databaseUrl });
  await new User(test, 'alice').connect();
  consentId = (await owner.query('select id from consent')).rows[0].id;
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

const save = async (answer: Partial<TransactionsAnswer>, at = now) => {
  const { app } = test.house;
  const since = await lastChange();
  const whole = { booked: null, whole: null, pending: null, ...answer };
  await app.database.transact(account.viewerId, (tx) =>
    saveTransactions(app, tx, account, whole, { at, changes: [], consentId }),
  );
  const { rows: acts } = await owner.query(
    `select act from change where seq > $1 and subject_id in
       (select id from transaction where account_id = $2) order by seq`,
    [since, account.id],
  );
  return acts.map(({ act }) => act);
};
const lastChange = async () =>
  (await owner.query('select coalesce(max(seq), 0) as seq from change')).rows[0].seq;
const book = (booked: readonly WireTransaction[]) => save({ booked });
const pend = (pending: readonly WireTransaction[]) => save({ pending });
const rows = async (columns = 'description, status, amount::text, version') =>
  (
    await owner.query(
      `select ${columns} from transaction where account_id = $1 and removed_at is null order by booked_on desc, id desc`,
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
  expect(again).toEqual([]);
  expect(await rows('id, version, description')).toEqual(before);
});

it('a change is made once, and what was said before is kept', async () => {
  await book([wireTransaction({ normalisedId: 'n', amount: '-2.80' })]);
  const changed = [wireTransaction({ normalisedId: 'n', amount: '-3.10' })];
  expect(await book(changed)).toEqual(['CHANGED']);
  expect(await book(changed)).toEqual([]);
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
  expect(await pend([])).toEqual(['REMOVED', 'REMOVED']);
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

const later = (hours: number) => new Date(now.getTime() + hours * 3_600_000);
const noted = () =>
  owner.query(`update transaction set note = 'mine' where account_id = $1`, [account.id]);
const settled = (amount: string) => [{ amount, status: 'BOOKED', version: 2, note: 'mine' }];
const SETTLED = 'amount::text, status, version, note';

it.each([
  ['a fuel hold', '-99.00', '-63.20'],
  ['a capped tap', '-0.01', '-8.10'],
  ['a payment under another id', '-12.00', '-12.00'],
])('%s is one row in the read that shows it booked, and again in the next', async (_case, a, b) => {
  const pending = [wireTransaction({ amount: a, normalisedId: 'p', description: 'SHELL 4410' })];
  const settles = [wireTransaction({ amount: b, normalisedId: 'b', description: 'SHELL' })];
  await pend(pending);
  await noted();
  expect(await save({ booked: settles, pending: [] })).toEqual(['CHANGED']);
  expect(await rows(SETTLED)).toEqual(settled(b));
  expect(await save({ booked: settles, pending: [] }, later(24))).toEqual([]);
  expect(await rows(SETTLED)).toEqual(settled(b));
});

it('what is booked days after it was pending is the same row, which was gone meanwhile', async () => {
  const [hold, fill] = ['-99.00', '-63.20'].map((amount, index) =>
    wireTransaction({ amount, normalisedId: `n${index}`, description: 'SHELL' }),
  ) as [WireTransaction, WireTransaction];
  await pend([hold]);
  await noted();
  expect(await save({ booked: [], pending: [] }, later(24))).toEqual(['REMOVED']);
  expect(await rows()).toEqual([]);
  expect(await save({ booked: [fill], pending: [] }, later(72))).toEqual(['ADDED']);
  expect(await rows(SETTLED)).toEqual(settled('-63.20'));
});

it('what vanished and was not booked is forgotten in time, unless it is pending again', async () => {
  const [one, two] = ['n1', 'n2'].map((normalisedId) => wireTransaction({ normalisedId })) as [
    WireTransaction,
    WireTransaction,
  ];
  await pend([one, two]);
  await save({ pending: [] }, later(1));
  expect(await save({ pending: [two] }, later(2))).toEqual(['ADDED']);
  await save({ pending: [two] }, later(24 * 32));
  const { rows: left } = await owner.query(
    'select status, version from transaction where account_id = $1',
    [account.id],
  );
  expect(left).toEqual([{ status: 'PENDING', version: 1 }]);
});

describe('a booked row that the bank no longer shows', () => {
  const [oldest, a, b, newest] = ['01', '05', '05', '09'].map((day, index) =>
    wireTransaction({ day: `2026-02-${day}`, normalisedId: `r${index}` }),
  ) as [WireTransaction, WireTransaction, WireTransaction, WireTransaction];
  const whole = { from: parseDay('2026-01-20'), to: parseDay('2026-03-02') };
  const shown = async () => (await rows('normalised_id as id')).map(({ id }) => id);
  beforeEach(() => book([newest, b, a, oldest]));

  it('is removed by two whole reads, not by one, and comes back with its note', async () => {
    await noted();
    const booked = [newest, b, oldest];
    expect(await save({ booked, whole }, later(1))).toEqual([]);
    expect(await save({ booked, whole }, later(1.5))).toEqual([]);
    expect(await shown()).toHaveLength(4);
    expect(await save({ booked, whole }, later(24))).toEqual(['REMOVED']);
    expect(await shown()).toEqual(['r3', 'r2', 'r0']);
    expect(await save({ booked, whole }, later(48))).toEqual([]);
    expect(await book([a])).toEqual(['ADDED']);
    expect(await rows('normalised_id as id, note, version')).toContainEqual({
      id: 'r1',
      note: 'mine',
      version: 1,
    });
  });

  it.each([
    [
      'reads in which it is shown again between',
      [
        [b, oldest],
        [b, a, oldest],
        [b, oldest],
      ],
      whole,
    ],
    ['empty answers', [[], []], whole],
    [
      'reads in which something was not understood',
      [
        [b, oldest],
        [b, oldest],
      ],
      null,
    ],
    ['a bank that gives less than it was asked for', [[newest], [newest]], whole],
    [
      'reads at whose edge it lies',
      [
        [b, oldest],
        [b, oldest],
      ],
      { from: parseDay('2026-02-05'), to: parseDay('2026-02-05') },
    ],
  ])('stays through %s', async (_case, answers, days) => {
    for (const [index, booked] of answers.entries()) {
      await save(
        { booked: booked.length === 0 ? [] : [newest, ...booked], whole: days },
        later(24 * (index + 1)),
      );
    }
    expect(await shown()).toContain('r1');
  });

  it('goes by two reads of few days also where these have nothing older, or nothing at all', async () => {
    const weeks = { from: parseDay('2026-01-31'), to: parseDay('2026-02-14') };
    for (const hours of [24, 48]) await save({ booked: [newest], whole: weeks }, later(hours));
    expect(await shown()).toEqual(['r3']);
    for (const hours of [72, 96]) await save({ booked: [], whole: weeks }, later(hours));
    expect(await shown()).toEqual([]);
  });

  it('is the highest of equal ones that have no ids', async () => {
    const equal = wireTransaction({ day: '2026-02-05', description: 'BUS' });
    await book([newest, equal, equal, equal, b, a, oldest]);
    const booked = [newest, equal, equal, b, a, oldest];
    for (const day of [1, 2]) await save({ booked, whole }, later(24 * day));
    const left = await rows('right(identity, 2) as occurrence, description');
    expect(left.filter(({ description }) => description === 'BUS')).toMatchObject([
      { occurrence: ':1' },
      { occurrence: ':2' },
    ]);
  });

  it('is the row that the bank calls otherwise now, if all else is equal', async () => {
    await noted();
    const renamed = { ...a, normalisedId: 'new name', description: a.description };
    const other = { ...b, description: 'TEA' };
    await book([other]);
    expect(await save({ booked: [newest, other, renamed, oldest], whole }, later(24))).toEqual([]);
    expect(await rows('identity, note')).toContainEqual({ identity: 'n:new name', note: 'mine' });
    expect(await shown()).toHaveLength(4);
  });
});

it('two that save the same rows at once make each once', async () => {
  const many = Array.from({ length: 300 }, (_, index) =>
    wireTransaction({ normalisedId: `n${index}` }),
  );
  await Promise.all([book(many), book(many.toReversed()), book(many.slice(100))]);
  expect(await rows('id')).toHaveLength(300);
});

it('the change log has a number without a gap for every change', async () => {
  await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      book([
        wireTransaction({ normalisedId: `c${index}` }),
        wireTransaction({ normalisedId: `d${index}` }),
      ]),
    ),
  );
  const { rows: log } = await owner.query(
    'select seq::int from change where viewer_id = $1 order by seq',
    [account.viewerId],
  );
  expect(log.length).toBeGreaterThanOrEqual(40);
  expect(log.map((row) => row.seq)).toEqual(log.map((_, index) => index + 1));
});
