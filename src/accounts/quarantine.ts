import type { App } from '../app.ts';
import { uuidOf } from '../base/entropy.ts';
import type { Tx } from '../postgres/db.ts';
import type { Listing } from '../truelayer/listing.ts';

/** Whose answer it was in which a record could not be understood. */
export interface RefusedSource {
  readonly viewerId: string;
  /** The consent by which it came. */
  readonly consentId: string;
  /** Of which account; null where the record would have been one. */
  readonly accountId: string | null;
  readonly environment: string;
  readonly providerId: string;
  /** What was asked: `TRANSACTIONS`, `PENDING`, `ACCOUNTS` and the like. */
  readonly endpoint: string;
}

/** Records that one bank gives and that are not understood for one reason. It names no user. */
export interface QuarantineGroup extends QuarantinePlace {
  /** Different records. */
  readonly records: number;
  /** How often they were met, again at every reading. */
  readonly times: number;
  readonly first_seen_at: Date;
  readonly last_seen_at: Date;
}

/** What tells groups apart, in their order. */
export interface QuarantinePlace {
  readonly provider_id: string;
  readonly endpoint: string;
  readonly field: string;
  readonly reason: string;
}

/** Of each consent and endpoint; more say nothing new. */
const RECORDS_MAX = 500;

/**
 * Sets aside the records of an answer that could not be understood, each once however often it is read.
 * Of the record itself nothing is kept but that it was there: it may hold anything, account numbers too.
 */
export async function quarantine(
  tx: Tx,
  source: RefusedSource,
  { refusals }: Pick<Listing<unknown>, 'refusals'>,
  at: Date,
): Promise<void> {
  if (refusals.length === 0) return;
  const { viewerId, consentId, accountId, environment, providerId, endpoint } = source;
  const rows = refusals.map(({ record, field, reason }) => ({
    id: uuidOf('refused', accountId ?? consentId, endpoint, JSON.stringify(record)),
    field,
    reason,
  }));
  const each = [...new Map(rows.map((row) => [row.id, row])).values()];
  await tx.$executeRaw`
    insert into refused_record (id, viewer_id, consent_id, account_id, environment, provider_id,
      endpoint, field, reason, first_seen_at, last_seen_at)
    select id, ${viewerId}::uuid, ${consentId}::uuid, ${accountId}::uuid, ${environment},
      ${providerId}, ${endpoint}, field, reason, ${at}, ${at}
    from jsonb_to_recordset(${JSON.stringify(each)}::jsonb) as refused (id uuid, field text,
      reason text)
    where exists (select from refused_record known where known.id = refused.id) or ${RECORDS_MAX} > (
      select count(*) from refused_record
      where consent_id = ${consentId}::uuid and endpoint = ${endpoint})
    on conflict (id) do update set field = excluded.field, reason = excluded.reason,
      times = refused_record.times + 1,
      last_seen_at = greatest(refused_record.last_seen_at, excluded.last_seen_at)`;
}

/**
 * A page of what could not be understood, across viewers, for operators; one group more is read to tell
 * whether there is a next page. It reads no column that could name a user.
 */
export function readQuarantine(
  { client, database }: App,
  after: QuarantinePlace | null,
  first: number,
): Promise<readonly QuarantineGroup[]> {
  return database.scoutTotals<QuarantineGroup>(
    `select provider_id, endpoint, field, reason, count(*)::int as records,
       sum(times)::int as times, min(first_seen_at) as first_seen_at,
       max(last_seen_at) as last_seen_at
     from refused_record
     where environment = $1 and ($2::text is null
       or (provider_id, endpoint, field, reason) > ($2, $3::text, $4::text, $5::text))
     group by provider_id, endpoint, field, reason
     order by provider_id, endpoint, field, reason limit $6`,
    [
      client.environment,
      after?.provider_id ?? null,
      after?.endpoint ?? null,
      after?.field ?? null,
      after?.reason ?? null,
      first + 1,
    ],
  );
}
