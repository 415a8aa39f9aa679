import type { App } from '../app.ts';
import type { WebhookDeliveryStatus } from '../generated/prisma/enums.ts';

/** A delivery as an operator sees it: never whose it is, nor what it is about. */
export interface DeliveryRow {
  readonly id: string;
  readonly endpointId: string;
  readonly eventId: string;
  readonly eventType: string;
  readonly occurredAt: Date;
  readonly status: WebhookDeliveryStatus;
  readonly attempts: number;
  readonly nextAttemptAt: Date | null;
  readonly lastAttemptAt: Date | null;
  readonly lastStatus: number | null;
  readonly lastError: string | null;
  readonly replayOf: string | null;
  readonly createdAt: Date;
  readonly endedAt: Date | null;
}

/** Which deliveries, and where the page begins. */
export interface DeliveryPage {
  readonly endpointId?: string | undefined;
  readonly status?: WebhookDeliveryStatus | undefined;
  /** The place of the last row of the page before. */
  readonly after?: readonly [createdAt: string, id: string] | undefined;
  readonly limit: number;
}

const COLUMNS = `d.id, d.endpoint_id as "endpointId", d.event_id as "eventId",
  d.event_type as "eventType", d.occurred_at as "occurredAt", d.status, d.attempts,
  d.next_attempt_at as "nextAttemptAt", d.last_attempt_at as "lastAttemptAt",
  d.last_status as "lastStatus", d.last_error as "lastError", d.replay_of as "replayOf",
  d.created_at as "createdAt", d.ended_at as "endedAt"`;
const OURS = 'from webhook_delivery d join webhook_endpoint e on e.id = d.endpoint_id';

/** A page of the log of deliveries of this environment, newest first. */
export function readDeliveries(
  { database, client }: App,
  { endpointId, status, after, limit }: DeliveryPage,
): Promise<readonly DeliveryRow[]> {
  return database.scoutTotals<DeliveryRow & Record<string, unknown>>(
    `select ${COLUMNS} ${OURS} where e.environment = $1
       and ($2::uuid is null or d.endpoint_id = $2) and ($3::text is null or d.status::text = $3)
       and ($4::timestamptz is null or (d.created_at, d.id) < ($4, $5::uuid))
     order by d.created_at desc, d.id desc limit $6`,
    [
      client.environment,
      endpointId ?? null,
      status ?? null,
      after?.[0] ?? null,
      after?.[1] ?? null,
      limit,
    ],
  );
}

/** One delivery of this environment; null where there is none such. */
export async function readDelivery(
  { database, client }: App,
  id: string,
): Promise<DeliveryRow | null> {
  const [row] = await database.scoutTotals<DeliveryRow & Record<string, unknown>>(
    `select ${COLUMNS} ${OURS} where e.environment = $1 and d.id = $2`,
    [client.environment, id],
  );
  return row ?? null;
}
