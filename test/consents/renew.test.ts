import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DAY, HOUR, MINUTE } from '../../src/base/clock.ts';
import { tendConsent } from '../../src/consents/tend.ts';
import { withBankAccess } from '../../src/consents/tokens.ts';
import { startBackfill } from '../../src/history/backfill.ts';
import { startTestHouse, storyClock, type TestHouse } from '../support/house.ts';
import { liveUntil, settle } from '../support/time.ts';
import { Holder, pass, PERSON, RETURN_TO, SMALL } from './renewing.ts';

const clock = storyClock();
let test: TestHouse;
let owner: pg.Client;
let holders = 0;

beforeAll(async () => {
  const environment = { TRUELAYER_EXTEND: 'on', READ_EVERY_HOURS: '0' };
  test = await startTestHouse({ clock, environment });
  owner = new pg.Client(test.databaseUrl);
  await owner.connect();
});
afterAll(async () => {
  await owner.end();
  await test.close();
});

/** Somebody whose bank has not been asked anything yet. */
async function newcomer(wishes: object = SMALL, plan = {}): Promise<Holder> {
  holders += 1;
  return new Holder(test, owner, `holder-${holders}`).connect(wishes, plan);
}

async function holder(wishes: object = SMALL, plan = {}): Promise<Holder> {
  const one = await newcomer(wishes, plan);
  await settle(test, clock);
  await liveUntil(test, clock, inDays(1));
  test.simulator.journal.clear();
  return one;
}

const callsTo = (path: RegExp) =>
  test.simulator.journal.entries.filter((entry) => path.test(entry.path)).length;
const inDays = (days: number) => new Date(clock.now() + days * DAY);

describe('a renewal by an auth link', () => {
  it('leads to the same bank, names the accounts, and then replaces tokens, dates and connection', async () => {
    const alice = await holder();
    const before = await alice.consent();
    const { rows: accounts } = await owner.query(
      'select id, display_name from account where consent_id = $1 order by display_name',
      [alice.uuid],
    );
    const answer = await alice.renew();
    expect(answer).toMatchObject({ __typename: 'RenewalLink', way: 'AUTH_LINK' });
    expect(answer.accounts.nodes.map((node: any) => node.displayName)).toEqual(
      accounts.map((row) => row.display_name),
    );
    const back = await alice.user.walk(answer.link.url);
    expect(new URL(await dialogOf(alice)).searchParams.get('provider_id')).toBe('ob-lloyds');
    // Not before it is complete.
    expect(await alice.consent()).toEqual(before);
    await withBankAccess(test.house.app, { ...(await alice.access()), attended: false }, (bank) =>
      bank.accounts(),
    );
    expect(await alice.comeBack(back)).toMatchObject({ result: 'completed' });
    const after = await alice.consent();
    expect(after).toMatchObject({
      status: 'ACTIVE',
      status_reason: null,
      period: 2,
      consented_at: inDays(0),
      ends_at: inDays(90),
      window_ends_at: new Date(clock.now() + 45 * MINUTE),
      ended_at: null,
      planned_at: null,
      history_ended_at: null,
      created_at: before.created_at,
    });
    expect(after.credentials_id).not.toBe(before.credentials_id);
    await settle(test, clock);
    expect((await alice.consent()).planned_at).not.toBeNull();
    expect(alice.stateOf(before.credentials_id)).toBe('deleted-by-client');
    expect(alice.stateOf(after.credentials_id)).toBe('live');
    const { rows } = await owner.query(
      'select id, display_name from account where consent_id = $1 order by display_name',
      [alice.uuid],
    );
    expect(rows).toEqual(accounts);
    const agreed = { textVersion: 'v1', scopes: SMALL.scopes };
    expect(await alice.receipts()).toEqual([
      {
        kind: 'CONSENT',
        way: 'AUTH_LINK',
        period: 1,
        ...agreed,
        textVersion: 'consentry-en-2',
        receivedAt: before.consented_at.toISOString(),
      },
      {
        kind: 'RECONFIRMATION',
        way: 'AUTH_LINK',
        period: 2,
        ...agreed,
        receivedAt: after.consented_at.toISOString(),
      },
    ]);
    // The same answer, repeated, gets the same result, and renews nothing more.
    expect(await alice.comeBack(back)).toMatchObject({ result: 'completed' });
    expect((await alice.consent()).period).toBe(2);
    const { data } = await alice.user.ask(
      'query ($id: ID!) { authLink(id: $id) { status consent { id } } }',
      { id: answer.link.id },
    );
    expect(data.authLink).toEqual({ status: 'COMPLETED', consent: { id: alice.id } });
    const { rows: moves } = await owner.query(
      'select to_status, reason, actor, period from consent_move where consent_id = $1 order by id',
      [alice.uuid],
    );
    expect(moves.at(-1)).toEqual({
      to_status: 'ACTIVE',
      reason: 'RENEWED',
      actor: 'USER',
      period: 2,
    });
  });

  it('that is cancelled changes nothing', async () => {
    const alice = await holder();
    const [consent, credential] = [await alice.consent(), await alice.credential()];
    expect(await alice.renewByLink({}, { deny: true })).toMatchObject({ result: 'cancelled' });
    expect(await alice.renewByLink({}, { deny: 'login' })).toMatchObject({ result: 'cancelled' });
    await alice.renew();
    await settle(test, clock);
    expect([await alice.consent(), await alice.credential()]).toEqual([consent, credential]);
    expect(callsTo(/^\/(data|connect|api)/)).toBe(0);
    expect(await alice.receipts()).toHaveLength(1);
  });

  it('twice at once renews twice, and one connection is left', async () => {
    const alice = await holder();
    const links = [(await alice.renew()).link, (await alice.renew()).link];
    const connections = [(await alice.consent()).credentials_id];
    for (const link of links) {
      const back = await alice.user.walk(link.url);
      expect(await alice.comeBack(back)).toMatchObject({ result: 'completed' });
      connections.push((await alice.consent()).credentials_id);
    }
    await settle(test, clock);
    expect(await alice.consent()).toMatchObject({ status: 'ACTIVE', period: 3 });
    expect(connections.map((id) => alice.stateOf(id))).toEqual([
      'deleted-by-client',
      'deleted-by-client',
      'live',
    ]);
    expect(await alice.receipts()).toHaveLength(3);
  });
});

