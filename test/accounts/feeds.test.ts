import { readFileSync } from 'node:fs';
import pg from 'pg';
import type { TestClock } from 'pg-boss';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asAskedBy, findOwner } from '../../src/accounts/owner.ts';
import { saveAccounts } from '../../src/accounts/save.ts';
import { DAY, HOUR } from '../../src/base/clock.ts';
import { uuidOf } from '../../src/base/entropy.ts';
import { beginPeriod } from '../../src/consents/begin-period.ts';
import { moveConsent } from '../../src/consents/status.ts';
import { viewerIdOf } from '../../src/http/bearer.ts';
import { prune } from '../../src/viewers/retention.ts';
import { startTestHouse, storyClock, type TestHouse } from '../support/house.ts';
import { User } from '../support/user.ts';

// Which consent feeds an account shows by lists alone: consents are written by hand, and no bank is
// asked. How banks list accounts in truth is held by the tests of renewal and of taking consents back.
let clock: TestClock;
let test: TestHouse;
let owner: pg.Client;
let users = 0;

beforeAll(async () => {
  clock = storyClock();
  // No worker: nothing is read that a test did not write.
  test = await startTestHouse({ clock, environment: { ROLE: 'api', KEEP_ENDED_DAYS: '1' } });
  owner = new pg.Client(test.databaseUrl);
  await owner.connect();
});
afterAll(async () => {
  await owner.end();
  await test.close();
});

const operation = (name: string) =>
  readFileSync(new URL(`../../schema/operations/${name}.graphql`, import.meta.url), 'utf8');
const rows = async (sql: string, ...values: unknown[]) => (await owner.query(sql, values)).rows;
const global = (type: string, id: string) => Buffer.from(`${type}:${id}`).toString('base64');
const now = () => new Date(clock.now());
const PROVIDER = 'ob-lloyds';

/** Somebody whom no other test knows, and what happens to their consents, which are numbered from 0. */
async function somebody(count: number) {
  const name = `user ${(users += 1)}`;
  const { app } = test.house;
  const { environment } = app.client;
  const user = new User(test, name);
  const viewerId = viewerIdOf(test.issuer.issuer, name);
  const consents: string[] = [];
  await rows(
    `with made as (insert into viewer (id, issuer, subject, created_at) values ($1, $2, $3, $4)),
       bank as (insert into provider (environment, provider_id, display_name, scopes, first_seen_at,
         refreshed_at) values ($5, $6, 'Bank', '{}', $4, $4) on conflict do nothing)
     insert into change_counter (viewer_id, epoch) values ($1, gen_random_uuid())`,
    viewerId,
    test.issuer.issuer,
    name,
    now(),
    environment,
    PROVIDER,
  );
  for (let index = 0; index < count; index += 1) {
    await clock.setTime(clock.now() + HOUR);
    const id = uuidOf(name, String(index));
    await rows(
      `with link as (insert into auth_link (id, viewer_id, environment, client_id, state_hash,
         browser_hash, providers, scopes, redirect_uri, status, created_at, expires_at)
       values ($1, $2, $3, 'c', sha256(convert_to($1::uuid::text, 'UTF8')),
         sha256(convert_to($1::uuid::text, 'UTF8')), '{}', '{}', 'r', 'COMPLETED', $5, $6))
       insert into consent (id, viewer_id, auth_link_id, environment, client_id, provider_id, scopes,
         consented_at, window_ends_at, ends_at, created_at, planned_at)
       values ($1, $2, $1, $3, 'c', $4, '{}', $5, $5, $6, $5, $5)`,
      id,
      viewerId,
      environment,
      PROVIDER,
      now(),
      new Date(clock.now() + 90 * DAY),
    );
    consents.push(id);
  }
  const consentId = (index: number) => consents[index] ?? '';
  const list = async (index: number, ...names: readonly string[]) => {
    const from = { id: consentId(index), viewerId, environment, providerId: PROVIDER };
    const accounts = names.map((accountId) => ({
      ...NOTHING_MORE,
      accountId,
      displayName: accountId,
    }));
    const whole = ['BANK_ACCOUNT'] as const;
    await app.database.transact(viewerId, (tx) =>
      saveAccounts(app, tx, from, { accounts, cards: [], whole, holderName: null }, now()),
    );
  };
  const move = { viewerId, by: 'BANK' } as const;
  const act = async (operationName: string, variables: object) =>
    Object.values((await user.ask(operation(operationName), variables)).data)[0];
  const account = (id: string) => global('BankAccount', id);
  return {
    user,
    viewerId,
    consents,
    consentId,
    list,
    end: (index: number, to: 'EXPIRED' | 'REAUTH_REQUIRED') =>
      app.database.transact(viewerId, (tx) =>
        moveConsent(app, tx, {
          ...move,
          consentId: consentId(index),
          to,
          reason: to === 'EXPIRED' ? 'PERIOD_OVER' : 'GRANT_ENDED',
          now: now(),
        }),
      ),
    /** Confirms a consent anew; the bank lists it for those accounts then. */
    renew: async (index: number, ...names: readonly string[]) => {
      await clock.setTime(clock.now() + HOUR);
      const id = consentId(index);
      await app.database.transact(viewerId, async (tx) => {
        const consent = await tx.consent.findUniqueOrThrow({ where: { id } });
        const answer = { expiresAt: new Date(clock.now() + HOUR), refreshable: true };
        const agreement = { way: 'AUTH_LINK', textVersion: null, scopes: [] } as const;
        const data = { plannedAt: null, windowEndsAt: now() };
        await beginPeriod(app, tx, consent, answer, agreement, data, now());
      });
      await rows('update consent set planned_at = $2 where id = $1', id, now());
      await list(index, ...names);
    },
    revoke: (index: number, data: 'KEEP' | 'ERASE') =>
      user.ask(
        `mutation ($id: ID!, $data: RevokedData!) {
          revokeConsent(input: { id: $id, data: $data }) { __typename } }`,
        { id: global('Consent', consentId(index)), data },
      ),
    merge: (keep: string, merge: string) =>
      act('merge-accounts', { keep: account(keep), merge: account(merge) }),
    split: (id: string) => act('split-account', { account: account(id) }),
    exclude: (id: string) => act('update-account', { account: account(id), excluded: true }),
    /** Which consent feeds which account, by its name. */
    feeds: async () => {
      const found = await rows(
        `select display_name as name, consent_id as consent, status from account
         where viewer_id = $1 order by display_name`,
        viewerId,
      );
      return Object.fromEntries(
        found.map(({ name: known, consent, status }) => [
          known,
          status === 'SHARED' ? consents.indexOf(consent) : status,
        ]),
      );
    },
  };
}

