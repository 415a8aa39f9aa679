import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import pg from 'pg';
import type { TestClock } from 'pg-boss';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DAY } from '../../src/base/clock.ts';
import { readConfig } from '../../src/base/config.ts';
import { createLog } from '../../src/base/log.ts';
import { openProgress } from '../../src/cli/progress.ts';
import { resyncCommand } from '../../src/cli/resync.ts';
import { startTestHouse, storyClock, type TestHouse } from '../support/house.ts';
import { settle } from '../support/time.ts';
import { User } from '../support/user.ts';

const RESYNC = readFileSync(
  new URL('../../schema/operations/resync.graphql', import.meta.url),
  'utf8',
);
const BANK = 'ob-yorkshire-building-society';

let clock: TestClock;
let test: TestHouse;
let owner: pg.Client;
let alice: User;
let operator: User;
let consent: string;
let account: string;
let accountAtBank: string;

beforeAll(async () => {
  clock = storyClock();
  test = await startTestHouse({ clock });
  owner = new pg.Client(test.databaseUrl);
  await owner.connect();
  alice = new User(test, 'alice');
  operator = new User(test, 'ops', 'operator');
  consent = await alice.connect({ providerId: BANK });
  await settle(test, clock);
  // One call of its history failed for a reason that passed.
  const { rows } = await owner.query<{ id: string; name: string }>(
    `update history_span s set status = 'FAILED', reason = 'USER_ACTION' from account a
     where a.id = s.account_id and s.id = (select id from history_span order by from_on desc limit 1)
     returning a.id, a.provider_account_id as name`,
  );
  const { data } = await alice.ask('{ accounts { nodes { id } } }');
  const ids = data.accounts.nodes.map(({ id }: { id: string }) => id) as string[];
  account = ids.find((id) => uuidOf(id) === rows[0]?.id) ?? '';
  accountAtBank = rows[0]?.name ?? '';
});
afterAll(async () => {
  await owner.end();
  await test.close();
});

const resync = async (input: object) => (await operator.ask(RESYNC, { input })).data.resync;
const uuidOf = (id: string) => Buffer.from(id, 'base64').toString().split(':')[1] ?? '';
const count = async (from: string) =>
  (await owner.query<{ count: number }>(`select count(*)::int from ${from}`)).rows[0]?.count ?? 0;
const gaps = () => count(`history_span where status <> 'SAVED'`);
/** A row that the bank shows now and did not before, longer ago than the daily read looks. */
const plant = (description: string) =>
  test.simulator.hand.add(
    { user: 'john', providerId: BANK },
    { amount: '-4.20', description, at: new Date(clock.now() - 60 * DAY) },
    accountAtBank,
  );
const planted = (description: string) => count(`transaction where description = '${description}'`);

it('an account is read again as far back as can be, gaps in reach with it, and nothing doubles', async () => {
  expect(await gaps()).toBe(1);
  const [transactions, accounts] = [await count('transaction'), await count('account')];
  plant('LATE ONE');
  const answers = await Promise.all(
    [account, uuidOf(account)].map((id) => resync({ account: id })),
  );
  expect(answers).toEqual(
    answers.map(() => ({ __typename: 'BegunResync', consentId: uuidOf(consent) })),
  );
  await settle(test, clock);
  expect(await planted('LATE ONE')).toBe(1);
  expect(await gaps()).toBe(0);
  expect(await count('transaction')).toBeGreaterThan(transactions);
  const before = await count('transaction');
  await resync({ account });
  await settle(test, clock);
  expect(await count('transaction')).toBe(before);
  expect(await count('account')).toBe(accounts);
  expect(await count('account where reread_at is not null')).toBe(0);
  const { rows } = await owner.query('select act, subject, operator from operator_act order by id');
  expect(rows).toEqual(
    Array.from({ length: 3 }, () => ({
      act: 'RESYNCED',
      subject: `account ${uuidOf(account)}`,
      operator: 'ops',
    })),
  );
});

