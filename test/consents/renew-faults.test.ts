import { setImmediate } from 'node:timers/promises';
import pg from 'pg';
import type { TestClock } from 'pg-boss';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { App } from '../../src/app.ts';
import { HOUR, MINUTE } from '../../src/base/clock.ts';
import { takeAnswer } from '../../src/consents/complete.ts';
import { findLinkByState } from '../../src/consents/find-link.ts';
import { findHeld } from '../../src/consents/held.ts';
import { refreshTokens, takeLease } from '../../src/consents/refresh.ts';
import { compareConnections } from '../../src/consents/replaced.ts';
import { withBankAccess } from '../../src/consents/tokens.ts';
import { BankError } from '../../src/truelayer/errors.ts';
import { walkDialog } from '../../src/simulator/walk.ts';
import { startTestHouse, storyClock, type TestHouse } from '../support/house.ts';
import { settle } from '../support/time.ts';
import { Holder, pass, PERSON } from './renewing.ts';

const clock: TestClock = storyClock();
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

async function holder(): Promise<Holder> {
  holders += 1;
  const one = await new Holder(test, owner, `holder-${holders}`).connect();
  await settle(test, clock);
  return one;
}

const read = async (one: Holder) =>
  withBankAccess(test.house.app, { ...(await one.access()), attended: false }, (bank) =>
    bank.accounts(),
  );
/** What the newest revocation of a consent came to. */
const revocation = async (one: Holder) =>
  (
    await owner.query(
      'select cause, credentials_id, sealed_access, confirmed_at, ended_at from revocation where consent_id = $1',
      [one.uuid],
    )
  ).rows.at(-1);
const states = () => Map.groupBy(test.simulator.consents(), ({ state }) => state);
const revoke = (one: Holder) =>
  one.user.ask(
    'mutation ($id: ID!) { revokeConsent(input: { id: $id, data: KEEP }) { __typename } }',
    {
      id: one.id,
    },
  );

describe('a refresh that is under way while the consent is renewed', () => {
  const app = (refresh: App['truelayer']['refresh']): App => {
    const house = test.house.app;
    return { ...house, truelayer: { ...house.truelayer, refresh } };
  };

  it.each(['answered', 'refused'] as const)('and is %s late changes nothing', async (how) => {
    const alice = await holder();
    const access = await alice.access();
    const { rows } = await owner.query('select 1 from grant_refusal');
    expect(rows).toEqual([]);
    const slow = Promise.withResolvers<void>();
    const house = app(async (token) => {
      const answer = await test.house.app.truelayer.refresh(token);
      await slow.promise;
      const meaning = 'GRANT_ENDED';
      if (how === 'refused') throw new BankError({ meaning, endpoint: '/connect/token' });
      // As of a bank that changes the refresh token at each use.
      return { ...answer, refreshToken: 'a-changed-one' };
    });
    const held = await findHeld(house, access);
    const lease = await takeLease(house, held);
    if (lease === null) throw new Error('there is no lease');
    const refreshed = refreshTokens(house, held, lease);
    expect(await alice.renewByLink()).toMatchObject({ result: 'completed' });
    const [consent, credential] = [await alice.consent(), await alice.credential()];
    slow.resolve();
    await refreshed;
    expect(await alice.credential()).toEqual(credential);
    expect(await alice.consent()).toEqual(consent);
    expect(consent).toMatchObject({ status: 'ACTIVE', period: 2 });
    await pass(clock, 2 * HOUR);
    await read(alice);
    await settle(test, clock);
    await owner.query('delete from grant_refusal');
  });
});

