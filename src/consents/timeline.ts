import type { ConsentStatus } from '../generated/prisma/enums.ts';
import type { Database } from '../postgres/db.ts';

/** One step of a consent's life as the API shows it. */
export interface TimelineStep {
  readonly consent_id: string;
  readonly step: number;
  readonly from_status: ConsentStatus | null;
  readonly to_status: ConsentStatus;
  readonly reason: string;
  readonly actor: string;
  readonly period: number;
  readonly correlation_id: string | null;
  readonly moved_at: Date;
}

/** A page of a timeline, newest step first. */
export interface TimelinePage {
  /** The number of the step after which the page begins; null for the newest. */
  readonly before: number | null;
  /** Steps wanted; one more is read to tell whether there is a next page. */
  readonly first: number;
}

/**
 * Pages of the timelines of several consents in one statement, by consent id. Consents that are not
 * the viewer's have none.
 */
export async function readTimelines(
  { pool }: Database,
  viewerId: string,
  consentIds: readonly string[],
  { before, first }: TimelinePage,
): Promise<ReadonlyMap<string, readonly TimelineStep[]>> {
  // The viewer is set by the statement that reads; the lateral part sees to it that it is set first.
  const { rows } = await pool.query<TimelineStep>({
    name: 'timelines',
    text: `select m.* from (select set_config('app.viewer', $1, true) as id) viewer
     cross join unnest($2::uuid[]) wanted (id)
     cross join lateral (
       select consent_id, step, from_status::text, to_status::text, reason, actor, period,
         correlation_id, moved_at
       from consent_move where consent_id = wanted.id and viewer_id = viewer.id::uuid
         and step < coalesce($3::int, 2147483647)
       order by step desc limit $4
     ) m`,
    values: [viewerId, [...consentIds], before, first + 1],
  });
  return Map.groupBy(rows, (row) => row.consent_id);
}