describe('a connection that can be extended', () => {
  it('goes on at once where the bank wants no visit, and nobody’s name is kept', async () => {
    const alice = await holder(SMALL, { password: 'eternal' });
    const before = await alice.consent();
    const renewed = await alice.renew({ person: PERSON });
    const { consented_at: renewedAt } = await alice.consent();
    expect(renewed).toEqual({
      __typename: 'ConsentRenewed',
      consent: {
        id: alice.id,
        status: 'ACTIVE',
        consentedAt: renewedAt.toISOString(),
        endsAt: new Date(renewedAt.getTime() + 90 * DAY).toISOString(),
      },
    });
    await settle(test, clock);
    const after = await alice.consent();
    expect(after).toMatchObject({
      period: 2,
      credentials_id: before.credentials_id,
      // Nobody was at the bank, so no window opened.
      window_ends_at: renewedAt,
      planned_at: before.planned_at,
    });
    expect([callsTo(/extend/), callsTo(/delete/)]).toEqual([1, 0]);
    expect(alice.stateOf(after.credentials_id)).toBe('live');
    await pass(clock, 2 * HOUR);
    await withBankAccess(test.house.app, { ...(await alice.access()), attended: false }, (bank) =>
      bank.accounts(),
    );
    expect((await alice.receipts()).at(-1)).toMatchObject({ way: 'EXTEND', period: 2 });
    expect(await rowsWith('canary-person')).toEqual([]);
    expect(test.logLines.filter((line) => line.includes('canary-person'))).toEqual([]);
  });

  it('leads by its own link where the bank wants a visit, and stays the connection that it is', async () => {
    const alice = await holder();
    const before = await alice.consent();
    const { way, link } = await alice.renew({ person: PERSON });
    expect(way).toBe('EXTEND_LINK');
    expect(await alice.consent()).toEqual(before);
    const back = await alice.user.walk(link.url);
    expect(await alice.comeBack(back)).toMatchObject({ result: 'completed' });
    await settle(test, clock);
    const after = await alice.consent();
    expect(after).toMatchObject({ period: 2, credentials_id: before.credentials_id });
    expect(after.planned_at).not.toEqual(before.planned_at);
    expect([callsTo(/delete/), alice.stateOf(after.credentials_id)]).toEqual([0, 'live']);
    expect((await alice.receipts()).at(-1)).toMatchObject({ way: 'EXTEND_LINK' });
  });

  it('is renewed by an auth link where that is refused, of which nothing is concluded', async () => {
    const alice = await holder(SMALL, { password: 'eternal' });
    const [consent, credential] = [await alice.consent(), await alice.credential()];
    const faults: [object, number][] = [
      [{ status: 401 }, 1],
      [{ status: 422 }, 1],
      [{ status: 400 }, 1],
      // What can heal is asked once more.
      [{ status: 503 }, 2],
      [{ malformed: true }, 2],
    ];
    for (const [fault, asked] of faults) {
      test.simulator.journal.clear();
      test.simulator.faults.order({ path: /extend$/, times: asked, ...fault });
      expect(await alice.renew({ person: PERSON })).toMatchObject({ way: 'AUTH_LINK' });
      expect(callsTo(/extend/)).toBe(asked);
      expect([await alice.consent(), await alice.credential()]).toEqual([consent, credential]);
    }
    expect(await alice.renew({ person: PERSON })).toMatchObject({ __typename: 'ConsentRenewed' });
  });

  it('is not asked for without the person, or outside the United Kingdom', async () => {
    const alice = await holder(SMALL, { password: 'eternal' });
    expect(await alice.renew()).toMatchObject({ way: 'AUTH_LINK' });
    const scopes = ['accounts', 'balance', 'offline_access'];
    const beate = await holder({ providerId: 'xs2a-n26-de', scopes }, { password: 'eternal' });
    expect(await beate.renew({ person: PERSON })).toMatchObject({ way: 'AUTH_LINK' });
    expect(callsTo(/extend/)).toBe(0);
  });
});

