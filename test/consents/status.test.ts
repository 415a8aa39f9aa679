import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import pg from 'pg';
import type { TestClock } from 'pg-boss';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DAY, later, MINUTE, nowOf } from '../../src/base/clock.ts';
import { UnsealError } from '../../src/base/seal.ts';
import { mayMove, moveConsent, type Move } from '../../src/consents/status.ts';
import { sweepConsents } from '../../src/consents/sweep.ts';
import { withBankAccess } from '../../src/consents/tokens.ts';
import { ConsentStatus } from '../../src/generated/prisma/enums.ts';
import { startTestHouse, storyClock, type TestHouse } from '../support/house.ts';
import { settle } from '../support/time.ts';
import { User } from '../support/user.ts';

const TIMELINE = readFileSync(
  new URL('../../schema/operations/consent-timeline.graphql', import.meta.url),
  'utf8',
);
const STATUSES = Object.values(ConsentStatus);
const REASONS = ['ENDS_SOON', 'PERIOD_OVER', 'GRANT_ENDED', 'REVOKED_BY_USER', 'RENEWED'] as const;

let clock: TestClock;
let test: TestHouse;
let owner: pg.Client;

beforeAll(async () => {
  clock = storyClock();
  test = await startTestHouse({ clock, environment: { READ_EVERY_HOURS: '0' } });
  owner = new pg.Client(test.databaseUrl);
  await owner.connect();
});
afterAll(async () => {
  await owner.end();
  await test.close();
});

/** Links a bank as a viewer of their own. */
async function connect(name: string, input?: object) {
  const user = new User(test, name);
  const id = await user.connect(input);
  const { rows } = await owner.query(
    `select c.viewer_id as "viewerId", c.id as "consentId" from consent c
     join viewer v on v.id = c.viewer_id where v.subject = $1`,
    [name],
  );
  return { user, id, key: rows[0] as { viewerId: string; consentId: string } };
}
type Connected = Awaited<ReturnType<typeof connect>>;

const timelineOf = async ({ user, id }: Connected, page: object = {}) => {
  const { data, errors } = await user.ask(TIMELINE, { id, ...page });
  expect(errors).toBeUndefined();
  return data.consent.timeline;
};
const words = async (connected: Connected) =>
  (await timelineOf(connected)).nodes.map(
    (step: any) => `${step.from}>${step.to} ${step.reason} ${step.actor} ${step.period}`,
  );
const move = ({ key }: Connected, to: Move['to'], reason: Move['reason'], data?: Move['data']) =>
  test.house.app.database.transact(key.viewerId, (tx) =>
    moveConsent(test.house.app, tx, {
      ...key,
      to,
      reason,
      by: reason === 'RENEWED' ? 'USER' : 'SERVER',
      now: nowOf(clock),
      ...(data === undefined ? {} : { data }),
    }),
  );

describe('the table of moves', () => {
  it('lets nothing out of REVOKED, and a renewal lead to ACTIVE alone', () => {
    for (const to of STATUSES) {
      for (const reason of REASONS) expect(mayMove('REVOKED', to, reason)).toBe(false);
      for (const from of STATUSES) {
        expect(mayMove(from, to, 'RENEWED')).toBe(to === 'ACTIVE' && from !== 'REVOKED');
      }
    }
  });

  it('is never left, whatever is tried, and the timeline is a chain without a gap', async () => {
    const moves = fc.array(
      fc.record({ to: fc.constantFrom(...STATUSES), reason: fc.constantFrom(...REASONS) }),
      { minLength: 1, maxLength: 12 },
    );
    let number = 0;
    await fc.assert(
      fc.asyncProperty(moves, async (tried) => {
        number += 1;
        const consent = await connect(`random ${number}`);
        let [status, period, steps] = ['ACTIVE' as Move['to'], 1, 1];
        for (const { to, reason } of tried) {
          const allowed = mayMove(status, to, reason);
          expect(await move(consent, to, reason)).toBe(allowed);
          if (!allowed) continue;
          [status, period, steps] = [to, period + (reason === 'RENEWED' ? 1 : 0), steps + 1];
        }
        const { nodes } = await timelineOf(consent);
        expect(nodes).toHaveLength(steps);
        expect(nodes[0]).toMatchObject({ to: status, period });
        const chain = nodes.toReversed();
        expect(chain.map((step: any) => step.from)).toEqual([
          null,
          ...chain.slice(0, -1).map((step: any) => step.to),
        ]);
      }),
      { numRuns: 20 },
    );
  }, 30_000);
});

