import type { App } from '../app.ts';
import { nowOf } from '../base/clock.ts';
import { ExpectedError } from '../base/errors.ts';
import { type ChangeEntry, recordChanges } from '../changes/log.ts';
import { publish } from '../events.ts';
import type { Tx } from '../postgres/db.ts';

/** The viewer has no such alert. */
export class AlertUnknownError extends ExpectedError {
  constructor() {
    super('ALERT_UNKNOWN', 'The viewer has no such alert.');
  }
}

/** What leaves nothing to announce of a consent's period. */
export type AlertsEnd = 'RENEWED' | 'EXPIRED' | 'REVOKED';

/**
 * Closes the open alerts of a consent, of whatever period, in the transaction that renews or ends it.
 * Once it is renewed or taken back nobody has to hear any more what was not heard.
 *
 * @returns what changed, for the change log: the caller records it, as the transaction's last statement
 */
export async function closeAlerts(
  tx: Tx,
  consentId: string,
  end: AlertsEnd,
  now: Date,
): Promise<ChangeEntry[]> {
  if (end !== 'EXPIRED') {
    await tx.alert.updateMany({
      where: { consentId, unheardAt: { not: null } },
      data: { unheardAt: null },
    });
  }
  const closed = await tx.alert.updateManyAndReturn({
    where: { consentId, closedAt: null },
    data: { closedAt: now },
    select: { id: true },
  });
  return closed.map(({ id }) => ({ subject: 'ALERT', subjectId: id, act: 'CHANGED' }));
}

/**
 * Notes that the user has heard an alert, also one that is closed by now. A repeat changes nothing.
 *
 * @throws AlertUnknownError
 */
export async function acknowledgeAlert(app: App, viewerId: string, alertId: string): Promise<void> {
  const now = nowOf(app.clock);
  await app.database.transact(viewerId, async (tx) => {
    const alert = await tx.alert.findUnique({ where: { id: alertId } });
    if (alert === null) throw new AlertUnknownError();
    const { count } = await tx.alert.updateMany({
      where: { id: alertId, acknowledgedAt: null },
      data: { acknowledgedAt: now, unheardAt: null },
    });
    if (count === 0) return;
    await publish(tx, { consentId: alert.consentId });
    await recordChanges(app, tx, viewerId, now, [
      { subject: 'ALERT', subjectId: alertId, act: 'CHANGED' },
    ]);
  });
}
