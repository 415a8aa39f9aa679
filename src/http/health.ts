import type { App } from '../app.ts';

/** What readiness found, part by part. */
export interface Readiness {
  readonly database: boolean;
  readonly migrations: boolean;
  readonly queue: boolean;
}

const LIMIT_MILLISECONDS = 3_000;

/**
 * Whether this process can serve: its database answers, has the migrations of this build, and has
 * the queue.
 *
 * @param migrations - names of the migrations that this build knows
 */
export async function readReadiness(app: App, migrations: readonly string[]): Promise<Readiness> {
  const [applied, queue] = await Promise.all([
    within(countApplied(app, migrations)),
    within(app.queue.ready()),
  ]);
  return {
    database: applied !== null,
    migrations: applied === migrations.length,
    queue: queue === true,
  };
}

async function countApplied(app: App, migrations: readonly string[]): Promise<number> {
  const { rows } = await app.database.pool.query<{ applied: number }>(
    `select count(distinct migration_name)::int as applied from _prisma_migrations
     where finished_at is not null and rolled_back_at is null and migration_name = any ($1)`,
    [migrations],
  );
  return rows[0]?.applied ?? 0;
}

// A database that hangs is as good as none: an answer is due before the prober gives up.
async function within<T>(work: Promise<T>): Promise<T | null> {
  const { promise: limit, resolve } = Promise.withResolvers<null>();
  const timer = setTimeout(resolve, LIMIT_MILLISECONDS, null);
  try {
    return await Promise.race([work.catch(() => null), limit]);
  } finally {
    clearTimeout(timer);
  }
}
