import { readFileSync } from 'node:fs';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { saveTransactions } from '../../src/accounts/save-transactions.ts';
import { parseDay } from '../../src/base/days.ts';
import type { WireTransaction } from '../../src/truelayer/wire-transaction.ts';
import { startTestHouse, type TestHouse } from '../support/house.ts';
import { User } from '../support/user.ts';
import { wireTransaction } from '../support/wire.ts';

const VERSIONS = readFileSync(
  new URL('../../schema/operations/transaction-versions.graphql', import.meta.url),
  'utf8',
);
const LIST = `query ($status: [TransactionStatus!]) {
  transactions(status: $status) { nodes { id description status removedAt } }
  accounts { nodes { transactions(status: $status) { nodes { description } } } } }`;
const DAY = 86_400_000;
const BEGIN = Date.parse('2026-03-02T09:00:00Z');

let test: TestHouse;
let owner: pg.Client;
let alice: User;

beforeAll(async () => {
  // Only the API: no worker fills the account with rows of its own.
  test = await startTestHouse({ environment: { ROLE: 'api' } });
  owner = new pg.Client(test.databaseUrl);
  await owner.connect();
  alice = new User(test, 'alice');
  await alice.connect();
  await owner.query(
    `insert into account (id, viewer_id, consent_id, environment, provider_id, provider_account_id,
       kind, display_name, currency, first_seen_at, seen_at)
     select gen_random_uuid(), viewer_id, id, environment, provider_id, 'one', 'BANK_ACCOUNT',
       'Test', 'GBP', $1, $1 from consent`,
    [new Date(BEGIN)],
  );
});
beforeEach(() => owner.query('delete from transaction'));
afterAll(async () => {
  await owner.end();
  await test.close();
});

/** What the bank answers on a day, 0 the first. */
async function read(
  day: number,
  booked: readonly WireTransaction[],
  pending: readonly WireTransaction[] = [],
) {
  const { app } = test.house;
  const [account] = (
    await owner.query(`select id, viewer_id as "viewerId", kind, consent_id as "consentId"
      from account`)
  ).rows;
  const whole = { from: parseDay('2026-01-20'), to: parseDay('2026-03-02') };
  const record = { at: new Date(BEGIN + day * DAY), changes: [], consentId: account.consentId };
  await app.database.transact(account.viewerId, (tx) =>
    saveTransactions(app, tx, account, { booked, whole, pending }, record),
  );
}
const versionsOf = async (id: string, variables: object = {}) =>
  (await alice.ask(VERSIONS, { id, ...variables })).data.node;
const list = async (status?: readonly string[]) => {
  const { data } = await alice.ask(LIST, { status });
  const { nodes } = data.transactions;
  const names = nodes.map(({ description }: { description: string }) => description);
  expect(data.accounts.nodes[0].transactions.nodes).toEqual(
    names.map((description: string) => ({ description })),
  );
  return nodes;
};

it('what was said before is read newest first, with what was changed and when', async () => {
  const hold = wireTransaction({ amount: '-99.00', normalisedId: 'p', description: 'SHELL' });
  const fill = wireTransaction({ amount: '-63.20', normalisedId: 'b', description: 'SHELL' });
  await read(0, [], [hold]);
  await read(1, [fill]);
  await read(2, [{ ...fill, merchantName: 'Shell' }]);
  const [{ id }] = await list();
  const row = await versionsOf(id);
  expect(row).toMatchObject({ status: 'BOOKED', version: 3, removedAt: null });
  expect(row.versions.nodes).toMatchObject([
    {
      version: 2,
      status: 'BOOKED',
      changed: ['merchantName'],
      merchantName: null,
      replacedAt: '2026-03-04T09:00:00.000Z',
    },
    {
      version: 1,
      status: 'PENDING',
      changed: ['status', 'amount'],
      amount: { amount: '-99.00', currency: 'GBP' },
      replacedAt: '2026-03-03T09:00:00.000Z',
    },
  ]);
  const { versions } = await versionsOf(id, { first: 1 });
  const next = await versionsOf(id, { after: versions.pageInfo.endCursor });
  expect(next.versions.nodes).toMatchObject([{ version: 1 }]);
});

it('what was removed is left out of lists unless asked for, and found by its id', async () => {
  const rows = ['2026-02-01', '2026-02-10', '2026-02-11'].map((day, index) =>
    wireTransaction({ day, normalisedId: `r${index}`, description: day }),
  );
  const pending = wireTransaction({ description: 'PENDING' });
  await read(0, rows, [pending]);
  const [, , { id }] = await list();
  for (const day of [1, 2]) await read(day, [rows[0], rows[2]] as WireTransaction[], [pending]);
  expect(await list()).toMatchObject([
    { description: 'PENDING', status: 'PENDING', removedAt: null },
    { description: '2026-02-11', status: 'BOOKED' },
    { description: '2026-02-01' },
  ]);
  expect(await list(['REMOVED'])).toMatchObject([
    { description: '2026-02-10', removedAt: '2026-03-04T09:00:00.000Z' },
  ]);
  expect(await list(['PENDING', 'REMOVED'])).toHaveLength(2);
  expect(await versionsOf(id)).toMatchObject({ status: 'REMOVED', version: 1 });
});

it('nobody else reads it', async () => {
  await read(0, [wireTransaction({ normalisedId: 'n', amount: '-1.00' })]);
  await read(1, [wireTransaction({ normalisedId: 'n', amount: '-2.00' })]);
  const [{ id }] = await list();
  const { data } = await new User(test, 'mallory').ask(VERSIONS, { id });
  expect(data.node).toBeNull();
});
