import type { App } from '../app.ts';
import { nowOf } from '../base/clock.ts';
import { uuidv7 } from '../base/entropy.ts';
import { recordChanges } from '../changes/log.ts';
import type { Consent } from '../generated/prisma/client.ts';
import { ask, jobs } from '../jobs.ts';
import type { Tx } from '../postgres/db.ts';
import { alertInstant, firstDue, keepAliveAgain, keepAliveInstant, readIsDue } from './due.ts';
import { LIVING, moveConsent } from './status.ts';

/**
 * Does what is due for a consent and asks to be called again at its next due instant: the daily
 * read, the use of an idle refresh token, the alert before the end, the end itself. Calls no
 * network; answers the job `tendConsent`.
 */
export async function tendConsent(app: App, viewerId: string, consentId: string): Promise<void> {
  const now = nowOf(app.clock);
  await app.database.transact(viewerId, async (tx) => {
    await tx.$queryRaw`select id from consent where id = ${consentId}::uuid for update`;
    const consent = await tx.consent.findUnique({
      where: { id: consentId },
      include: { alerts: true, credential: true },
    });
    if (consent === null || !LIVING.includes(consent.status) || consent.dueAt === null) return;
    if (now < consent.dueAt) return;
    if (now >= consent.endsAt) {
      const reason = consent.credential?.sealedRefresh ? 'PERIOD_OVER' : 'ACCESS_OVER';
      await moveConsent(app, tx, { viewerId, consentId, to: 'EXPIRED', reason, by: 'SERVER', now });
      return;
    }
    const payload = { viewerId, consentId };
    const { readEveryHours } = app.config;
    const readDue = readIsDue(now, consent.readAt ?? consent.consentedAt, readEveryHours);
    const { refreshEndsAt = null } = consent.credential ?? {};
    const keepAliveAt = refreshEndsAt && keepAliveInstant(consentId, refreshEndsAt);
    const idle = keepAliveAt !== null && now >= keepAliveAt;
    const alertDue = consent.alerts.length === 0 && isAlertDue(app, consent, now);
    const dueAt = firstDue({
      now,
      endsAt: consent.endsAt,
      readAt: readDue ? now : (consent.readAt ?? consent.consentedAt),
      readEveryHours,
      keepAliveAt: idle ? keepAliveAgain(now) : keepAliveAt,
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
      ...(idle ? [ask(jobs.keepTokenAlive, payload, { key: consentId })] : []),
    ]);
    if (alertDue) await raiseAlert(app, tx, consent, now);
  });
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
  const move = { to: 'EXPIRING', reason: 'ENDS_SOON', by: 'SERVER' } as const;
  await moveConsent(app, tx, { viewerId, consentId, ...move, now });
  await recordChanges(app, tx, viewerId, now, [
    { subject: 'ALERT', subjectId: alertId, act: 'ADDED' },
  ]);
}
