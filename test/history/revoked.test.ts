import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import type { TestClock } from 'pg-boss';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HOUR } from '../../src/base/clock.ts';
import { requireLiving } from '../../src/consents/living.ts';
import { ConsentEndedError } from '../../src/consents/held.ts';
import { revokeConsent } from '../../src/consents/revoke.ts';
import type { Bank, BankAccess } from '../../src/truelayer/bank.ts';
import { startTestHouse, storyClock, type TestHouse } from '../support/house.ts';
import { liveUntil, settle } from '../support/time.ts';
import { User } from '../support/user.ts';

const BANK = { providerId: 'ob-yorkshire-building-society' };
// She has one card there and nothing else, so that a whole history is few calls.
const FEW_CALLS = [{ providerId: 'ob-amex' }, { user: 'user1', password: 'pass1' }] as const;
const READ = ['account', 'balance', 'transaction', 'history_span', 'alert', 'consent_credential'];

let clock: TestClock;
let test: TestHouse;
let owner: pg.Client;
/** What happens when the bank has answered and the answer is still on its way to us. */
let meanwhile: (answer: number) => Promise<void> = async () => {};
let answers = 0;

beforeAll(async () => {
  clock = storyClock();
  test = await startTestHouse({ clock });
  owner = new pg.Client(test.databaseUrl);
  await owner.connect();
  const { truelayer } = test.house.app;
  const plain = { ...truelayer };
  Object.assign(truelayer, {
    bank: (access: BankAccess) => interrupted(plain.bank(access)),
  });
});
afterAll(async () => {
  await owner.end();
  await test.close();
});

function interrupted(bank: Bank): Bank {
  const calls = Object.entries(bank).map(([name, call]) => [
    name,
    async (...args: unknown[]) => {
      try {
        return await (call as (...given: unknown[]) => Promise<unknown>)(...args);
      } finally {
        answers += 1;
        await meanwhile(answers);
      }
    },
  ]);
  return Object.fromEntries(calls) as Bank;
}

/** Links a bank as a viewer of their own and has done with it before any job runs. */
async function connect(name: string, way: Parameters<User['connect']> = [BANK]) {
  answers = 0;
  await new User(test, name).connect(...way);
  const { rows } = await owner.query(
    `select c.viewer_id as "viewerId", c.id as "consentId" from consent c
     join viewer v on v.id = c.viewer_id where v.subject = $1 order by c.created_at desc limit 1`,
    [name],
  );
  return rows[0] as { readonly viewerId: string; readonly consentId: string };
}

async function rowsOf(viewerId: string): Promise<Record<string, number>> {
  const counts = READ.map(
    (table) => `'${table}', (select count(*) from ${table} where viewer_id = $1)`,
  );
  const { rows } = await owner.query(`select json_build_object(${counts.join(', ')}) as rows`, [
    viewerId,
  ]);
  return rows[0].rows;
}

const NOTHING = Object.fromEntries(READ.map((table) => [table, 0]));

describe('a consent that is taken back with all its data while its history is fetched', () => {
  it('leaves nothing and brings nothing back, whichever answer is on its way', async () => {
    meanwhile = async () => {};
    const whole = await connect('whole', [...FEW_CALLS]);
    await settle(test, clock);
    const calls = answers;
    expect(calls).toBeGreaterThan(15);
    expect(await rowsOf(whole.viewerId)).toMatchObject({ consent_credential: 1 });
    expect((await rowsOf(whole.viewerId))['transaction']).toBeGreaterThan(100);
    const left: [number, Record<string, number>][] = [];
    for (let event = 1; event <= calls; event += 1) {
      const consent = await connect(`erased at ${event}`, [...FEW_CALLS]);
      let revoked: Promise<void> | null = null;
      meanwhile = async (answer) => {
        if (answer !== event) return;
        revoked = revokeConsent(test.house.app, { ...consent, data: 'ERASE' });
        await revoked;
      };
      await settle(test, clock);
      expect([event, revoked]).not.toEqual([event, null]);
      left.push([event, await rowsOf(consent.viewerId)]);
    }
    expect(left).toEqual(left.map(([event]) => [event, NOTHING]));
    meanwhile = async () => {};
    await liveUntil(test, clock, new Date(clock.now() + 26 * HOUR));
    const { rows } = await owner.query(
      `select count(*)::int as count from account where viewer_id <> $1`,
      [whole.viewerId],
    );
    expect(rows).toEqual([{ count: 0 }]);
    expect(test.logLines.filter((line) => line.includes('"job failed"'))).toEqual([]);
  });
});