describe('the timeline', () => {
  it('says what, when, why and who of every step, with the correlation id of its job', async () => {
    const alice = await connect('alice');
    await settle(test, clock);
    // Nothing ran for so long that the refresh token died of idleness.
    await clock.setTime(clock.now() + 84 * DAY);
    await settle(test, clock);
    const { nodes } = await timelineOf(alice);
    expect(await words(alice)).toEqual([
      'EXPIRING>REAUTH_REQUIRED GRANT_ENDED BANK 1',
      'ACTIVE>EXPIRING ENDS_SOON SERVER 1',
      'null>ACTIVE GIVEN USER 1',
    ]);
    expect(nodes.map((step: any) => step.at.slice(0, 10))).toEqual([
      '2026-05-25',
      '2026-05-25',
      '2026-03-02',
    ]);
    for (const { correlationId } of nodes) {
      expect(test.logLines.some((line) => line.includes(`"${correlationId}"`))).toBe(true);
    }
  });

  it('comes page by page, and is nobody else’s', async () => {
    const bob = await connect('bob');
    for (const [to, reason] of [
      ['EXPIRING', 'ENDS_SOON'],
      ['ACTIVE', 'RENEWED'],
      ['REVOKED', 'REVOKED_BY_USER'],
    ] as const) {
      await move(bob, to, reason);
    }
    const one = await timelineOf(bob, { first: 3 });
    expect(one.pageInfo.hasNextPage).toBe(true);
    const two = await timelineOf(bob, { first: 3, after: one.pageInfo.endCursor });
    expect(two).toMatchObject({ nodes: [{ reason: 'GIVEN' }], pageInfo: { hasNextPage: false } });
    const { errors } = await bob.user.ask(TIMELINE, { id: bob.id, after: 'WyIwIl0' });
    expect(errors?.[0]?.extensions?.code).toBe('BAD_CURSOR');
    const { data } = await new User(test, 'mallory').ask(TIMELINE, { id: bob.id });
    expect(data.consent).toBeNull();
  });

  it('notes what was in doubt and is well again, where the status stays the same', async () => {
    const carol = await connect('carol');
    const access = { ...carol.key, attended: true };
    const read = () => withBankAccess(test.house.app, access, async () => 'read');
    const { rows } = await owner.query(
      'select sealed_access as sealed from consent_credential where consent_id = $1',
      [carol.key.consentId],
    );
    const spoil = (sealed: string) =>
      owner.query('update consent_credential set sealed_access = $2 where consent_id = $1', [
        carol.key.consentId,
        sealed,
      ]);
    await spoil(`${rows[0].sealed.slice(0, -4)}AAAA`);
    await expect(read()).rejects.toBeInstanceOf(UnsealError);
    await expect(read()).rejects.toBeInstanceOf(UnsealError);
    await clock.setTime(clock.now() + 61 * MINUTE);
    expect(await read()).toBe('read');
    expect(await words(carol)).toEqual([
      'ACTIVE>ACTIVE MENDED SERVER 1',
      'ACTIVE>ACTIVE TOKEN_UNREADABLE SERVER 1',
      'null>ACTIVE GIVEN USER 1',
    ]);
  });
});

describe('the clocks', () => {
  const CLOCKS = `query ($id: ID!) { consent(id: $id) { clocks { accessTokenEndsAt
    refreshTokenEndsAt consentEndsAt binding bankHint } } }`;
  const clocksOf = async ({ user, id }: Connected) =>
    (await user.ask(CLOCKS, { id })).data.consent.clocks;

  it('name the one that binds, and show the bank’s own date beside them', async () => {
    const frank = await connect('frank');
    const from = nowOf(clock).getTime();
    const at = (milliseconds: number) => new Date(from + milliseconds).toISOString();
    await settle(test, clock);
    const clocks = {
      accessTokenEndsAt: at(60 * MINUTE),
      refreshTokenEndsAt: at(30 * DAY),
      consentEndsAt: at(90 * DAY),
      binding: 'REFRESH_TOKEN',
      bankHint: at(90 * DAY),
    };
    expect(await clocksOf(frank)).toEqual(clocks);
    await move(frank, 'EXPIRED', 'PERIOD_OVER');
    const gone = { accessTokenEndsAt: null, refreshTokenEndsAt: null, binding: null };
    expect(await clocksOf(frank)).toEqual({ ...clocks, ...gone });
  });

  it('of a consent for one visit are bound by the access token', async () => {
    const scopes = ['accounts', 'balance'];
    const grace = await connect('grace', { providerId: 'ob-lloyds', scopes });
    expect(await clocksOf(grace)).toMatchObject({
      refreshTokenEndsAt: null,
      binding: 'ACCESS_TOKEN',
    });
  });
});

describe('a renewal', () => {
  it('revives a consent that has expired, in a period of its own', async () => {
    const dave = await connect('dave');
    await move(dave, 'EXPIRED', 'PERIOD_OVER');
    const endsAt = later(nowOf(clock), 90 * DAY);
    expect(await move(dave, 'ACTIVE', 'RENEWED', { endsAt, consentedAt: nowOf(clock) })).toBe(true);
    const { data } = await dave.user.ask(
      'query ($id: ID!) { consent(id: $id) { status statusReason endedAt endsAt } }',
      { id: dave.id },
    );
    expect(data.consent).toEqual({
      status: 'ACTIVE',
      statusReason: null,
      endedAt: null,
      endsAt: endsAt.toISOString(),
    });
    expect(await words(dave)).toEqual([
      'EXPIRED>ACTIVE RENEWED USER 2',
      'ACTIVE>EXPIRED PERIOD_OVER SERVER 1',
      'null>ACTIVE GIVEN USER 1',
    ]);
  });
});

it('a consent that the bank ended keeps its tokens to the end of its period, then expires', async () => {
  const erin = await connect('erin');
  await move(erin, 'REAUTH_REQUIRED', 'GRANT_ENDED');
  const credentials = async () => {
    const { rows } = await owner.query('select 1 from consent_credential where consent_id = $1', [
      erin.key.consentId,
    ]);
    return rows.length;
  };
  const given = nowOf(clock);
  await clock.setTime(later(given, 89 * DAY));
  await sweepConsents(test.house.app);
  await settle(test, clock);
  expect(await credentials()).toBe(1);
  await clock.setTime(later(given, 90 * DAY + MINUTE));
  await sweepConsents(test.house.app);
  await settle(test, clock);
  expect(await credentials()).toBe(0);
  expect((await words(erin))[0]).toBe('REAUTH_REQUIRED>EXPIRED PERIOD_OVER SERVER 1');
});
