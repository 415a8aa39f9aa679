import pg from 'pg';
import type { TestClock } from 'pg-boss';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MINUTE } from '../../src/base/clock.ts';
import { type Follower, spawnFollower } from '../support/follower.ts';
import { freePort, startTestHouse, storyClock, type TestHouse } from '../support/house.ts';
import { liveUntil } from '../support/time.ts';
import { User } from '../support/user.ts';

const clock: TestClock = storyClock();
const LANDING = { providerId: 'ob-lloyds', redirectUri: 'https://app.example/landing' };
const OUTCOME = `mutation ($input: CompleteConsentInput!) { completeConsent(input: $input) {
  __typename ... on AuthLinkNotCompleted { code userMessage } } }`;

let test: TestHouse;
let owner: pg.Client;

beforeAll(async () => {
  test = await startTestHouse({ clock });
  owner = new pg.Client(test.databaseUrl);
  await owner.connect();
});
afterAll(async () => {
  await owner.end();
  await test.close();
});

const exchanges = () =>
  test.simulator.journal.entries.filter((entry) => entry.path === '/connect/token').length;
const countOf = async (user: User): Promise<number> =>
  (await user.ask('{ consents { nodes { id } } }')).data.consents.nodes.length;

/** Another process of the same deployment, and a door to it. */
async function openSecond(): Promise<{ readonly process: Follower; readonly url: string }> {
  const port = await freePort();
  const environment = { ...test.environment, ROLE: 'api', PORT: String(port) };
  const process = await spawnFollower(clock.now(), environment);
  return { process, url: `http://127.0.0.1:${port}` };
}

it('O5: fifty callbacks over two processes exchange the code once and make one consent', async () => {
  const second = await openSecond();
  try {
    const alice = new User(test, 'alice');
    const back = await alice.walk(await alice.beginLink());
    const there = new User({ house: second, issuer: test.issuer }, 'alice');
    for (const [name, value] of alice.cookies) there.cookies.set(name, value);
    // Both have their connections to the database by now, so that neither is late.
    await Promise.all(Array.from({ length: 50 }, (_, n) => countOf(n % 2 === 0 ? alice : there)));
    const before = exchanges();
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, number) => (number % 2 === 0 ? alice : there).open(back)),
    );
    const pages = await Promise.all(answers.map((answer) => answer.text()));
    expect(pages.filter((page) => page.includes('Your bank is connected'))).toHaveLength(50);
    expect(exchanges() - before).toBe(1);
    expect(await countOf(alice)).toBe(1);
  } finally {
    await second.process.close();
  }
});

describe('O11: a process killed', () => {
  const waitsFor = (table: string) => async () => {
    const { rows } = await owner.query(
      `select count(*)::int as waiting from pg_locks
       where not granted and relation = $1::regclass`,
      [table],
    );
    return rows[0].waiting > 0;
  };

  it.each([
    {
      moment: 'before the link is claimed',
      table: 'auth_link',
      exchanged: 0,
      outcome: { __typename: 'CompletedConsent' },
    },
    {
      moment: 'while the code is being exchanged',
      table: null,
      exchanged: 1,
      outcome: { code: 'CODE_REFUSED', userMessage: expect.stringContaining('begin again') },
    },
    {
      moment: 'after the exchange, before the commit',
      table: 'consent',
      exchanged: 1,
      outcome: { code: 'CODE_REFUSED', userMessage: expect.stringContaining('begin again') },
    },
  ])(
    '$moment leaves a whole consent or a reason to try again',
    async ({ moment, table, exchanged, outcome }) => {
      const second = await openSecond();
      const there = new User({ house: second, issuer: test.issuer }, moment);
      const here = new User(test, moment);
      const { searchParams } = new URL(await there.walk(await there.beginLink(LANDING)));
      const input = { code: searchParams.get('code'), state: searchParams.get('state') };
      const before = exchanges();
      if (table === null) test.simulator.faults.order({ path: /connect\/token$/, stall: true });
      else await owner.query(`begin; lock table ${table} in share mode`);
      const cutOff = expect(there.post(OUTCOME, { input })).rejects.toThrow('fetch failed');
      const arrived = table === null ? async () => exchanges() > before : waitsFor(table);
      await expect.poll(arrived, { timeout: 10_000, interval: 10 }).toBe(true);
      expect(exchanges() - before).toBe(exchanged);
      await second.process.kill();
      await cutOff;
      if (table !== null) await owner.query('rollback');
      // Whoever is left takes it up.
      await liveUntil(test, clock, new Date(clock.now() + MINUTE));
      const { data } = await here.ask(OUTCOME, { input });
      expect(data.completeConsent).toMatchObject(outcome);
      const completed = data.completeConsent.__typename === 'CompletedConsent';
      expect(await countOf(here)).toBe(completed ? 1 : 0);
      const { rows } = await owner.query(
        `select count(*)::int as half from auth_link l left join consent c on c.auth_link_id = l.id
         left join consent_credential s on s.consent_id = c.id
         where (l.status = 'COMPLETED') <> (c.id is not null and s.consent_id is not null)
           or l.status = 'CLAIMED' or coalesce(l.sealed_code, l.sealed_dialog) is not null`,
      );
      expect(rows[0].half).toBe(0);
      expect(typeof (await here.connect())).toBe('string');
    },
    60_000,
  );
});
