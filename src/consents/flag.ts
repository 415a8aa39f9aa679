import { endAlarms, raiseAlarm } from '../alarms/alarms.ts';
import type { App } from '../app.ts';
import { nowOf } from '../base/clock.ts';
import { recordChanges } from '../changes/log.ts';
import { publish } from '../events.ts';
import type { Tx } from '../postgres/db.ts';
import type { HeldConsent } from './held.ts';
import { LIVING, type StatusReason, writeMove } from './status.ts';

/** What may be said of a consent that lives on: it goes once its tokens have been refreshed. */
const PASSING: readonly StatusReason[] = ['TOKEN_UNREADABLE', 'REFUSAL_DOUBTED'];

/**
 * Says of a consent that its tokens here do not open, and alarms the operator. It lives on: the row
 * may be restored, and an unreadable access token is replaced when its time is over.
 */
export async function flagUnreadable(app: App, held: HeldConsent): Promise<void> {
  const { id: consentId, viewerId, environment } = held;
  await raiseAlarm(app, { kind: 'TOKEN_UNREADABLE', environment, subject: consentId });
  if (held.statusReason === 'TOKEN_UNREADABLE') return;
  await app.database.transact(viewerId, (tx) => saySo(app, tx, held, 'TOKEN_UNREADABLE'));
}

/** Takes back, in the transaction that stores fresh tokens, what was said of a consent in doubt. */
export async function unflag(app: App, tx: Tx, held: HeldConsent): Promise<void> {
  if (!PASSING.includes(held.statusReason as StatusReason)) return;
  await saySo(app, tx, held, null);
}

/** Ends the alarm of a consent whose tokens open again. */
export async function endUnreadable(
  app: App,
  held: Pick<HeldConsent, 'id' | 'environment' | 'statusReason'>,
): Promise<void> {
  if (held.statusReason !== 'TOKEN_UNREADABLE') return;
  const { environment, id } = held;
  await endAlarms(app, [{ kind: 'TOKEN_UNREADABLE', environment, subject: id }]);
}

/** Says it in the consent's timeline too, where its status stays the same. */
async function saySo(
  app: App,
  tx: Tx,
  { id: consentId, viewerId }: HeldConsent,
  reason: 'TOKEN_UNREADABLE' | null,
): Promise<void> {
  const now = nowOf(app.clock);
  // As strong a lock as the update takes: those who write what the bank gave do not wait for it.
  await tx.$queryRaw`select id from consent where id = ${consentId}::uuid for no key update`;
  const before = await tx.consent.findUnique({ where: { id: consentId } });
  if (before === null || !LIVING.includes(before.status)) return;
  const statusReason = reason ?? (before.status === 'EXPIRING' ? 'ENDS_SOON' : null);
  if (statusReason === before.statusReason) return;
  await tx.consent.update({ where: { id: consentId }, data: { statusReason } });
  const note = { to: before.status, reason: reason ?? 'MENDED', by: 'SERVER', now } as const;
  await writeMove(app, tx, before, note);
  await publish(tx, { consentId });
  await recordChanges(app, tx, viewerId, now, [
    { subject: 'CONSENT', subjectId: consentId, act: 'CHANGED' },
  ]);
}
