import type { App } from '../app.ts';
import type { EventType, OutboxEvent } from '../outbox/event-types.ts';
import { askToDeliver, fanOut, type NewDelivery } from '../outbox/fan-out.ts';
import type { Tx } from '../postgres/db.ts';
import { eventsOf, type LoggedEvent } from './events.ts';

/** What changed, for a viewer who follows the log. */
export interface ChangeEntry {
  readonly subject: 'CONSENT' | 'ACCOUNT' | 'BALANCE' | 'TRANSACTION' | 'ALERT';
  readonly subjectId: string;
  readonly act: 'ADDED' | 'CHANGED' | 'REMOVED';
  /** What webhooks call it; by subject and act if left out. */
  readonly event?: EventType;
  /** Of a transaction: its account. */
  readonly accountId?: string;
  /** Of an account that was removed: what it was. */
  readonly accountKind?: string;
}

/**
 * Writes changes into the viewer's log, with numbers that have no gap, and whatever webhooks tell of them.
 * What belongs together is one event, under one id in both. It locks the viewer's counter until the
 * transaction ends, so it must be the transaction's last statement: nothing can then commit behind a
 * number that was already read.
 *
 * @param consentId - the consent by which the changes came; of entries about a consent, that itself
 */
export async function recordChanges(
  app: App,
  tx: Tx,
  viewerId: string,
  at: Date,
  entries: readonly ChangeEntry[],
  consentId?: string,
): Promise<void> {
  if (entries.length === 0) return;
  const events = eventsOf(app, entries, consentId);
  const told = events.flatMap(({ id, type, subject }): OutboxEvent[] =>
    type === null ? [] : [{ id, type, subject }],
  );
  // One statement for log and deliveries: it costs no more than the log where nobody listens.
  const deliveries = await tx.$queryRaw<NewDelivery[]>`
    with delivery as (${fanOut(app, viewerId, at, told)}), counter as (
      update change_counter set seq = seq + ${entries.length}
      where viewer_id = ${viewerId}::uuid
      returning seq - ${entries.length} as start
    ), logged as (
      insert into change (viewer_id, seq, subject, subject_id, act, at, event_id, consent_id)
      select ${viewerId}::uuid, counter.start + entry.ordinality, entry.value ->> 'subject',
        (entry.value ->> 'subjectId')::uuid, entry.value ->> 'act', ${at},
        (entry.value ->> 'eventId')::uuid, (entry.value ->> 'consentId')::uuid
      from counter, jsonb_array_elements(${JSON.stringify(events.flatMap(toRows))}::jsonb)
        with ordinality entry
    )
    select id from delivery`;
  await askToDeliver(app, tx, viewerId, deliveries);
}

function toRows({ id, subject: { consentId }, entries }: LoggedEvent) {
  return entries.map(({ subject, subjectId, act }, index) => ({
    subject,
    subjectId,
    act,
    eventId: id,
    ...(index === 0 && consentId !== undefined ? { consentId } : {}),
  }));
}