describe('a renewal that comes to something else', () => {
  it('at another bank is refused: that connection is ended, the consent stays', async () => {
    const alice = await holder();
    const [consent, credential] = [await alice.consent(), await alice.credential()];
    const { link } = await alice.renew();
    const dialog = await alice.user.dialogOf(link.url);
    const elsewhere = dialog.replace('provider_id=ob-lloyds', 'provider_id=ob-monzo');
    const end = await walkDialog(elsewhere, { user: 'john', password: 'doe' });
    const back = await alice.comeBack(end.url);
    expect(back).toMatchObject({ result: 'failed', code: 'ANOTHER_BANK' });
    expect(await alice.comeBack(end.url)).toEqual(back);
    const made = states().get('live')?.at(-1)?.credentialsId ?? '';
    expect(made).not.toBe(consent.credentials_id);
    await settle(test, clock);
    expect(alice.stateOf(made)).toBe('deleted-by-client');
    expect(await revocation(alice)).toMatchObject({ cause: 'REFUSED', sealed_access: null });
    expect(await alice.credential()).toEqual(credential);
    expect(await alice.consent()).toMatchObject({ period: 1, provider_id: 'ob-lloyds' });
    expect(await alice.receipts()).toHaveLength(1);
    await read(alice);
  });

  it('of a consent that was taken back meanwhile is refused, and leaves no connection', async () => {
    const alice = await holder();
    const { link } = await alice.renew();
    const back = await alice.user.walk(link.url);
    await revoke(alice);
    expect(await alice.comeBack(back)).toMatchObject({ code: 'CONSENT_TAKEN_BACK' });
    await settle(test, clock);
    expect(await alice.consent()).toMatchObject({ status: 'REVOKED', period: 1 });
    const own = test.simulator.consents().slice(-2);
    expect(own.map(({ state }) => state)).toEqual(['deleted-by-client', 'deleted-by-client']);
  });

  it('by a browser that was killed before its code was spent is taken up by job', async () => {
    const alice = await holder();
    const { link } = await alice.renew();
    const { searchParams } = new URL(await alice.user.walk(link.url));
    const { app } = test.house;
    const never = () => new Promise<never>(() => {});
    const dying: App = { ...app, truelayer: { ...app.truelayer, exchangeCode: never } };
    const found = await findLinkByState(app, searchParams.get('state') ?? '');
    if (found === null) throw new Error('there is no link');
    void takeAnswer(dying, found, { code: searchParams.get('code') ?? '' });
    const claimed = 'select 1 from auth_link where id = $1 and status = $2';
    while ((await owner.query(claimed, [found.id, 'CLAIMED'])).rows.length === 0) {
      await setImmediate();
    }
    expect(await alice.consent()).toMatchObject({ period: 1 });
    await pass(clock, MINUTE);
    await settle(test, clock);
    expect(await alice.consent()).toMatchObject({ status: 'ACTIVE', period: 2 });
    expect((await owner.query(claimed, [found.id, 'COMPLETED'])).rows).toHaveLength(1);
  });
});

describe('the connection that was replaced', () => {
  it.each([
    ['a', { credentialsId: 'a' }, null, 'SAME'],
    ['a', { credentialsId: 'b' }, { credentialsId: 'a' }, 'SAME'],
    ['a', { credentialsId: 'b' }, { credentialsId: 'b' }, 'OTHER'],
    ['a', { credentialsId: null }, { credentialsId: 'b' }, 'OTHER'],
    // A token's own word is not the bank's.
    ['a', { credentialsId: 'b' }, null, 'UNKNOWN'],
    [null, { credentialsId: 'b' }, { credentialsId: 'b' }, 'UNKNOWN'],
    ['a', { credentialsId: null }, { credentialsId: null }, 'UNKNOWN'],
  ])('of %s is compared with %j and %j as %s', (before, token, me, compared) => {
    expect(compareConnections(before, token, me)).toBe(compared);
  });

  it('is ended once both have said who they are, where that was not known', async () => {
    const alice = await holder();
    const { credentials_id: before } = await alice.consent();
    await owner.query('update consent set credentials_id = null where id = $1', [alice.uuid]);
    expect(await alice.renewByLink()).toMatchObject({ result: 'completed' });
    expect(await revocation(alice)).toMatchObject({ cause: 'REPLACED', credentials_id: null });
    await settle(test, clock);
    expect(alice.stateOf(before)).toBe('deleted-by-client');
    await read(alice);
  });

  it('is kept where it turns out to be the one that goes on', async () => {
    const alice = await holder();
    const { credentials_id: before } = await alice.consent();
    const { link } = await alice.renew({ person: PERSON });
    // As if nobody knew that it was extended.
    await owner.query(`update auth_link set way = 'AUTH_LINK' where renews_consent_id = $1`, [
      alice.uuid,
    ]);
    await owner.query('update consent set credentials_id = null where id = $1', [alice.uuid]);
    const back = await alice.user.walk(link.url);
    expect(await alice.comeBack(back)).toMatchObject({ result: 'completed' });
    await settle(test, clock);
    expect(await revocation(alice)).toMatchObject({ cause: 'REPLACED', confirmed_at: null });
    expect((await revocation(alice)).ended_at).not.toBeNull();
    expect(alice.stateOf(before)).toBe('live');
    await read(alice);
  });
});

describe('a receipt', () => {
  it('can be neither changed nor deleted by the house', async () => {
    const alice = await holder();
    const { viewerId } = await alice.access();
    const { database } = test.house.app;
    for (const tamper of [
      () =>
        database.transact(viewerId, (tx) =>
          tx.consentReceipt.updateMany({ data: { way: 'EXTEND' } }),
        ),
      () => database.transact(viewerId, (tx) => tx.consentReceipt.deleteMany()),
    ]) {
      await expect(tamper()).rejects.toThrow('permission denied');
    }
  });
});