const NOTHING_MORE = {
  accountType: 'TRANSACTION',
  currency: null,
  iban: null,
  number: null,
  sortCode: null,
  bic: null,
  routingNumber: null,
  bsb: null,
  providerId: PROVIDER,
  updatedAt: null,
};

/** Somebody with several logins at a bank: each shares one account, `account 0` and so on, with rows. */
async function logins(count: number) {
  const somebodys = await somebody(count);
  const { viewerId, consents, list } = somebodys;
  const accounts: string[] = [];
  for (const index of consents.keys()) {
    await list(index, `account ${index}`);
    const [{ id }] = await rows(
      'select id from account where viewer_id = $1 and display_name = $2',
      viewerId,
      `account ${index}`,
    );
    accounts.push(id);
    await rows(
      `with held as (insert into balance (account_id, viewer_id, currency, current, as_of, fetched_at)
         values ($2, $1, 'GBP', $4::int, $3, $3))
       insert into transaction (id, viewer_id, account_id, identity, status, booked_on, amount,
         currency, description, category, transaction_id, first_seen_at, changed_at)
       select gen_random_uuid(), $1, $2, identity, 'BOOKED', '2026-01-01', -1, 'GBP', '', '', '',
         $3, $3
       from unnest(array['of all', 'of ' || $4::int]) identity`,
      viewerId,
      id,
      now(),
      index,
    );
  }
  /** By account: by whose consent it is read, and what is shown in it. */
  const state = async () => {
    const found = await rows(
      `select a.id, a.consent_id as consent, a.status, a.merged_into_id as into, array(
           select identity from transaction t where t.account_id = a.id
             and t.collapsed_into_id is null order by identity) as shown
       from account a where viewer_id = $1`,
      viewerId,
    );
    return accounts.map((account) => {
      const row = found.find(({ id }) => id === account);
      if (row === undefined) return 'gone';
      const into = row.into === null ? '' : ` in ${accounts.indexOf(row.into)}`;
      return [`${row.status} by ${consents.indexOf(row.consent)}${into}`, ...row.shown];
    });
  };
  return { ...somebodys, accounts, account: (index: number) => accounts[index] ?? '', state };
}

