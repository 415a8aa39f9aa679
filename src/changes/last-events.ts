import type { Database } from '../postgres/db.ts';

/** The newest event about a consent. */
export interface LastEvent {
  readonly consentId: string;
  readonly eventId: string;
}

/**
 * Finds the newest event about each of some consents; none where the log no longer has any. The viewer is
 * set by the statement that reads, before any row can be looked at: see `accounts/read.ts`.
 */
export async function findLastEvents(
  { pool }: Database,
  viewerId: string,
  consentIds: readonly string[],
): Promise<readonly LastEvent[]> {
  const { rows } = await pool.query<LastEvent>({
    name: 'last_events',
    text: `select consent.id as "consentId", newest.event_id as "eventId"
      from (select set_config('app.viewer', $1, true)::uuid as id) viewer
      cross join unnest($2::uuid[]) as consent (id)
      cross join lateral (
        select event_id from change
        where viewer_id = viewer.id and consent_id = consent.id
        order by seq desc limit 1
      ) newest`,
    values: [viewerId, consentIds],
  });
  return rows;
}
