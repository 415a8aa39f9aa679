import type { App } from '../app.ts';
import { nowOf } from '../base/clock.ts';
import { uuidv7 } from '../base/entropy.ts';
import { Prisma } from '../generated/prisma/client.ts';
import type { EventType, OutboxEvent } from '../outbox/event-types.ts';
import { askToDeliver, fanOut, type NewDelivery } from '../outbox/fan-out.ts';
import { publishing } from '../events.ts';
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

/** Transactions of one account that the very statement changes by which the log is written. */
export interface WrittenRows {
  /** The parts of a `with` that change them, the last of which is `happened (id, act)`. */
  readonly parts: Prisma.Sql;
  readonly accountId: string;
}

/**
 * Writes changes into the viewer's log, with numbers that have no gap, and whatever webhooks tell of them.
 * What belongs together is one event, under one id in both. It locks the viewer's counter until the
 * transaction ends, so it must be the transaction's last statement: nothing can then commit behind a
 * number that was already read.
 *
 * @param consentId - the consent by which the changes came; of entries about a consent, that itself
 * @param written - rows to be changed and logged in one statement: many are never told to this process
 */
export async function recordChanges(
  app: App,
  tx: Tx,
  viewerId: string,
  at: Date,
  entries: readonly ChangeEntry[],
  consentId?: string,
  written?: WrittenRows,
): Promise<void> {
  if (entries.length === 0 && written === undefined) return;
  const events = eventsOf(app, entries, consentId);
  const rows = written && rowsOf(app, events, consentId, written);
  const told = events.flatMap(({ id, type, subject }): OutboxEvent[] =>
    type === null || id === rows?.eventId ? [] : [{ id, type, subject }],
  );
  // One statement for log and deliveries: it costs no more than the log where nobody listens.
  const deliveries = await tx.$queryRaw<NewDelivery[]>`
    with ${rows?.parts ?? NOTHING}, counted as (
      select count(*)::int as rows from happened
    ), delivery as (${fanOut(app, viewerId, at, told, rows?.event)}), counter as (
      update change_counter set seq = seq + ${entries.length} + counted.rows
      from counted
      where viewer_id = ${viewerId}::uuid and ${entries.length} + counted.rows > 0
      -- Whoever follows the log hears of it on commit.
      returning seq - ${entries.length} - counted.rows as start,
        ${publishing({ changedViewerId: viewerId })}::text
    ), logged as (
      insert into change (viewer_id, seq, subject, subject_id, act, at, event_id, consent_id,
        account_kind)
      select ${viewerId}::uuid, counter.start + entry.ordinality, entry.value ->> 'subject',
        (entry.value ->> 'subjectId')::uuid, entry.value ->> 'act', ${at}::timestamptz,
        (entry.value ->> 'eventId')::uuid, (entry.value ->> 'consentId')::uuid,
        entry.value ->> 'accountKind'
      from counter, jsonb_array_elements(${JSON.stringify(events.flatMap(toRows))}::jsonb)
        with ordinality entry
      union all
      select ${viewerId}::uuid, counter.start + ${entries.length} + number, 'TRANSACTION', id, act,
        ${at}::timestamptz, ${rows?.eventId ?? null}::uuid,
        case when number = 1 then ${rows?.consentId ?? null}::uuid end, null
      from counter, (select id, act, row_number() over () as number from happened) numbered
    )
    select id from delivery`;
  await askToDeliver(app, tx, viewerId, deliveries);
}

const NOTHING = Prisma.sql`happened as (select null::uuid as id, null as act where false)`;

/** What the log and webhooks say of rows that nobody has counted yet. */
function rowsOf(
  app: App,
  events: readonly LoggedEvent[],
  consentId: string | undefined,
  { parts, accountId }: WrittenRows,
) {
  // Transactions of which this process was told are the same event.
  const type = 'transactions.changed';
  const known = events.find((event) => event.type === type);
  const eventId = known?.id ?? uuidv7(app.entropy, nowOf(app.clock), events.length);
  const about = { ...(consentId === undefined ? {} : { consentId }), goneKinds: {}, count: 0 };
  const subject = known?.subject ?? { ...about, accountIds: [accountId] };
  const { count = 0 } = subject;
  return {
    parts,
    eventId,
    consentId: known === undefined ? consentId : undefined,
    event: Prisma.sql`
      select ${eventId}::uuid, ${type}, ${JSON.stringify(subject)}::jsonb
        || jsonb_build_object('count', ${count}::int + counted.rows)
      from counted where ${count}::int + counted.rows > 0`,
  };
}

function toRows({ id, subject: { consentId }, entries }: LoggedEvent) {
  return entries.map(({ subject, subjectId, act, accountKind }, index) => ({
    subject,
    subjectId,
    act,
    accountKind,
    eventId: id,
    ...(index === 0 && consentId !== undefined ? { consentId } : {}),
  }));
}