describe('an account that two consents share', () => {
  it('is fed by the newest that works, also where that ends, comes back, and goes', async () => {
    const { list, end, renew, feeds, viewerId, consents } = await somebody(2);
    await list(0, 'a', 'b');
    await list(1, 'a', 'b');
    expect(await feeds()).toEqual({ a: 1, b: 1 });
    await end(1, 'REAUTH_REQUIRED');
    expect(await feeds()).toEqual({ a: 0, b: 0 });
    await renew(1, 'a');
    expect(await feeds()).toEqual({ a: 1, b: 0 });
    await end(1, 'EXPIRED');
    expect(await feeds()).toEqual({ a: 0, b: 0 });
    await clock.setTime(clock.now() + 2 * DAY);
    await prune(test.house.app);
    expect(await rows('select id from consent where viewer_id = $1', viewerId)).toEqual([
      { id: consents[0] },
    ]);
    expect(await feeds()).toEqual({ a: 0, b: 0 });
  });

  it('is not left to one that was renewed without it: it is erased with the other', async () => {
    const { list, renew, revoke, feeds } = await somebody(2);
    await list(0, 'a', 'b');
    await list(1, 'a', 'b');
    await renew(0, 'a');
    expect(await feeds()).toEqual({ a: 0, b: 1 });
    await revoke(1, 'ERASE');
    expect(await feeds()).toEqual({ a: 0 });
  });

  it('is shared no more once both leave it out, whatever one that has ended had', async () => {
    const { list, end, renew, feeds } = await somebody(3);
    await list(2, 'a', 'b');
    await end(2, 'EXPIRED');
    await list(0, 'a', 'b');
    await list(1, 'a', 'b');
    await renew(1, 'a');
    expect(await feeds()).toEqual({ a: 1, b: 0 });
    await renew(0, 'a');
    expect(await feeds()).toEqual({ a: 0, b: 'UNSHARED' });
  });
});

describe('a merged account', () => {
  it('of an ended consent stops no living one', async () => {
    const { account, revoke, merge, state } = await logins(2);
    await revoke(1, 'KEEP');
    await merge(account(0), account(1));
    expect(await state()).toEqual([
      ['SHARED by 0', 'of 0', 'of 1', 'of all'],
      ['SHARED by 1 in 0'],
    ]);
  });

  it('keeps the other read where the consent of that no longer shares it', async () => {
    const { account, merge, renew, state } = await logins(2);
    await merge(account(1), account(0));
    expect((await state())[1]).toEqual(['SHARED by 1', 'of 0', 'of 1', 'of all']);
    await renew(1, 'another');
    expect((await state())[1]).toEqual(['SHARED by 0', 'of 0', 'of 1', 'of all']);
  });

  it('is read by its own name again after a renewal and a split', async () => {
    const { account, merge, renew, split, state } = await logins(2);
    const before = await state();
    await merge(account(1), account(0));
    await renew(0, 'account 0');
    expect((await state())[1]?.[0]).toBe('SHARED by 0');
    await split(account(0));
    expect(await state()).toEqual(before);
  });

  it('is asked for, and its rows are kept, under the name that each consent has for it', async () => {
    const { account, consentId, merge, viewerId } = await logins(2);
    await merge(account(0), account(1));
    const { app } = test.house;
    const reader = app.database.reader(viewerId);
    for (const [consent, asked, origin] of [
      [0, 0, undefined],
      [1, 0, account(1)],
      [1, 1, account(1)],
    ] as const) {
      const row = await reader.account.findUniqueOrThrow({
        where: { id: account(asked) },
        include: { mergedInto: true },
      });
      const found = await app.database.transact(viewerId, (tx) =>
        findOwner(tx, account(asked), consentId(consent)),
      );
      expect([found?.id, found?.originId]).toEqual([account(0), origin]);
      const as = await asAskedBy(reader, consentId(consent), row);
      expect([as.providerAccountId, as.status]).toEqual([`account ${consent}`, 'SHARED']);
    }
  });

  it.each([
    [1, 2],
    [2, 1],
  ])('beside another is split in any order: %i, then %i', async (one, two) => {
    const { account, accounts, merge, split, state } = await logins(3);
    const reading = () =>
      rows(
        `select a.*, to_jsonb(b) as balance from account a left join balance b on b.account_id = a.id
         where a.id = any ($1) order by a.id`,
        accounts,
      );
    const before = [await state(), await reading()];
    for (const index of [one, two]) await merge(account(0), account(index));
    expect((await state())[0]).toEqual(['SHARED by 2', 'of 0', 'of 1', 'of 2', 'of all']);
    await split(account(1));
    expect((await state())[0]).toEqual(['SHARED by 2', 'of 0', 'of 2', 'of all']);
    await split(account(2));
    expect([await state(), await reading()]).toEqual(before);
  });

  it('has no row twice after a split, of which the other had lost its own', async () => {
    const { account, merge, split, state } = await logins(2);
    await merge(account(0), account(1));
    // It is gone with the pending ones, say, and read again by the name of the merged account.
    await rows(
      `update transaction set origin_account_id = $2, note = 'rent'
       where account_id = $1 and identity = 'of all'`,
      account(0),
      account(1),
    );
    await split(account(1));
    expect(await state()).toEqual([
      ['SHARED by 0', 'of 0'],
      ['SHARED by 1', 'of 1', 'of all'],
    ]);
    expect(await rows('select account_id as id from transaction where note is not null')).toEqual([
      { id: account(1) },
    ]);
  });

  it('is not changed itself, and its merge and split are told with consent and accounts', async () => {
    const { user, account, accounts, consentId, consents, merge, split, exclude, viewerId } =
      await logins(2);
    const endpoint = '00000000-0000-4000-8000-00000000000e';
    await rows(
      `insert into webhook_endpoint (id, environment, url, description, event_types, enabled,
         sealed_secret, created_at)
       values ($1, $2, 'https://app.example/hook', '', '{}', true, 'sealed', $3)`,
      endpoint,
      test.house.app.client.environment,
      now(),
    );
    const told = async () => {
      const found = await rows(
        `with gone as (delete from webhook_delivery where viewer_id = $1 returning *)
         select event_id as id, event_type as type, subject from gone order by 2, subject ->> 'consentId'`,
        viewerId,
      );
      const { data } = await user.ask('query ($id: ID!) { consent(id: $id) { lastEventId } }', {
        id: global('Consent', consentId(1)),
      });
      expect(found.map(({ id }) => id)).toContain(data.consent.lastEventId);
      return found.map(({ type, subject }) => [
        `${type} by ${consents.indexOf(subject.consentId)}`,
        subject.accountIds.map((id: string) => accounts.indexOf(id)).toSorted(),
      ]);
    };
    await merge(account(0), account(1));
    expect(Object.fromEntries(await told())).toEqual({
      'accounts.changed by 1': [0, 1],
      'transactions.changed by 1': [0, 1],
    });
    expect(await exclude(account(1))).toMatchObject({ code: 'ACCOUNT_MERGED' });
    await split(account(1));
    expect(Object.fromEntries(await told())).toEqual({
      'accounts.changed by 0': [0],
      'accounts.changed by 1': [1],
      'transactions.changed by 1': [1],
    });
    await exclude(account(1));
    expect(await told()).toEqual([['accounts.changed by 1', [1]]]);
    await rows('delete from webhook_endpoint where id = $1', endpoint);
  });
});

