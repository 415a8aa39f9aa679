import type { App } from '../app.ts';
import type { Tx } from '../postgres/db.ts';

/** What changed, for a viewer who follows the log. */
export interface ChangeEntry {
  readonly subject: 'CONSENT' | 'ACCOUNT' | 'BALANCE' | 'TRANSACTION' | 'ALERT';
  readonly subjectId: string;
  readonly act: 'ADDED' | 'CHANGED' | 'REMOVED';
}

/**
 * Writes changes into the viewer's log, with numbers that have no gap. It locks the viewer's
 * counter until the transaction ends, so it must be the transaction's last statement: nothing can
 * then commit behind a number that was already read.
 */
export async function recordChanges(
  _app: App,
  tx: Tx,
  viewerId: string,
  at: Date,
  entries: readonly ChangeEntry[],
): Promise<void> {
  if (entries.length === 0) return;
  await tx.$executeRaw`
    with counter as (
      update change_counter set seq = seq + ${entries.length}
      where viewer_id = ${viewerId}::uuid
      returning seq - ${entries.length} as start
    )
    insert into change (viewer_id, seq, subject, subject_id, act, at)
    select ${viewerId}::uuid, counter.start + entry.ordinality, entry.value ->> 'subject',
      (entry.value ->> 'subjectId')::uuid, entry.value ->> 'act', ${at}
    from counter, jsonb_array_elements(${JSON.stringify(entries)}::jsonb) with ordinality entry`;
}
