import type { Tx } from '../postgres/db.ts';

const ROWS_MAX = 10_000;

/**
 * Deletes the oldest entries of a viewer's log that are older than an instant, at most ten thousand, and
 * notes up to which number they are gone: a cursor from before that has expired. The counter is locked
 * first, as whoever writes the log does.
 *
 * @returns how many were deleted
 */
export async function trimChanges(tx: Tx, viewerId: string, before: Date): Promise<number> {
  await tx.$queryRaw`
    select seq from change_counter where viewer_id = ${viewerId}::uuid for update`;
  return tx.$executeRaw`
    with old as (
      select max(seq) as last from (
        select seq, at from change where viewer_id = ${viewerId}::uuid
        order by seq limit ${ROWS_MAX}) oldest
      where at < ${before}
    ), noted as (
      update change_counter set trimmed_until = greatest(trimmed_until, old.last)
      from old where viewer_id = ${viewerId}::uuid and old.last is not null
    )
    delete from change using old where viewer_id = ${viewerId}::uuid and seq <= old.last`;
}
