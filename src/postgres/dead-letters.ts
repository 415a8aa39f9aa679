import { z } from 'zod';
import type { Database, Tx } from './db.ts';
import { deadLetterQueue, jobOf, queueNames } from './queue-names.ts';

/** A job that failed for good. */
export interface DeadLetter {
  readonly id: string;
  readonly job: string;
  /** What the job carried: ids, and the correlation id of whoever asked. */
  readonly payload: Readonly<Record<string, unknown>>;
  readonly code: string;
  readonly endpoint: string | null;
  readonly status: number | null;
  readonly attempts: number;
  readonly askedAt: Date;
  /** Null where a try ended with its process, so that nobody kept it. */
  readonly firstFailedAt: Date | null;
  readonly lastFailedAt: Date;
  /** Its place in the list, more exact than a `Date`. */
  readonly place: string;
}

/** What asks for the same job anew. */
export type TakenLetter = Pick<DeadLetter, 'id' | 'job'> & {
  readonly payload: object;
  readonly priority: number;
  readonly key: string | null;
  readonly group: string | null;
};

/** Which dead letters, and where the page begins. */
export interface DeadLetterPage {
  readonly job?: string | undefined;
  /** The place of the last row of the page before. */
  readonly after?: readonly [place: string, id: string] | undefined;
  readonly limit: number;
}

/** How many jobs of one kind failed for good by one cause. */
export interface DeadLetterCount {
  readonly job: string;
  readonly code: string;
  readonly count: number;
  readonly newestAt: Date;
}

interface Row {
  readonly id: string;
  readonly queue: string;
  readonly payload: Readonly<Record<string, unknown>> | null;
  readonly output: unknown;
  readonly attempts: number;
  readonly asked: Date;
  readonly failed: Date;
  readonly place: string;
}

// A process that ends under a job, or a try that takes too long, leaves the queue's own words.
const CODE = `coalesce(source_output #>> '{cause,code}',
  case source_output #>> '{value,message}'
    when 'job timed out' then 'TIMED_OUT' when 'job heartbeat timeout' then 'WORKER_LOST' end,
  'UNEXPECTED')`;

const output = z.object({
  cause: z
    .object({ code: z.string(), endpoint: z.string().nullish(), status: z.number().nullish() })
    .nullish(),
  firstFailedAt: z.iso.datetime().nullish(),
});

/** A page of the dead letters of one environment, newest first. */
export async function readDeadLetters(
  { pool }: Pick<Database, 'pool'>,
  environment: string,
  { job, after, limit }: DeadLetterPage,
): Promise<readonly DeadLetter[]> {
  const { rows } = await pool.query<Row & { code: string }>(
    `select id, source_name as queue, data as payload, source_output as output, ${CODE} as code,
       source_retry_count + 1 as attempts, source_created_on as asked, created_on as failed,
       to_char(created_on at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as place
     from pgboss.job
     where name = $1 and state = 'created' and ($2::text is null or source_name like $2 || '/%')
       and ($3::timestamptz is null or (created_on, id) < ($3, $4::uuid))
     order by created_on desc, id desc limit $5`,
    [deadLetterQueue(environment), job ?? null, after?.[0] ?? null, after?.[1] ?? null, limit],
  );
  return rows.map(letterOf);
}

function letterOf(row: Row & { readonly code: string }): DeadLetter {
  const { cause, firstFailedAt } = output.safeParse(row.output).data ?? {};
  return {
    id: row.id,
    job: jobOf(row.queue),
    payload: row.payload ?? {},
    code: row.code,
    endpoint: cause?.endpoint ?? null,
    status: cause?.status ?? null,
    attempts: row.attempts,
    askedAt: row.asked,
    firstFailedAt: firstFailedAt ? new Date(firstFailedAt) : null,
    lastFailedAt: row.failed,
    place: row.place,
  };
}

/** How many there are, by job and cause; the most first. */
export async function countDeadLetters(
  { pool }: Pick<Database, 'pool'>,
  environment: string,
): Promise<readonly DeadLetterCount[]> {
  const { rows } = await pool.query<Omit<DeadLetterCount, 'job'> & { queue: string }>(
    `select source_name as queue, ${CODE} as code, count(*)::int as count,
       max(created_on) as "newestAt"
     from pgboss.job where name = $1 and state = 'created'
     group by 1, 2 order by 3 desc, 1, 2`,
    [deadLetterQueue(environment)],
  );
  return rows.map(({ queue, ...row }) => ({ ...row, job: jobOf(queue) }));
}

/**
 * Takes dead letters out of their queue: of several callers each letter goes to one alone.
 *
 * @returns those that were there
 */
export async function takeDeadLetters(
  tx: Tx,
  environment: string,
  ids: readonly string[],
): Promise<readonly TakenLetter[]> {
  const rows = await tx.$queryRaw<
    (Omit<TakenLetter, 'job' | 'payload'> & {
      readonly queue: string;
      readonly payload: object | null;
    })[]
  >`
    delete from pgboss.job
    where name = ${deadLetterQueue(environment)} and id = any (${[...ids]}::uuid[])
    returning id::text as id, source_name as queue, data as payload, priority,
      singleton_key as key, group_id as "group"`;
  return rows.map(({ queue, payload, ...row }) => ({
    ...row,
    job: jobOf(queue),
    payload: payload ?? {},
  }));
}

/**
 * Deletes the dead letters of work that is no longer undone: it was asked for again and waits, or was
 * done since by whichever job; and all but the newest of the same work. What makes it the same is what the
 * jobs carry. Looks at what was done since the last run of the job that calls this.
 *
 * @returns how many there were
 */
export async function dropSettledLetters(
  { pool }: Pick<Database, 'pool'>,
  environment: string,
  caller: string,
): Promise<number> {
  const { rowCount } = await pool.query(
    `with letter as materialized (
       select id, created_on, source_name, singleton_key, data - 'correlationId' as work
       from pgboss.job where name = $1 and state = 'created'
     ), last_run as (
       select started_on as at from pgboss.job
       where name = $2 and state = 'completed' order by completed_on desc limit 1
     ), done as materialized (
       select name, data - 'correlationId' as work, max(completed_on) as at from pgboss.job
       where name in (select source_name from letter) and state = 'completed'
         and completed_on > coalesce((select at - interval '1 minute' from last_run), '-infinity')
       group by 1, 2
     ), settled as (
       select id from letter l where exists (
         select from letter newer where newer.source_name = l.source_name and newer.work = l.work
           and (newer.created_on, newer.id) > (l.created_on, l.id))
       union
       select l.id from letter l join done on done.name = l.source_name and done.work = l.work
       where done.at > l.created_on
       union
       select l.id from letter l where exists (
         select from pgboss.job waiting where waiting.name = l.source_name
           and waiting.singleton_key = l.singleton_key and waiting.state < 'active')
     )
     delete from pgboss.job where name = $1 and id in (select id from settled)`,
    [deadLetterQueue(environment), queueNames(environment)(caller)],
  );
  return rowCount ?? 0;
}
