import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import type { TestClock } from 'pg-boss';
import type { Follower } from './follower.ts';
import type { TestHouse } from './house.ts';

const ROUNDS_MAX = 5_000;
const TICK_MILLISECONDS = 1_000;
/** For how long the clock stands still for handlers; one that waits for the clock itself gets it moved on. */
const PATIENCE_MILLISECONDS = 30;

/**
 * Moves a test clock on as life would: from one due job to the next, letting each be answered at
 * its own instant, until `target`. Nothing waits for real.
 *
 * @param followers - other processes that live by the same clock
 */
export async function liveUntil(
  test: TestHouse,
  clock: TestClock,
  target: Date,
  followers: readonly Follower[] = [],
): Promise<void> {
  const client = new pg.Client(test.databaseUrl);
  await client.connect();
  const jump = async (instant: number) => {
    await clock.setTime(instant);
    for (const follower of followers) await follower.setTime(instant);
  };
  const isAnswering = () =>
    [test.house.app.queue, ...followers].some((place) => place.answering > 0);
  try {
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      const due = await nextDue(client);
      const answering = isAnswering();
      // Ticks may have carried the clock past the target; what is due by now still belongs to it.
      const until = Math.max(target.getTime(), clock.now());
      if (!answering && (due === null || due > until)) {
        if (clock.now() < target.getTime()) await jump(target.getTime());
        return;
      }
      if (!answering && due !== null && due > clock.now()) await jump(due);
      await clock.tick(TICK_MILLISECONDS);
      for (const follower of followers) await follower.tick(TICK_MILLISECONDS);
      await letAnswer(isAnswering);
    }
  } finally {
    await client.end();
  }
  throw new Error('jobs never came to rest');
}

/** Handlers run in real time: each tick meanwhile would only have every worker look for more. */
async function letAnswer(isAnswering: () => boolean): Promise<void> {
  const until = performance.now() + PATIENCE_MILLISECONDS;
  do await setTimeout(1);
  while (isAnswering() && performance.now() < until);
}

/** Answers everything that is due now, and waits for what banks were asked for to come. */
export async function settle(test: TestHouse, clock: TestClock): Promise<void> {
  const client = new pg.Client(test.databaseUrl);
  await client.connect();
  try {
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      await liveUntil(test, clock, new Date(clock.now()));
      const due = await nextDue(client, 'poll-span/%');
      if (due === null) return;
      await liveUntil(test, clock, new Date(due));
    }
  } finally {
    await client.end();
  }
  throw new Error('the banks never brought what they were asked for');
}

async function nextDue(client: pg.Client, jobs = '%'): Promise<number | null> {
  const { rows } = await client.query<{ due: Date | null; active: number }>(
    `select min(start_after) filter (where state in ('created', 'retry')) as due,
       count(*) filter (where state = 'active')::int as active
     from pgboss.job
     where name like $1 and name not like '\\_\\_pgboss%' and name not like 'dead-letters/%'`,
    [jobs],
  );
  const [row] = rows;
  if (row === undefined || (row.due === null && row.active === 0)) return null;
  return row.active > 0 ? 0 : (row.due?.getTime() ?? null);
}
