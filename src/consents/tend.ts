import type { App } from '../app.ts';
import { nowOf } from '../base/clock.ts';
import { uuidv7 } from '../base/entropy.ts';
import { recordChanges } from '../changes/log.ts';
import type { Consent } from '../generated/prisma/client.ts';
import { ask, jobs } from '../jobs.ts';
import type { Tx } from '../postgres/db.ts';
import { alertInstant, firstDue, readIsDue } from './due.ts';
import { LIVING, moveConsent } from './status.ts';

const SWEEP_MAX = 500;

/**
 * Does what is due for a consent and asks to be called again at its next due instant: the daily
 * read that also keeps the refresh token alive, the alert before the end, the end itself. Calls no
 * network; answers the job `tendConsent`.
 */
export async function tendConsent(app: App, viewerId: string, consentId: string): Promise<void> {
  const now = nowOf(app.clock);
  await app.database.transact(viewerId, async (tx) => {
    await tx.$queryRaw`select id from consent where id = ${consentId}::uuid for update`;
    const consent = await tx.consent.findUnique({
      where: { id: consentId },
      include: { alerts: true, credential: { select: { sealedRefresh: true } } },
    });
    if (consent === null || !LIVING.includes(consent.status) || consent.dueAt === null) return;
    if (now < consent.dueAt) return;
    if (now >= consent.endsAt) {
      const reason = consent.credential?.sealedRefresh ? 'PERIOD_OVER' : 'ACCESS_OVER';
      await moveConsent(tx, { viewerId, consentId, to: 'EXPIRED', reason, now });
      return;
    }
    const payload = { viewerId, consentId };
    const readDue = readIsDue(now, consent.readAt ?? consent.consentedAt);
    const alertDue = consent.alerts.length === 0 && isAlertDue(app, consent, now);
    const dueAt = firstDue({
      now,
      endsAt: consent.endsAt,
      readAt: readDue ? now : (consent.readAt ?? consent.consentedAt),
      alertDaysBefore: app.config.alertDaysBefore,
      alertRaised: alertDue || consent.alerts.length > 0,
      keptAlive: Boolean(consent.credential?.sealedRefresh),
      historySince: consent.historyEndedAt === null ? consent.consentedAt : null,
    });
    await tx.consent.update({
      where: { id: consentId },
      data: {
        dueAt,
        ...(readDue ? { readAt: now } : {}),
        // The user's address is told to the bank only while the history window is open.
        ...(now >= consent.windowEndsAt ? { sealedPsuIp: null } : {}),
      },
    });
    await app.queue.send(tx, [
      ask(jobs.tendConsent, payload, { key: consentId, notBefore: dueAt }),
      ...(consent.historyEndedAt === null
        ? [ask(jobs.resumeHistory, payload, { key: consentId })]
        : []),
      ...(readDue ? [ask(jobs.readRecent, payload, { key: consentId })] : []),
    ]);
    if (alertDue) await raiseAlert(app, tx, consent, now);
  });
}

/**
 * Asks for the tending of consents whose due instant has passed; the floor under the jobs that
 * wait for those instants themselves. Answers the job `sweepConsents`.
 */
export async function sweepConsents(app: App): Promise<void> {
  const due = await app.database.scout(
    'select id, viewer_id from consent where due_at <= $1 order by due_at limit $2',
    [nowOf(app.clock), SWEEP_MAX],
  );
  for (const { id, viewerId } of due) {
    await app.queue.sendAlone(ask(jobs.tendConsent, { viewerId, consentId: id }, { key: id }));
  }
}

function isAlertDue(app: App, consent: Consent, now: Date): boolean {
  return now >= alertInstant(consent.endsAt, app.config.alertDaysBefore);
}

// The unique key on the row makes a second raising impossible, whoever else is at it.
async function raiseAlert(app: App, tx: Tx, consent: Consent, now: Date): Promise<void> {
  const { id: consentId, viewerId } = consent;
  const alertId = uuidv7(app.entropy, now);
  const { count } = await tx.alert.createMany({
    data: [
      {
        id: alertId,
        viewerId,
        consentId,
        kind: 'CONSENT_ENDS_SOON',
        daysBefore: app.config.alertDaysBefore,
        raisedAt: now,
      },
    ],
    skipDuplicates: true,
  });
  if (count === 0) return;
  await moveConsent(tx, { viewerId, consentId, to: 'EXPIRING', reason: 'ENDS_SOON', now });
  await recordChanges(tx, viewerId, now, [{ subject: 'ALERT', subjectId: alertId, act: 'ADDED' }]);
}
