import pg from 'pg';
import type { TestClock } from 'pg-boss';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { DAY, HOUR } from '../../src/base/clock.ts';
import { startTestHouse, storyClock, type TestHouse } from '../support/house.ts';
import { liveUntil, settle } from '../support/time.ts';
import { User } from '../support/user.ts';

// No transactions, so that a history is no calls at all.
const SCOPES = ['info', 'accounts', 'direct_debits', 'standing_orders', 'offline_access'];
const ORDERS = /\/(direct_debits|standing_orders)$/;
const TOLD = `query ($id: ID!) { consent(id: $id) { status remedy troubles { endpoint }
  holders { fullName }
  accounts { nodes { remedy troubles { endpoint reason } ... on BankAccount {
    directDebitsReadAt standingOrdersReadAt
    directDebits { nodes { id name status } } standingOrders { nodes { id payee status } } } } } } }`;

let clock: TestClock;
let test: TestHouse;
let owner: pg.Client;
let people = 0;

beforeAll(async () => {
  clock = storyClock();
  test = await startTestHouse({ clock });
  owner = new pg.Client(test.databaseUrl);
  await owner.connect();
});
beforeEach(async () => {
  test.simulator.faults.clear();
  // Each story has its viewers and what was learnt of banks to itself.
  await owner.query(`update consent set status = 'REVOKED', due_at = null, ended_at = $1`, [
    new Date(clock.now()),
  ]);
  await owner.query('delete from provider_endpoint');
  test.simulator.journal.clear();
});
afterAll(async () => {
  await owner.end();
  await test.close();
});

async function connect(providerId: string, scopes = SCOPES) {
  people += 1;
  const user = new User(test, `viewer-${people}`);
  const plan = { user: `john${people}`, password: `doe${people}` };
  return { user, id: await user.connect({ providerId, scopes }, plan) };
}
const live = (milliseconds: number) => liveUntil(test, clock, new Date(clock.now() + milliseconds));
const toldOf = async ({ user, id }: Awaited<ReturnType<typeof connect>>) => {
  const { data, errors } = await user.ask(TOLD, { id });
  expect(errors).toBeUndefined();
  return data.consent;
};
const calls = (path: RegExp) =>
  test.simulator.journal.entries.filter((entry) => path.test(entry.path)).length;
const refusedEarlier = (interval: string) =>
  owner.query('update provider_endpoint set refused_at = refused_at - $1::interval', [interval]);
const mainOf = ({ accounts }: any) =>
  accounts.nodes.find((account: any) => account.directDebits?.nodes.length > 0);

it('direct debits and standing orders are read at once, where a bank shows them later too daily under the same ids', async () => {
  const alice = await connect('ob-monzo');
  await settle(test, clock);
  const first = mainOf(await toldOf(alice));
  expect(first.directDebits.nodes.length).toBeGreaterThan(3);
  expect(first.standingOrders.nodes.map(({ payee }: any) => payee)).toContain(
    first.standingOrders.nodes[0].payee,
  );
  expect(first.directDebitsReadAt).toMatch(/^2026-03-02T09:0/);
  await live(25 * HOUR);
  const again = mainOf(await toldOf(alice));
  expect(again.directDebits.nodes).toEqual(first.directDebits.nodes);
  expect(again.standingOrders.nodes).toEqual(first.standingOrders.nodes);
  expect(again.directDebitsReadAt).toMatch(/^2026-03-03/);
});

it('a bank that shows them right after consent alone is read then, is no trouble, and not asked again', async () => {
  const bob = await connect('ob-lloyds');
  await settle(test, clock);
  const first = mainOf(await toldOf(bob));
  expect(first.standingOrders.nodes.length).toBeGreaterThan(0);
  await live(25 * HOUR);
  test.simulator.journal.clear();
  await live(DAY);
  expect(calls(ORDERS)).toBe(0);
  const consent = await toldOf(bob);
  expect(mainOf(consent)).toEqual(first);
  expect(consent).toMatchObject({ status: 'ACTIVE', remedy: 'NONE', troubles: [] });
  // For the next one who connects it is the same bank in its window.
  const carol = await connect('ob-lloyds');
  await settle(test, clock);
  expect(mainOf(await toldOf(carol)).directDebits.nodes.length).toBeGreaterThan(0);
});

it('a bank that has none is asked once for all its accounts and viewers, and again a month later', async () => {
  const body = { error: 'endpoint_not_supported', error_description: 'x' };
  test.simulator.faults.order({ path: ORDERS, status: 501, body, times: 10_000 });
  const dave = await connect('ob-monzo');
  await settle(test, clock);
  const accounts = (await toldOf(dave)).accounts.nodes;
  expect(accounts.length).toBeGreaterThan(1);
  expect(accounts).toMatchObject(
    accounts.map(() => ({ troubles: [], remedy: 'NONE', directDebitsReadAt: null })),
  );
  expect(calls(ORDERS)).toBe(2);
  await connect('ob-monzo');
  await settle(test, clock);
  expect(calls(ORDERS)).toBe(2);
  // A consent of another day asks again, and once is enough for those before it too.
  await refusedEarlier('2 days');
  await connect('ob-monzo');
  await live(25 * HOUR);
  expect(calls(ORDERS)).toBe(4);
  await refusedEarlier('30 days');
  test.simulator.faults.clear();
  await live(25 * HOUR);
  expect(mainOf(await toldOf(dave)).directDebits.nodes.length).toBeGreaterThan(3);
});

it('an account that answers 501 where others of its bank are answered is alone in that', async () => {
  const erin = await connect('ob-monzo');
  await settle(test, clock);
  test.simulator.faults.order({ path: /\/direct_debits$/, status: 501, times: 1 });
  await live(25 * HOUR);
  test.simulator.journal.clear();
  await live(DAY);
  const { accounts } = await toldOf(erin);
  expect(calls(/\/direct_debits$/)).toBe(accounts.nodes.length);
});

it('holders that the bank did not say at once are asked for again, and nothing else waits for them', async () => {
  test.simulator.faults.order({ path: /\/info$/, status: 503, times: 2 });
  const frank = await connect('ob-monzo');
  await settle(test, clock);
  const before = await toldOf(frank);
  expect(before.holders).toEqual([]);
  expect(before.accounts.nodes.length).toBeGreaterThan(0);
  await live(25 * HOUR);
  expect((await toldOf(frank)).holders).toMatchObject([{ fullName: 'John Doe' }]);
  test.simulator.journal.clear();
  await live(DAY);
  expect(calls(/\/info$/)).toBe(0);
});
