import type { Database, Tx } from './db.ts';

const STRANGERS_MAX = 50_000;

/**
 * Deletes every job that names a viewer, whatever has become of it: waiting, running, answered or
 * failed. One that runs at this moment ends without a trace. Reads through all jobs, which are kept for
 * days only.
 *
 * @returns how many there were
 */
export function forgetJobs(tx: Tx, viewerId: string): Promise<number> {
  return tx.$executeRaw`delete from pgboss.job where data ->> 'viewerId' = ${viewerId}`;
}

/** Finds the viewers whom jobs name that were asked for since an instant; at most fifty thousand. */
export async function findViewersOfJobs(
  { pool }: Pick<Database, 'pool'>,
  since: Date,
): Promise<readonly string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `select distinct data ->> 'viewerId' as id from pgboss.job
     where created_on >= $1 and data ->> 'viewerId' is not null limit ${STRANGERS_MAX}`,
    [since],
  );
  return rows.map(({ id }) => id);
}