describe('what cannot be renewed', () => {
  it('is refused with a name: another’s consent, one that was taken back, a wrong confirmation', async () => {
    const alice = await newcomer();
    const consent = await alice.consent();
    const bob = new Holder(test, owner, 'bob');
    bob.id = alice.id;
    bob.uuid = alice.uuid;
    expect(await bob.renew()).toMatchObject({ __typename: 'ConsentUnknown' });
    const cases: [object, string][] = [
      [{ reconfirmation: { textVersion: 'v1', scopes: ['accounts'] } }, 'SCOPES_DIFFER'],
      [{ reconfirmation: { textVersion: ' ', scopes: SMALL.scopes } }, 'TEXT_VERSION_REFUSED'],
      [{ person: { name: 'John Doe' } }, 'PERSON_INCOMPLETE'],
      [{ returnTo: 'https://evil.example/' }, 'RETURN_TO_REFUSED'],
      [{ redirectUri: 'https://evil.example/' }, 'REDIRECT_URI_REFUSED'],
      [{ context: 'x'.repeat(1_025) }, 'CONTEXT_TOO_LONG'],
    ];
    for (const [more, code] of cases) expect(await alice.renew(more)).toMatchObject({ code });
    expect(await alice.consent()).toEqual(consent);
    await alice.user.ask(
      'mutation ($id: ID!) { revokeConsent(input: { id: $id, data: KEEP }) { __typename } }',
      { id: alice.id },
    );
    expect(await alice.renew()).toMatchObject({
      __typename: 'RenewalRefused',
      code: 'CONSENT_REVOKED',
    });
  });
});

describe('a link to a bank that is linked already', () => {
  it('is a warning first, that names the consent, and a link once that is known', async () => {
    const alice = await newcomer();
    const ask = async (input: object) =>
      (
        await alice.user.ask(
          `mutation ($input: AuthLinkInput!) { authLink(input: $input) { __typename
            ... on SameProviderLinked { code consents { id status } } } }`,
          { input },
        )
      ).data.authLink;
    expect(await ask(SMALL)).toEqual({
      __typename: 'SameProviderLinked',
      code: 'SAME_PROVIDER_LINKED',
      consents: [{ id: alice.id, status: 'ACTIVE' }],
    });
    const links = [
      { ...SMALL, acknowledgeSameProvider: true },
      { providerId: 'ob-monzo' },
      // Where the user chooses, nobody knows yet.
      { scopes: SMALL.scopes },
    ];
    for (const input of links) expect(await ask(input)).toEqual({ __typename: 'IssuedAuthLink' });
    await alice.user.ask(
      'mutation ($id: ID!) { revokeConsent(input: { id: $id, data: KEEP }) { __typename } }',
      { id: alice.id },
    );
    expect(await ask(SMALL)).toEqual({ __typename: 'IssuedAuthLink' });
  });
});

describe('an expired consent', () => {
  it('is revived by an auth link, and there is no second one', async () => {
    const alice = await holder();
    const { viewerId, consentId } = await alice.access();
    await pass(clock, 90 * DAY);
    await tendConsent(test.house.app, viewerId, consentId);
    expect(await alice.consent()).toMatchObject({
      status: 'EXPIRED',
      status_reason: 'PERIOD_OVER',
    });
    expect(await alice.credential()).toBeUndefined();
    expect(await alice.renewByLink({ person: PERSON })).toMatchObject({ result: 'completed' });
    expect(await alice.consent()).toMatchObject({ status: 'ACTIVE', ended_at: null, period: 2 });
    expect(await alice.receipts()).toHaveLength(2);
    expect(callsTo(/extend/)).toBe(0);
    await startBackfill(test.house.app, viewerId, consentId);
    expect((await alice.consent()).planned_at).not.toBeNull();
  });
});

/** The dialog of the newest link, as the bank was asked for it. */
async function dialogOf(one: Holder): Promise<string> {
  const { link } = await one.renew({ returnTo: RETURN_TO });
  return one.user.dialogOf(link.url);
}

/** The tables in which a text stands. */
async function rowsWith(text: string): Promise<string[]> {
  const { rows: tables } = await owner.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables
     where schemaname in ('public', 'pgboss')`,
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const { rows } = await owner.query(`select 1 from ${name} t where t::text like $1 limit 1`, [
      `%${text}%`,
    ]);
    if (rows.length > 0) found.push(name);
  }
  return found;
}
