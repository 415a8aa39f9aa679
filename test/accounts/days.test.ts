import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readBalanceDays } from '../../src/accounts/read-told.ts';
import { readTransactionsByAccount } from '../../src/accounts/read.ts';
import { identify } from '../../src/accounts/identity.ts';
import { dayOf, parseDay, startOf } from '../../src/base/days.ts';
import { type Database, openDatabase } from '../../src/postgres/db.ts';
import { transactionShape } from '../../src/truelayer/wire-transaction.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { readWire } from '../truelayer/read-wire.ts';

const VIEWER = '00000000-0000-4000-8000-000000000001';
const ID = '00000000-0000-4000-8000-000000000002';

let made: TestDatabase;
let database: Database;
let owner: pg.Client;

// Rows alone, without a house: `time-zones.test.ts` runs this in zone after zone.
beforeAll(async () => {
  made = await createTestDatabase();
  database = openDatabase({
    url: made.url,
    connectionsMax: 2,
    clockInDatabase: false,
    onIdleError: () => undefined,
  });
  owner = new pg.Client(made.url);
  await owner.connect();
  await owner.query(
    `insert into viewer (id, issuer, subject, created_at) values ('${VIEWER}', 'i', 's', now());
     insert into provider (environment, provider_id, display_name, first_seen_at, refreshed_at)
       values ('e', 'p', 'P', now(), now());
     insert into auth_link (id, viewer_id, environment, client_id, state_hash, browser_hash,
         redirect_uri, created_at, expires_at)
       values ('${ID}', '${VIEWER}', 'e', 'c', sha256('s'), sha256('b'), 'r', now(), now() + interval '1 hour');
     insert into consent (id, viewer_id, auth_link_id, environment, client_id, provider_id,
         consented_at, window_ends_at, ends_at, created_at)
       values ('${ID}', '${VIEWER}', '${ID}', 'e', 'c', 'p', now(), now() + interval '5 minutes',
         now() + interval '90 days', now());
     insert into account (id, viewer_id, consent_id, environment, provider_id, provider_account_id,
         kind, display_name, first_seen_at, seen_at)
       values ('${ID}', '${VIEWER}', '${ID}', 'e', 'p', 'a', 'BANK_ACCOUNT', 'A', now(), now())`,
  );
});
afterAll(async () => {
  await owner.end();
  await database.close();
  await made.drop();
});

it.each([
  ['2026-03-01', '2026-03-01', null],
  ['2026-03-01T00:00:00', '2026-03-01', null],
  ['2026-03-29T01:30:00', '2026-03-29', '2026-03-29T01:30:00.000Z'],
  ['2026-03-01T00:00:00+01:00', '2026-03-01', null],
  ['2026-03-01T00:30:00+01:00', '2026-03-01', '2026-02-28T23:30:00.000Z'],
  ['2024-02-29T23:59:59.9999999Z', '2024-02-29', '2024-02-29T23:59:59.999Z'],
  ['2026-12-31T23:30:00-03:30', '2026-12-31', '2027-01-01T03:00:00.000Z'],
])('%s is of the bank’s day %s, from the wire to the page', async (timestamp, day, instant) => {
  const wire = readWire(transactionShape, {
    transaction_id: 't',
    timestamp,
    description: 'TEA',
    amount: -1,
    currency: 'GBP',
    transaction_type: 'DEBIT',
  });
  const [item] = identify('BANK_ACCOUNT', [wire]);
  await owner.query('delete from transaction');
  await database.transact(VIEWER, (tx) =>
    tx.transaction.create({
      data: {
        id: ID,
        viewerId: VIEWER,
        accountId: ID,
        identity: item?.identity ?? '',
        status: 'BOOKED',
        bookedOn: startOf(wire.timestamp.day),
        bookedAt: wire.timestamp.instant,
        amount: '-1',
        currency: 'GBP',
        description: 'TEA',
        category: 'OTHER',
        transactionId: 't',
        firstSeenAt: new Date(),
        changedAt: new Date(),
      },
    }),
  );
  const page = { from: day, to: day, statuses: null, after: null, first: 5 };
  const found = await readTransactionsByAccount(database, VIEWER, [ID], page);
  expect(found.get(ID)?.map(({ booked_on, booked_at }) => [booked_on, booked_at])).toEqual([
    [day, instant === null ? null : new Date(instant)],
  ]);
  const row = await database.reader(VIEWER).transaction.findUniqueOrThrow({ where: { id: ID } });
  expect(dayOf(row.bookedOn)).toBe(day);
});

it('the day of a balance is one of UTC, wherever the server stands', async () => {
  const at = new Date('2026-03-02T11:00:00Z');
  await database.transact(VIEWER, (tx) =>
    tx.balanceDay.create({
      data: {
        accountId: ID,
        day: startOf(parseDay('2026-03-02')),
        viewerId: VIEWER,
        currency: 'GBP',
        current: '1',
        asOf: at,
        fetchedAt: at,
      },
    }),
  );
  const found = await readBalanceDays(database, VIEWER, [ID], { before: '2026-03-03', first: 1 });
  expect(found.get(ID)).toMatchObject([{ day: '2026-03-02', as_of: at }]);
});
