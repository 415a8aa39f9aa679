import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DAY } from '../../src/base/clock.ts';
import { revokeConsent } from '../../src/consents/revoke.ts';
import { viewerIdOf } from '../../src/http/bearer.ts';
import { prune } from '../../src/viewers/retention.ts';
import { startTestHouse, storyClock, type TestHouse } from '../support/house.ts';
import { settle } from '../support/time.ts';
import { User } from '../support/user.ts';

const SMALL = { providerId: 'ob-lloyds', scopes: ['accounts', 'balance', 'offline_access'] };

const clock = storyClock();
let test: TestHouse;
let owner: pg.Client;

beforeAll(async () => {
  test = await startTestHouse({
    clock,
    environment: { KEEP_LINKS_DAYS: '30', KEEP_CHANGES_DAYS: '10', KEEP_ENDED_DAYS: '20' },
  });
  owner = new pg.Client(test.databaseUrl);
  await owner.connect();
});
afterAll(async () => {
  await owner.end();
  await test.close();
});

const count = async (what: string) =>
  Number((await owner.query(`select count(*) from ${what}`)).rows[0].count);
/** As if so many days were over, for what there is. */
const age = async (days: number) => {
  const earlier = `interval '${days} days'`;
  await owner.query(`update auth_link set created_at = created_at - ${earlier}`);
  await owner.query(`update change set at = at - ${earlier}`);
  await owner.query(
    `update consent set ended_at = ended_at - ${earlier} where ended_at is not null`,
  );
};

it('what has its time behind it goes, and nothing before', async () => {
  const alice = new User(test, 'alice');
  await alice.connect(SMALL);
  await settle(test, clock);
  await alice.connect({ ...SMALL, providerId: 'ob-monzo' });
  await settle(test, clock);
  await new User(test, 'bob').connect(SMALL, { user: 'john2', password: 'doe2' });
  await settle(test, clock);
  await alice.beginLink(SMALL);
  await owner.query(`update auth_link set status = 'ABANDONED', ended_at = created_at
    where status = 'OPEN'`);
  const { rows } = await owner.query(
    `select id from consent where provider_id = 'ob-monzo' limit 1`,
  );
  const viewerId = viewerIdOf(test.issuer.issuer, 'alice');
  await revokeConsent(test.house.app, { viewerId, consentId: rows[0].id, data: 'KEEP' });
  const all = async () => [
    await count('auth_link'),
    await count('consent'),
    await count('change'),
    await count('account'),
  ];
  const before = await all();
  await age(5);
  await prune(test.house.app);
  expect(await all()).toEqual(before);

  // The log of both viewers goes, up to a number that is noted.
  await age(5.01);
  await prune(test.house.app);
  expect(await count('change')).toBe(0);
  expect(await count('change_counter where trimmed_until = seq and seq > 0')).toBe(2);
  expect(await count('auth_link')).toBe(before[0]);

  // The ended consent waits for the bank to know, for its tokens would go with it.
  await age(10);
  await prune(test.house.app);
  expect(await count('consent')).toBe(3);
  await settle(test, clock);
  await prune(test.house.app);
  expect([await count('consent'), await count(`account where provider_id = 'ob-monzo'`)]).toEqual([
    2, 0,
  ]);
  expect(await count(`change where act = 'REMOVED'`)).toBeGreaterThan(1);
  expect(await count('auth_link')).toBe(Number(before[0]) - 1);

  await age(10);
  await prune(test.house.app);
  expect(await count('auth_link')).toBe(2);
  expect(await count('consent where ended_at is null')).toBe(2);
  const { seq } = (await owner.query('select min(seq)::int as seq from change')).rows[0];
  expect(await count(`change_counter where trimmed_until < ${seq ?? 1_000_000}`)).toBe(2);
  expect(clock.now()).toBeLessThan(storyClock().now() + DAY);
});

it('the log of deliveries goes by its own time, also of those that are about no viewer', async () => {
  const endpoint = '00000000-0000-4000-8000-00000000000e';
  await owner.query(
    `insert into webhook_endpoint (id, environment, url, description, event_types, enabled,
       sealed_secret, created_at)
     values ($1, $2, 'https://app.example/hook', '', '{}', true, 'sealed', $3)`,
    [endpoint, test.house.app.client.environment, new Date(clock.now())],
  );
  const viewers = [null, viewerIdOf(test.issuer.issuer, 'alice')];
  for (const days of [29, 31]) {
    for (const viewer of viewers) {
      await owner.query(
        `insert into webhook_delivery (id, viewer_id, endpoint_id, event_id, event_type, subject,
           occurred_at, status, created_at, ended_at)
         values (gen_random_uuid(), $1, $2, gen_random_uuid(), 'provider.up', '{}', $3, 'DELIVERED',
           $3, $3)`,
        [viewer, endpoint, new Date(clock.now() - days * DAY)],
      );
    }
  }
  await prune(test.house.app);
  expect(await count('webhook_delivery')).toBe(2);
  expect(await count('webhook_delivery where viewer_id is null')).toBe(1);
});
