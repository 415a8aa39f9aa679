import { readFileSync } from 'node:fs';
import pg from 'pg';
import type { TestClock } from 'pg-boss';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DAY } from '../../src/base/clock.ts';
import { startTestHouse, storyClock, type TestHouse } from '../support/house.ts';
import { consentOf, type OwnedConsent, renew } from '../support/renew.ts';
import { liveUntil, settle } from '../support/time.ts';
import { User } from '../support/user.ts';

const INPUT = {
  providerId: 'ob-yorkshire-building-society',
  scopes: ['accounts', 'balance', 'transactions', 'offline_access'],
};

let clock: TestClock;
let test: TestHouse;
let owner: pg.Client;
let user: User;
let consent: OwnedConsent;
let users = 0;

beforeAll(async () => {
  clock = storyClock();
  test = await startTestHouse({ clock });
  owner = new pg.Client(test.databaseUrl);
  await owner.connect();
});
afterAll(async () => {
  await owner.end();
  await test.close();
});

/** The bank is connected, and everything of it is read. */
beforeEach(async () => {
  const name = `user ${(users += 1)}`;
  user = new User(test, name);
  await user.connect(INPUT);
  consent = await consentOf(owner, name);
  await settle(test, clock);
});

const operation = (name: string) =>
  readFileSync(new URL(`../../schema/operations/${name}.graphql`, import.meta.url), 'utf8');
const proposals = async () =>
  (await user.ask(operation('account-proposals'))).data.viewer.accountProposals.nodes;
const merge = async (keep: string, other: string) =>
  (await user.ask(operation('merge-accounts'), { keep, merge: other })).data.mergeAccounts;
const split = async (account: string) =>
  (await user.ask(operation('split-account'), { account })).data.splitAccount;
const update = async (variables: object) => {
  const answer = await user.ask(operation('update-account'), variables);
  return answer.data?.updateAccount ?? answer;
};
const listed = async (more = '') =>
  (await user.ask(`{ accounts${more} { nodes { id displayName } } }`)).data.accounts.nodes;
const raw = (id: string) => Buffer.from(id, 'base64').toString().split(':')[1];

/** All rows of the viewer that a merge may touch. */
async function everything() {
  const rows: Record<string, unknown[]> = {};
  for (const [table, order] of [
    ['account', 'id'],
    ['transaction', 'id'],
    ['balance', 'account_id'],
    ['account_alias', 'provider_account_id'],
    ['history_span', 'id'],
  ] as const) {
    const found = await owner.query(
      `select to_jsonb(t)::text as row from ${table} t where viewer_id = $1 order by ${order}`,
      [consent.viewerId],
    );
    rows[table] = found.rows.map(({ row }) => row);
  }
  return rows;
}

/** The bank shows the main account anew, in another currency by our rows, so that nobody can tell. */
async function doubted() {
  await owner.query(
    `update account set currency = 'EUR', provider_account_id = 'old'
     where consent_id = $1 and display_name like '%Current%'`,
    [consent.consentId],
  );
  await owner.query(
    `update account_alias set provider_account_id = 'old ' || account_id
     where account_id in (select id from account where provider_account_id = 'old')`,
  );
  await renew(test, owner, user, consent, { input: INPUT });
  await settle(test, clock);
  const [proposal] = await proposals();
  return proposal;
}

