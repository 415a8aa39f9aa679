import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import { TestClock } from 'pg-boss';
import { DAY, HOUR, later, SECOND } from '../../src/base/clock.ts';
import { readConfig } from '../../src/base/config.ts';
import { createLog } from '../../src/base/log.ts';
import { sweepRevocations } from '../../src/consents/revoke-at-bank.ts';
import { sweepConsents } from '../../src/consents/sweep.ts';
import { type House, startHouse } from '../../src/house.ts';
import { jobs } from '../../src/jobs.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { makeKey } from '../database.ts';

const CLIENT = { id: 'life', secret: 'life-secret', redirectUris: ['http://localhost/callback'] };
const TICK_MILLISECONDS = 1_000;
/** Nobody asks for these here: they come by themselves, or nobody has a webhook. */
const UNANSWERED = [
  jobs.sweepConsents,
  jobs.sweepRevocations,
  jobs.sweepErasures,
  jobs.eraseViewer,
  jobs.prune,
  jobs.deliverWebhook,
  jobs.replayWebhooks,
  jobs.sweepWebhooks,
  jobs.tendDeadLetters,
  jobs.refreshProviders,
].map(({ name }) => name);
const ROUNDS_MAX = 100_000;
/** For how long the clock stands still for handlers, in real time. */
const PATIENCE_MILLISECONDS = 50;
const DROPPED_MILLISECONDS = 100;

/** A house under a test clock, with the simulator beside it, that can be stopped and started anew. */
export class HouseOfLife {
  readonly clock: TestClock;
  readonly simulator: Simulator;
  /** A superuser's, to look at everything. */
  readonly owner: pg.Pool;
  readonly #environment: Record<string, string>;
  #house: House | null = null;
  /** The sweeps are the floor under jobs that are lost, and need not come at every step. */
  #sweepsAt: Date;

  private constructor(
    clock: TestClock,
    simulator: Simulator,
    owner: pg.Pool,
    environment: Record<string, string>,
  ) {
    this.clock = clock;
    this.simulator = simulator;
    this.owner = owner;
    this.#environment = environment;
    this.#sweepsAt = new Date(clock.now());
  }

  /**
   * Starts all of it on an empty database. Banks have accounts without a single transaction, until
   * something is let happen.
   */
  static async start(
    url: string,
    seed: string,
    begin: Date,
    settings: Record<string, string>,
  ): Promise<HouseOfLife> {
    const clock = new TestClock(begin);
    const simulator = await startSimulator({ clock, seed, client: CLIENT });
    const owner = new pg.Pool({ connectionString: url, max: 4 });
    const life = new HouseOfLife(clock, simulator, owner, {
      PORT: '0',
      ROLE: 'worker',
      READ_EVERY_HOURS: '0',
      DATABASE_URL: url,
      ENCRYPTION_KEYS: makeKey('life'),
      TRUELAYER_CLIENT_ID: CLIENT.id,
      TRUELAYER_CLIENT_SECRET: CLIENT.secret,
      TRUELAYER_AUTH_URL: simulator.authUrl,
      TRUELAYER_API_URL: simulator.apiUrl,
      REDIRECT_URIS: CLIENT.redirectUris.join(' '),
      ...settings,
    });
    life.letHappen(0);
    await life.startHouse();
    return life;
  }

  get app() {
    if (this.#house === null) throw new Error('the house is stopped');
    return this.#house.app;
  }

  /** Has so much happen in accounts, 1 for as much as in life. */
  letHappen(tempo: number): void {
    for (const { id } of this.simulator.banks) this.simulator.adjust(id, { tempo });
  }

  /** Has every bank end its consents after so many days. */
  letConsentsLast(days: number): void {
    for (const { id } of this.simulator.banks) {
      this.simulator.adjust(id, { consentSeconds: (days * DAY) / SECOND });
    }
  }

  async startHouse(): Promise<void> {
    const config = readConfig(this.#environment, () => '');
    const { clock } = this;
    const log = createLog('silent');
    const unanswered = UNANSWERED;
    this.#house = await startHouse({ config, log, clock, schedules: false, unanswered });
  }

  async stopHouse(): Promise<void> {
    await this.#house?.close();
    this.#house = null;
  }

  /** Stops the house, and starts it anew at once. */
  async restart(): Promise<void> {
    await this.stopHouse();
    await this.startHouse();
  }

  /** Ends every session that the house has at Postgres, as a restart of that does. */
  async dropDatabaseSessions(): Promise<void> {
    await this.owner.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and pid <> pg_backend_pid()`,
    );
    // Its pools hear of it by and by; whoever asks before is told that the session has ended.
    await setTimeout(DROPPED_MILLISECONDS);
  }

  /** When a job is next due, or a sweep that finds something; null where nothing ever is. */
  async nextDue(): Promise<Date | null> {
    const { rows } = await this.owner.query<{ due: Date | null }>(
      `select least(
         (select greatest($1, due_at) from consent where due_at is not null
            order by due_at limit 1),
         (select greatest($1, due_at) from revocation where due_at is not null
            order by due_at limit 1),
         -- Retries wait for microseconds, of which a clock in JavaScript has none.
         (select date_trunc('milliseconds', min(start_after) + interval '999 microseconds')
            from pgboss.job
            where state in ('created', 'retry') and name not like '\\_\\_pgboss%'
              and name not like 'dead-letters/%')) as due`,
      [this.#sweepsAt],
    );
    return rows[0]?.due ?? null;
  }

  /** Answers everything that is due now, and what that asks for in its turn. */
  async settle(): Promise<void> {
    const now = new Date(this.clock.now());
    if (now >= this.#sweepsAt) {
      await sweepConsents(this.app);
      await sweepRevocations(this.app);
      this.#sweepsAt = later(now, HOUR);
    }
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      const { rows } = await this.owner.query<{ due: boolean; active: boolean }>(
        `select coalesce(bool_or(state <> 'active'), false) as due,
           coalesce(bool_or(state = 'active'), false) as active
         from pgboss.job where name not like '\\_\\_pgboss%' and name not like 'dead-letters/%'
           and (state = 'active' or state in ('created', 'retry') and start_after <= $1)`,
        // What a job asks for is due a tick later than that job was.
        [new Date(this.clock.now())],
      );
      const { due = false, active = false } = rows[0] ?? {};
      const { queue } = this.app;
      if (!due && !active && queue.answering === 0) return;
      // One that is answered needs no tick, unless it waits for the clock itself.
      if (due || round % 10 === 9) await this.clock.tick(TICK_MILLISECONDS);
      const until = performance.now() + PATIENCE_MILLISECONDS;
      do await setTimeout(1);
      while (queue.answering > 0 && performance.now() < until);
    }
    throw new Error('jobs never came to rest');
  }

  async close(): Promise<void> {
    await this.stopHouse();
    await this.owner.end();
    await this.simulator.close();
  }
}
