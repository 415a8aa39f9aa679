import { readFileSync } from 'node:fs';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startBackfill } from '../../src/history/backfill.ts';
import { fetchSpan } from '../../src/history/ask-span.ts';
import { prune } from '../../src/viewers/retention.ts';
import { startTestHouse, type TestHouse } from '../support/house.ts';
import { User } from '../support/user.ts';

const QUARANTINE = readFileSync(
  new URL('../../schema/operations/quarantine.graphql', import.meta.url),
  'utf8',
);
const BOOKED = /\/transactions$/;

let test: TestHouse;
let owner: pg.Client;
let alice: User;
let spans: readonly {
  readonly id: string;
  readonly viewer_id: string;
  readonly consent_id: string;
}[];

beforeAll(async () => {
  // Only the API: no worker fetches spans before their turn.
  test = await startTestHouse({ environment: { ROLE: 'api' } });
  owner = new pg.Client(test.databaseUrl);
  await owner.connect();
  alice = new User(test, 'alice');
  await alice.connect();
  const { id, viewer_id } = (await owner.query('select id, viewer_id from consent')).rows[0];
  await startBackfill(test.house.app, viewer_id, id);
  spans = (
    await owner.query('select id, viewer_id, consent_id from history_span order by ordinal, id')
  ).rows;
});
afterAll(async () => {
  await owner.end();
  await test.close();
});

const fetchOnce = async (index: number) => {
  const { id, viewer_id } = spans[index]!;
  await fetchSpan(test.house.app, viewer_id, id);
  const { rows } = await owner.query(
    'select status, reason, rows_saved from history_span where id = $1',
    [id],
  );
  return rows[0];
};
const mistype = (times: number) =>
  test.simulator.faults.order({ path: BOOKED, times, mistyped: true });
const quarantined = async (variables: object = {}) => {
  const { data } = await new User(test, 'olga', 'operator').ask(QUARANTINE, variables);
  return data.operations.quarantine;
};

it('P13: what makes no sense is noted once, and its days are asked for anew', async () => {
  mistype(1);
  const reason = 'ROWS_NOT_UNDERSTOOD';
  expect(await fetchOnce(0)).toEqual({ status: 'PLANNED', reason, rows_saved: 0 });
  const { nodes } = await quarantined();
  expect(nodes).toMatchObject([
    { endpoint: 'TRANSACTIONS', field: 'transaction_id', reason: 'NULL', times: nodes[0].records },
  ]);
  const saved = await fetchOnce(0);
  expect(saved).toMatchObject({ status: 'SAVED', reason: null });
  expect(saved.rows_saved).toBeGreaterThan(0);
});

it('what stays so ends its days with that reason, and is counted', async () => {
  const before = (await quarantined()).nodes[0];
  mistype(4);
  for (let times = 0; times < 3; times += 1) {
    expect(await fetchOnce(1)).toMatchObject({ status: 'PLANNED' });
  }
  expect(await fetchOnce(1)).toMatchObject({ status: 'SAVED', reason: 'ROWS_NOT_UNDERSTOOD' });
  const { records, times } = (await quarantined()).nodes[0];
  expect(times - before.times).toBe(4 * (records - before.records));
  const { data } = await alice.ask(
    '{ consents(first: 1) { nodes { history { spansDone gaps { reason } } } } }',
  );
  expect(data.consents.nodes[0].history).toEqual({
    spansDone: 2,
    gaps: [{ reason: 'ROWS_NOT_UNDERSTOOD' }],
  });
});

it('operators see it a page at a time, users do not, and it is forgotten in time', async () => {
  await owner.query(
    `insert into refused_record (id, viewer_id, consent_id, environment, provider_id, endpoint,
       field, reason, first_seen_at, last_seen_at)
     select gen_random_uuid(), viewer_id, consent_id, environment, provider_id, 'ACCOUNTS',
       'currency', 'MISSING', first_seen_at - interval '91 days', last_seen_at - interval '91 days'
     from (select * from refused_record limit 1) one`,
  );
  const first = await quarantined({ first: 1 });
  expect(first.nodes).toMatchObject([{ endpoint: 'ACCOUNTS', field: 'currency', records: 1 }]);
  const { nodes } = await quarantined({ after: first.pageInfo.endCursor });
  expect(nodes).toMatchObject([{ endpoint: 'TRANSACTIONS' }]);
  const { errors } = await alice.ask(QUARANTINE);
  expect(errors?.[0]?.extensions?.code).toBe('FORBIDDEN');
  await prune(test.house.app);
  expect((await quarantined()).nodes).toEqual(nodes);
});