describe('one that is taken back with its data kept', () => {
  it('gets nothing more, whichever answer is on its way, and names the rest as missed', async () => {
    for (const event of [6, 8, 10, 12, 14]) {
      const consent = await connect(`kept at ${event}`);
      let kept: Record<string, number> | null = null;
      meanwhile = async (answer) => {
        if (answer !== event) return;
        await revokeConsent(test.house.app, { ...consent, data: 'KEEP' });
        kept = await rowsOf(consent.viewerId);
      };
      await settle(test, clock);
      meanwhile = async () => {};
      expect(await rowsOf(consent.viewerId)).toEqual(kept);
      const { rows } = await owner.query(
        `select status, reason, count(*)::int as spans from history_span where consent_id = $1
         group by 1, 2 order by 1`,
        [consent.consentId],
      );
      const ends = rows.map(({ status, reason }) => `${status} ${reason}`);
      expect(ends).toContain('MISSED CONSENT_ENDED');
      expect(ends).not.toContain('PLANNED null');
    }
  });
});

describe('who writes what a bank gave', () => {
  it('is waited for by a revocation, which then erases that too', async () => {
    const consent = await connect('writer');
    await settle(test, clock);
    const [locked, written] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const writing = test.house.app.database.transact(consent.viewerId, async (tx) => {
      await requireLiving(tx, consent.consentId, 1);
      locked.resolve();
      await written.promise;
      await tx.alert.create({
        data: {
          ...consent,
          id: '00000000-0000-4000-8000-000000000001',
          kind: 'CONSENT_ENDS_SOON',
          daysBefore: 1,
          raisedAt: new Date(clock.now()),
        },
      });
    });
    await locked.promise;
    let done = false;
    const revoking = revokeConsent(test.house.app, { ...consent, data: 'ERASE' }).finally(() => {
      done = true;
    });
    await waitedFor();
    expect(done).toBe(false);
    written.resolve();
    await Promise.all([writing, revoking]);
    expect(await rowsOf(consent.viewerId)).toEqual(NOTHING);
  });

  it('waits for a revocation in its turn, and is then refused', async () => {
    const consent = await connect('late writer');
    await settle(test, clock);
    await owner.query('begin');
    await owner.query('select id from consent where id = $1 for update', [consent.consentId]);
    await owner.query(
      `update consent set status = 'REVOKED', ended_at = now(), due_at = null where id = $1`,
      [consent.consentId],
    );
    const writing = test.house.app.database.transact(consent.viewerId, (tx) =>
      requireLiving(tx, consent.consentId, 1),
    );
    const refused = expect(writing).rejects.toThrow(ConsentEndedError);
    await waitedFor();
    await owner.query('commit');
    await refused;
  });

  it('does not wait for others who write for the same consent', async () => {
    const consent = await connect('two writers');
    await settle(test, clock);
    const { app } = test.house;
    const both = Promise.withResolvers<void>();
    let inside = 0;
    const write = () =>
      app.database.transact(consent.viewerId, async (tx) => {
        await requireLiving(tx, consent.consentId, 1);
        inside += 1;
        if (inside === 2) both.resolve();
        await both.promise;
        await tx.consent.update({ where: { id: consent.consentId }, data: { statusReason: null } });
      });
    await Promise.all([write(), write()]);
    expect(inside).toBe(2);
  });
});

/** Until some transaction waits for the end of another. */
async function waitedFor(): Promise<void> {
  for (let look = 0; look < 500; look += 1) {
    const { rows } = await owner.query(
      `select count(*)::int as count from pg_locks where not granted`,
    );
    if (rows[0].count > 0) return;
    await setTimeout(10);
  }
  throw new Error('nobody waits');
}