describe('an account that may be another', () => {
  it('is proposed, merged without doubling anything, and split exactly as it was', async () => {
    const before = await listed();
    const { newer, older, reason } = await doubted();
    expect(reason).toBe('PARTLY_ALIKE');
    expect([older.status, newer.status]).toEqual(['UNSHARED', 'SHARED']);
    expect(await listed()).toHaveLength(before.length + 1);
    await owner.query(`update transaction set note = 'of the newer' where account_id = $1`, [
      raw(newer.id),
    ]);
    await owner.query(
      `delete from transaction where id in (select id from transaction where account_id = $1
       order by booked_on limit 5)`,
      [raw(older.id)],
    );
    const apart = await everything();
    const rowsOf = async () =>
      (
        await owner.query(
          `select count(*)::int as rows, count(distinct identity)::int as distinct_rows,
             count(*) filter (where note = 'of the newer')::int as noted
           from transaction where account_id = $1`,
          [raw(older.id)],
        )
      ).rows[0];
    expect(await merge(older.id, newer.id)).toMatchObject({
      account: { id: older.id, status: 'SHARED', mergedAccounts: [{ id: newer.id }] },
    });
    expect(await merge(older.id, newer.id)).toMatchObject({ __typename: 'MergedAccounts' });
    const merged = await rowsOf();
    expect(merged.rows).toBe(merged.distinct_rows);
    expect(merged.noted).toBe(merged.rows);
    expect(await proposals()).toEqual([]);
    expect((await listed()).map(({ id }: { id: string }) => id)).not.toContain(newer.id);
    expect(await split(newer.id)).toMatchObject({
      account: { status: 'SHARED', mergedInto: null },
    });
    expect(await everything()).toEqual(apart);
    expect(await proposals()).toEqual([]);
  });

  it('goes on being read as the account that it was merged into, and is known as that', async () => {
    const { newer, older } = await doubted();
    await merge(older.id, newer.id);
    await liveUntil(test, clock, new Date(clock.now() + 1.2 * DAY));
    const { rows } = await owner.query(
      'select id, read_at > $2 as recent from account where consent_id = $1 and merged_into_id is null',
      [consent.consentId, new Date(clock.now() - 0.9 * DAY)],
    );
    expect(rows.every(({ recent }) => recent)).toBe(true);
    const count = (await listed()).length;
    await renew(test, owner, user, consent, { input: INPUT });
    await settle(test, clock);
    expect(await listed()).toHaveLength(count);
    // What was read of it since goes with it.
    await split(newer.id);
    const { rows: newest } = await owner.query(
      `select max(first_seen_at) > $2 as recent from transaction where account_id = $1`,
      [raw(newer.id), new Date(clock.now() - 1.3 * DAY)],
    );
    expect(newest).toEqual([{ recent: true }]);
  });

  it('is left to another consent that reaches it, when the one that feeds it is taken back', async () => {
    await user.connect(INPUT, { user: 'john1', password: 'doe1' });
    await settle(test, clock);
    const { rows } = await owner.query<{ id: string; consent: string; own: boolean }>(
      `update account set iban = null, account_number = null, sort_code = null
       where viewer_id = $1 returning id, consent_id as consent, consent_id = $2 as own`,
      [consent.viewerId, consent.consentId],
    );
    // The one that was listed last, and so is read as what it is itself.
    const [kept, other] = [rows.find(({ own }) => !own), rows.find(({ own }) => own)];
    const idOf = (row?: { id: string }) => Buffer.from(`BankAccount:${row?.id}`).toString('base64');
    expect(await merge(idOf(kept), idOf(other))).toMatchObject({ __typename: 'MergedAccounts' });
    await user.ask(
      'mutation ($id: ID!) { revokeConsent(input: { id: $id, data: ERASE }) { __typename } }',
      {
        id: Buffer.from(`Consent:${kept?.consent}`).toString('base64'),
      },
    );
    const left = await owner.query(
      `select id from account where id = any ($1) and consent_id = $2`,
      [[kept?.id, other?.id], consent.consentId],
    );
    expect(left.rowCount).toBe(2);
  });

  it('is not, where the user says so: it is asked once', async () => {
    const { newer } = await doubted();
    expect(await split(newer.id)).toMatchObject({ __typename: 'SplitAccount' });
    expect(await proposals()).toEqual([]);
    expect(await split(newer.id)).toMatchObject({ code: 'ACCOUNT_NOT_MERGED' });
    await renew(test, owner, user, consent, { input: INPUT });
    await settle(test, clock);
    expect(await proposals()).toEqual([]);
  });
});

it('accounts that are two are not merged', async () => {
  const [one, two] = await listed();
  expect(await merge(one.id, one.id)).toMatchObject({ code: 'SAME_ACCOUNT' });
  expect(await merge(one.id, two.id)).toMatchObject({ code: 'LISTED_TOGETHER' });
  await owner.query('delete from account_feed where account_id = $1', [raw(two.id)]);
  expect(await merge(one.id, two.id)).toMatchObject({ code: 'IDENTIFIERS_DIFFER' });
  await new User(test, 'mallory').connect({ providerId: 'ob-monzo' });
  const answer = await new User(test, 'mallory').ask(operation('merge-accounts'), {
    keep: one.id,
    merge: two.id,
  });
  expect(answer.data.mergeAccounts).toMatchObject({ code: 'ACCOUNT_UNKNOWN' });
});

describe('what is the user’s own of an account', () => {
  it('survives a renewal: its name', async () => {
    const [{ id: account, displayName }] = await listed();
    expect(await update({ account, displayName: '  Rent  ' })).toMatchObject({
      account: { displayName: 'Rent', bankName: displayName, excluded: false },
    });
    await renew(test, owner, user, consent, { input: INPUT });
    await settle(test, clock);
    expect(await listed()).toContainEqual({ id: account, displayName: 'Rent' });
    expect(await update({ account, displayName: null })).toMatchObject({
      account: { displayName },
    });
    for (const name of ['', ' ', 'x'.repeat(201), 'a\u0007b']) {
      expect(await update({ account, displayName: name })).toMatchObject({
        code: 'ACCOUNT_NAME_REFUSED',
      });
    }
  });

  it('that it is excluded: it is neither read nor listed, unless asked', async () => {
    const [{ id: account }] = await listed();
    const count = (await listed()).length;
    expect(await update({ account, excluded: true })).toMatchObject({
      account: { excluded: true },
    });
    await renew(test, owner, user, consent, { input: INPUT });
    const from = test.simulator.journal.entries.length;
    await settle(test, clock);
    await liveUntil(test, clock, new Date(clock.now() + 1.2 * DAY));
    const { rows } = await owner.query(
      `select a.provider_account_id as name, c.credentials_id as credentials
       from account a join consent c on c.id = a.consent_id where a.id = $1`,
      [raw(account)],
    );
    const read = test.simulator.journal.entries
      .slice(from)
      .filter(
        ({ path, credentialsId }) =>
          path.includes(rows[0].name) && credentialsId === rows[0].credentials,
      );
    expect(read).toEqual([]);
    expect(await listed()).toHaveLength(count - 1);
    expect(await listed('(includeExcluded: true)')).toHaveLength(count);
    await update({ account, excluded: false });
    expect(await listed()).toHaveLength(count);
  });
});