it('a consent is read again with the list of its accounts, and what the bank refuses today is read later', async () => {
  // On another day, for asked the same again a bank may answer the same.
  await clock.setTime(clock.now() + DAY);
  await settle(test, clock);
  plant('LATE TWO');
  const before = await count('transaction');
  // The first read finds the bank away, for longer than its job is patient.
  test.simulator.faults.order({ path: /transactions$/, times: 1, status: 503 });
  const journal = test.simulator.journal.entries.length;
  expect(await resync({ consent })).toMatchObject({ consentId: uuidOf(consent) });
  const { data } = await alice.ask(
    'query ($id: ID!) { consent(id: $id) { history { complete } } }',
    {
      id: consent,
    },
  );
  expect(data.consent.history.complete).toBe(false);
  await settle(test, clock);
  expect(
    test.simulator.journal.entries.slice(journal).filter(({ path }) => path.endsWith('/accounts')),
  ).toHaveLength(1);
  await clock.setTime(clock.now() + DAY);
  await settle(test, clock);
  expect(await planted('LATE TWO')).toBe(1);
  expect(await count('account where reread_at is not null')).toBe(0);
  expect(await count('transaction')).toBeGreaterThan(before);
  const again = await alice.ask(
    'query ($id: ID!) { consent(id: $id) { history { complete gaps { reason } } } }',
    { id: consent },
  );
  expect(again.data.consent.history).toEqual({ complete: true, gaps: [] });
});

it('what cannot be read says so, to operators alone', async () => {
  const refused = async (input: object) => (await resync(input)).code;
  expect(await refused({ consent: randomUUID() })).toBe('CONSENT_UNKNOWN');
  expect(await refused({ account: consent })).toBe('ACCOUNT_UNKNOWN');
  const where = `where id = '${uuidOf(account)}'`;
  await owner.query(`update account set excluded = true ${where}`);
  expect(await refused({ account })).toBe('ACCOUNT_EXCLUDED');
  await owner.query(
    `update account set excluded = false, status = 'UNSHARED', unshared_at = now() ${where}`,
  );
  expect(await refused({ account })).toBe('ACCOUNT_UNSHARED');
  await owner.query(`update account set status = 'SHARED', unshared_at = null ${where}`);
  await owner.query(`update consent set status = 'REAUTH_REQUIRED', ended_at = now()`);
  expect(await refused({ account })).toBe('CONSENT_REAUTH_REQUIRED');
  await owner.query(
    `update consent set status = 'ACTIVE', ended_at = null, environment = 'live', provider_id = null`,
  );
  expect(await refused({ consent })).toBe('CONSENT_OF_ANOTHER_ENVIRONMENT');
  const { environment } = test.house.app.client;
  await owner.query('update consent set environment = $1, provider_id = $2', [environment, BANK]);
  for (const user of [alice, new User(test, 'bob')]) {
    const { errors } = await user.ask(RESYNC, { input: { consent } });
    expect(errors?.[0]?.extensions?.code).toBe('FORBIDDEN');
  }
});

it('the command line does the same', async () => {
  const said: string[] = [];
  const tell = (line: string) =>
    resyncCommand.run(line.split(' '), {
      config: () => readConfig(test.environment, () => ''),
      log: createLog('silent'),
      say: (text) => void said.push(text),
      secret: () => Promise.reject(new Error('nobody asked for one')),
      progress: openProgress({ isTTY: false, write: () => true }),
    });
  expect(await tell(`account ${account}`)).toBe(0);
  expect(await tell(`consent ${uuidOf(consent)}`)).toBe(0);
  await alice.ask(
    'mutation ($id: ID!) { revokeConsent(input: { id: $id, data: KEEP }) { __typename } }',
    {
      id: consent,
    },
  );
  expect(await tell(`consent ${consent}`)).toBe(1);
  const begun = `Workers read it again now, by consent ${uuidOf(consent)}.`;
  expect(said).toEqual([begun, begun, expect.stringMatching(/^CONSENT_ENDED: /)]);
  for (const line of ['consent', 'consent x', `account ${consent}`, `bank ${randomUUID()}`]) {
    await expect(tell(line)).rejects.toThrow('resync takes one of these');
  }
  expect(await count(`operator_act where operator = 'cli' and act = 'RESYNCED'`)).toBe(2);
});
