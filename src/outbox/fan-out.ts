import type { App } from '../app.ts';
import { nowOf } from '../base/clock.ts';
import { Prisma } from '../generated/prisma/client.ts';
import { ask, jobs } from '../jobs.ts';
import { NOBODY, type Tx } from '../postgres/db.ts';
import type { OutboxEvent } from './event-types.ts';

/** A delivery that has just been written. */
export interface NewDelivery {
  readonly id: string;
}

/**
 * The statement that writes a delivery of each event for every endpoint that wants it, to be run in the
 * transaction of what the events tell of. Where there is no endpoint it finds that by an index.
 *
 * @param viewerId - whose events they are, or `NOBODY`
 * @param at - when they happened
 * @param more - SQL for further events, `(id, type, subject)`, of which only Postgres knows yet
 * @returns SQL that returns the ids of the deliveries, for `askToDeliver`
 */
export function fanOut(
  app: App,
  viewerId: string,
  at: Date,
  events: readonly OutboxEvent[],
  more: Prisma.Sql = Prisma.empty,
): Prisma.Sql {
  const now = nowOf(app.clock);
  // The same event for the same endpoint always has the same id, of version 8 as by `uuidOf`.
  return Prisma.sql`
    insert into webhook_delivery (id, viewer_id, endpoint_id, event_id, event_type, subject, occurred_at,
      status, next_attempt_at, created_at)
    select overlay(overlay(md5(event.id::text || endpoint.id::text) placing '8' from 13)
      placing '8' from 17)::uuid, nullif(${viewerId}, '')::uuid, endpoint.id,
      event.id, event.type, event.subject, ${at}, 'PENDING', ${now}, ${now}
    from webhook_endpoint endpoint
    join (
      select * from jsonb_to_recordset(${JSON.stringify(events)}::jsonb)
        as listed (id uuid, type text, subject jsonb)
      ${more === Prisma.empty ? more : Prisma.sql`union all ${more}`}
    ) event
      on endpoint.event_types = '{}' or event.type = any (endpoint.event_types)
    where endpoint.environment = ${app.client.environment} and endpoint.enabled
    returning id::text as id`;
}

/** Asks for the sending of deliveries, in the transaction that wrote them. */
export async function askToDeliver(
  app: App,
  tx: Tx,
  viewerId: string,
  deliveries: readonly NewDelivery[],
): Promise<void> {
  if (deliveries.length === 0) return;
  await app.queue.send(
    tx,
    deliveries.map(({ id }) => ask(jobs.deliverWebhook, deliveryJob(id, viewerId), { key: id })),
  );
}

/** What the job of a delivery bears. */
export function deliveryJob(deliveryId: string, viewerId: string | null) {
  return { deliveryId, viewerId: viewerId === NOBODY ? null : viewerId };
}

/** Tells of events that are no viewer's, in the caller's transaction. */
export async function announce(
  app: App,
  tx: Tx,
  at: Date,
  events: readonly OutboxEvent[],
): Promise<void> {
  if (events.length === 0) return;
  const deliveries = await tx.$queryRaw<NewDelivery[]>(fanOut(app, NOBODY, at, events));
  await askToDeliver(app, tx, NOBODY, deliveries);
}
