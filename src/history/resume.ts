import type { App } from '../app.ts';
import { nowOf } from '../base/clock.ts';
import { LIVING } from '../consents/status.ts';
import { ask, jobs } from '../jobs.ts';
import type { Tx } from '../postgres/db.ts';
import { askForSpan } from './span-job.ts';

/**
 * Asks again for what of a consent's history was left undone when an outage outlasted the retries
 * of its jobs; what still waits is not asked for twice. Answers the job `resumeHistory`.
 */
export async function resumeHistory(app: App, viewerId: string, consentId: string): Promise<void> {
  await app.database.transact(viewerId, async (tx) => {
    const consent = await tx.consent.findUnique({ where: { id: consentId } });
    if (consent === null || consent.historyEndedAt !== null) return;
    if (LIVING.includes(consent.status)) await reopenSpans(tx, consentId);
    if (consent.plannedAt === null) {
      const payload = { viewerId, consentId };
      await app.queue.send(tx, [ask(jobs.startBackfill, payload, { key: consentId })]);
      return;
    }
    const left = await tx.historySpan.findMany({ where: { consentId, status: 'PLANNED' } });
    await app.queue.send(
      tx,
      left.map((span) => askForSpan(span)),
    );
    await noteHistoryEnd(app, tx, consentId);
  });
}

/** Spans that ended with a consent whose end was then taken back. */
async function reopenSpans(tx: Tx, consentId: string): Promise<void> {
  await tx.historySpan.updateMany({
    where: { consentId, status: 'MISSED', reason: 'CONSENT_ENDED' },
    data: { status: 'PLANNED', reason: null, endedAt: null },
  });
}

/** Notes on the consent that its history has ended, if no span of it is left to fetch. */
export async function noteHistoryEnd(app: App, tx: Tx, consentId: string): Promise<void> {
  // Two spans that end at once may each still see the other: the next look at the history finds it.
  const left = await tx.historySpan.count({ where: { consentId, status: 'PLANNED' } });
  if (left > 0) return;
  await tx.consent.updateMany({
    // Renewed, it has a history to plan first: what still ends is of the period before.
    where: { id: consentId, historyEndedAt: null, plannedAt: { not: null } },
    data: { historyEndedAt: nowOf(app.clock) },
  });
}