describe('what is erased with a consent', () => {
  const whole = (index: number) => [`SHARED by ${index}`, `of ${index}`, 'of all'];

  it.each([
    ['the merged account, of which nothing stays in the other', 1, 0, 0, null],
    ['the merged account by which the other was read', 0, 1, 1, null],
    ['the other, while the merged one is of a consent that ended before', 1, 0, 1, 0],
    ['the merged account by which the other, of an ended consent, was read', 0, 1, 1, 0],
  ])('is %s', async (_what, keep, merged, erased, ended) => {
    const { account, merge, revoke, state } = await logins(2);
    if (ended !== null) await revoke(ended, 'KEEP');
    await merge(account(keep), account(merged));
    await revoke(erased, 'ERASE');
    const left = [0, 1].map((index) => (index === erased ? 'gone' : whole(index)));
    expect(await state()).toEqual(left);
    const strays = await rows(
      `select count(*)::int as count from transaction t where account_id = any ($1)
         and origin_account_id is not null`,
      [account(0), account(1)],
    );
    expect(strays).toEqual([{ count: 0 }]);
  });

  it('is nothing that another gave, when the time of an ended one is over', async () => {
    const { account, viewerId, merge, end, state, consents } = await logins(3);
    await merge(account(0), account(1));
    await merge(account(0), account(2));
    await end(1, 'EXPIRED');
    await clock.setTime(clock.now() + 2 * DAY);
    await prune(test.house.app);
    expect(await state()).toEqual([
      ['SHARED by 2', 'of 0', 'of 2', 'of all'],
      'gone',
      ['SHARED by 2 in 0'],
    ]);
    expect(
      await rows('select id from consent where viewer_id = $1 order by consented_at', viewerId),
    ).toEqual([{ id: consents[0] }, { id: consents[2] }]);
  });
});
