import { setImmediate } from 'node:timers/promises';
import pg from 'pg';
import { TestClock } from 'pg-boss';
import { DAY, HOUR, later } from '../../src/base/clock.ts';
import { readConfig } from '../../src/base/config.ts';
import { parseKeyRing } from '../../src/base/key-ring.ts';
import { createLog } from '../../src/base/log.ts';
import { sweepConsents } from '../../src/consents/sweep.ts';
import { type House, startHouse } from '../../src/house.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import type { Figures } from '../figures.ts';
import { seedConsents } from './seed-consents.ts';
import { makeKey } from '../database.ts';

const CLIENT = { id: 'idle', secret: 'idle-secret', redirectUris: ['http://localhost/callback'] };
const SEED = 'outage';
const BEGIN = new Date('2026-03-02T09:00:00Z');
const STEP_HOURS = 3;
/** Everything stands still from the middle of the days on which idle tokens are used. */
const OUTAGE_BEGINS_DAY = 20;
const OUTAGE_DAYS = 5;
const END_DAY = 31;
const ROUNDS_MAX = 200_000;

/**
 * Lets consents of one moment lie idle, with no read but the keep-alive's, until their refresh
 * tokens would be dead, and takes everything away for five days on the way.
 */
export async function simulateOutage(
  url: string,
  consents: number,
  figures: Figures,
): Promise<void> {
  const clock = new TestClock(BEGIN);
  const key = makeKey('outage');
  const simulator = await startSimulator({ clock, seed: SEED, client: CLIENT });
  const config = readConfig(
    {
      PORT: '0',
      ROLE: 'worker',
      READ_EVERY_HOURS: '0',
      DATABASE_URL: url,
      ENCRYPTION_KEYS: key,
      TRUELAYER_CLIENT_ID: CLIENT.id,
      TRUELAYER_CLIENT_SECRET: CLIENT.secret,
      TRUELAYER_AUTH_URL: simulator.authUrl,
      TRUELAYER_API_URL: simulator.apiUrl,
    },
    () => '',
  );
  const bearer = {
    seed: SEED,
    environment: new URL(simulator.authUrl).host,
    clientId: CLIENT.id,
    keys: parseKeyRing(key),
  };
  await seedConsents(url, bearer, consents, BEGIN);
  const owner = new pg.Client(url);
  await owner.connect();
  const house = await startHouse({ config, log: createLog('silent'), clock, schedules: false });
  try {
    for (let hours = 0; hours <= END_DAY * 24; hours += STEP_HOURS) {
      const outage =
        hours > OUTAGE_BEGINS_DAY * 24 && hours < (OUTAGE_BEGINS_DAY + OUTAGE_DAYS) * 24;
      if (outage) continue;
      const instant = later(BEGIN, hours * HOUR);
      if (instant.getTime() > clock.now()) await clock.setTime(instant);
      await settleAll(house, clock, owner, instant);
    }
    await tellUses(owner, consents, figures);
  } finally {
    await house.close();
    await owner.end();
    await simulator.close();
  }
}

/** Until nothing is due any more: the sweep finds consents, and jobs answer. */
async function settleAll(
  house: House,
  clock: TestClock,
  owner: pg.Client,
  until: Date,
): Promise<void> {
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const { rows } = await owner.query<{ due: number; waiting: number }>(
      `select (select count(*)::int from consent where due_at <= $1) as due,
         (select count(*)::int from pgboss.job where name not like '\\_\\_pgboss%' and name not like 'dead-letters/%'
            and (state = 'active' or state in ('created', 'retry') and start_after <= $1)) as waiting`,
      [until],
    );
    const [left] = rows;
    if (left === undefined || left.due + left.waiting === 0) return;
    if (left.waiting === 0) await sweepConsents(house.app);
    await clock.tick(1_000);
    await setImmediate();
  }
  throw new Error('jobs never came to rest');
}

async function tellUses(owner: pg.Client, consents: number, figures: Figures): Promise<void> {
  const { rows } = await owner.query<{ status: string; count: number }>(
    'select status, count(*)::int as count from consent group by status',
  );
  const alive = rows.find(({ status }) => status === 'ACTIVE')?.count ?? 0;
  figures.exactly(
    `consents of ${consents} lost, idle, with an outage of ${OUTAGE_DAYS} days`,
    consents - alive,
    0,
  );
  const { rows: days } = await owner.query<{ day: number; count: number }>(
    `select floor(extract(epoch from access_issued_at - $1) / $2)::int as day, count(*)::int as count
     from consent_credential group by 1 order by 1`,
    [BEGIN, DAY / 1_000],
  );
  figures.show(
    'uses of their refresh tokens by day',
    days.map(({ day, count }) => `${day}: ${count}`).join(', '),
  );
  const early = days.filter(({ day }) => day < 17).reduce((sum, { count }) => sum + count, 0);
  figures.exactly('tokens not used since day 17', early, 0);
}
