import type { App } from '../app.ts';
import { uuidOf } from '../base/entropy.ts';
import { recordChanges } from '../changes/log.ts';
import { publish } from '../events.ts';
import type { Consent } from '../generated/prisma/client.ts';
import type { Tx } from '../postgres/db.ts';
import type { AlertStep } from './ladder.ts';
import { moveConsent } from './status.ts';

const KIND = 'CONSENT_ENDS_SOON';

/**
 * Raises a step of the alerts before a consent's end, once: the unique key on the row makes a second
 * raising impossible, whoever else is at it. The first of a period moves the consent to EXPIRING.
 */
export async function raiseAlert(
  app: App,
  tx: Tx,
  consent: Consent,
  { daysBefore }: AlertStep,
  now: Date,
): Promise<void> {
  const { id: consentId, viewerId, period } = consent;
  // The same step always has the same id, so that who hears of it once more, because a backup brought
  // back a day before it was raised, knows it.
  const id = uuidOf('alert', consentId, String(period), KIND, String(daysBefore));
  const { count } = await tx.alert.createMany({
    data: [{ id, viewerId, consentId, period, kind: KIND, daysBefore, raisedAt: now }],
    skipDuplicates: true,
  });
  if (count === 0) return;
  const move = { to: 'EXPIRING', reason: 'ENDS_SOON', by: 'SERVER' } as const;
  const moved = await moveConsent(app, tx, { viewerId, consentId, ...move, now });
  if (!moved) await publish(tx, { consentId });
  await recordChanges(app, tx, viewerId, now, [{ subject: 'ALERT', subjectId: id, act: 'ADDED' }]);
}
