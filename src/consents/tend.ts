import type { App } from '../app.ts';
import { later, nowOf } from '../base/clock.ts';
import { ask, jobs } from '../jobs.ts';
import type { Tx } from '../postgres/db.ts';
import { keepAliveInstant, readIsDue } from './due.ts';
import { alertPlanOf, askToTend, DUE_PARTS, type DueConsent, nextDue } from './next-due.ts';
import { raiseAlert } from './raise-alert.ts';
import { LIVING, moveConsent } from './status.ts';
import { alarmOfUnheard, noteUnheard } from './unheard.ts';

/**
 * Does what is due for a consent and asks to be called again at its next due instant: the daily
 * read, the use of an idle refresh token, the alerts before the end, the end itself, also of a consent
 * that the bank refuses. Calls no network; answers the job `tendConsent`.
 */
export async function tendConsent(app: App, viewerId: string, consentId: string): Promise<void> {
  const clocks = { ours: nowOf(app.clock), theirs: await app.database.now() };
  const unheard = await app.database.transact(viewerId, async (tx) => {
    await tx.$queryRaw`select id from consent where id = ${consentId}::uuid for update`;
    const consent = await tx.consent.findUnique({
      where: { id: consentId },
      include: DUE_PARTS,
    });
    if (consent === null || consent.dueAt === null) return false;
    // What cannot be taken back happens when both clocks say so: one that leaps ahead neither tells
    // users nor ends consents before their time.
    const now = clocks.ours < clocks.theirs ? clocks.ours : clocks.theirs;
    const left = consent.dueAt.getTime() - now.getTime();
    if (left > 0) {
      await app.queue.send(tx, [askToTend(consent, consent.dueAt, later(clocks.theirs, left))]);
      return false;
    }
    if (now >= consent.endsAt) return end(app, tx, consent, now);
    await attend(app, tx, consent, now);
    return false;
  });
  if (unheard) await alarmOfUnheard(app);
}

/** @returns whether it ended without anybody having acknowledged its last alert */
async function end(app: App, tx: Tx, consent: DueConsent, now: Date): Promise<boolean> {
  const { id: consentId, viewerId, status, credential } = consent;
  const living = LIVING.includes(status);
  const unheard = living && (await noteUnheard(tx, consent, now));
  const reason = living && !credential?.sealedRefresh ? 'ACCESS_OVER' : 'PERIOD_OVER';
  await moveConsent(app, tx, { viewerId, consentId, to: 'EXPIRED', reason, by: 'SERVER', now });
  return unheard;
}

async function attend(app: App, tx: Tx, consent: DueConsent, now: Date): Promise<void> {
  const { id: consentId, viewerId, credential } = consent;
  const { readEveryHours } = app.config;
  const living = LIVING.includes(consent.status);
  const read = living && readIsDue(now, consent.readAt ?? consent.consentedAt, readEveryHours);
  const refreshEndsAt = credential?.refreshEndsAt ?? null;
  const idle =
    living && refreshEndsAt !== null && now >= keepAliveInstant(consentId, refreshEndsAt);
  const { raise } = alertPlanOf(app.config, consent, now);
  const dueAt = nextDue(app.config, consent, now, { read, idle });
  await tx.consent.update({
    where: { id: consentId },
    data: {
      dueAt,
      ...(read ? { readAt: now } : {}),
      // The user's address is told to the bank only while the history window is open.
      ...(now >= consent.windowEndsAt ? { sealedPsuIp: null } : {}),
    },
  });
  const payload = { viewerId, consentId };
  await app.queue.send(tx, [
    askToTend(consent, dueAt),
    ...(living && consent.historyEndedAt === null
      ? [ask(jobs.resumeHistory, payload, { key: consentId })]
      : []),
    ...(read ? [ask(jobs.readRecent, payload, { key: consentId })] : []),
    ...(idle ? [ask(jobs.keepTokenAlive, payload, { key: consentId })] : []),
  ]);
  if (raise !== null) await raiseAlert(app, tx, consent, raise, now);
}
