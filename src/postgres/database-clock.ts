import type { Tx } from './db.ts';

/** The instant by the clock of the database, by which the queue lives too, as the transaction began. */
export async function readDatabaseClock(tx: Tx): Promise<Date> {
  const [row] = await tx.$queryRaw<{ now: Date }[]>`select pgboss.job_now() as now`;
  if (row === undefined) throw new Error('the database does not tell the time');
  return row.now;
}
