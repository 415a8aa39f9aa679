import type { App } from '../app.ts';
import { nowOf } from '../base/clock.ts';
import { type ChangeEntry, recordChanges } from '../changes/log.ts';
import { LIVING } from '../consents/status.ts';
import { publish } from '../events.ts';
import type { Consent } from '../generated/prisma/client.ts';
import { ask, jobs } from '../jobs.ts';
import type { SpanStatus } from '../generated/prisma/enums.ts';
import type { Tx } from '../postgres/db.ts';
import { noteServed, shrinkRefused } from './shrink.ts';
import { askForPoll, askForSpans } from './span-job.ts';

/**
 * Asks again for what of a consent's history was left undone when an outage outlasted the retries
 * of its jobs; what still waits is not asked for twice. Answers the job `resumeHistory`.
 */
export async function resumeHistory(app: App, viewerId: string, consentId: string): Promise<void> {
  await app.database.transact(viewerId, async (tx) => {
    const consent = await tx.consent.findUnique({ where: { id: consentId } });
    if (consent === null || consent.historyEndedAt !== null) return;
    if (LIVING.includes(consent.status)) await reopenSpans(tx, consent);
    if (consent.plannedAt === null) {
      const payload = { viewerId, consentId };
      await app.queue.send(tx, [ask(jobs.startBackfill, payload, { key: consentId })]);
      return;
    }
    await tx.historySpan.updateMany({
      where: { consentId, status: 'PLANNED', resultsUri: null, tasks: { gt: 0 } },
      data: { tasks: 0 },
    });
    const left = await tx.historySpan.findMany({ where: { consentId, status: 'PLANNED' } });
    const bank = consent.providerId;
    await app.queue.send(tx, [
      ...askForSpans(
        left.filter(({ resultsUri }) => resultsUri === null),
        bank,
      ),
      ...left
        .filter(({ resultsUri }) => resultsUri !== null)
        .map((span) => askForPoll(span, { bank })),
    ]);
    const ended = await noteHistoryEnd(app, tx, consentId);
    if (ended.length > 0) await publish(tx, { consentId });
    await recordChanges(app, tx, viewerId, nowOf(app.clock), ended);
  });
}

/** Spans that ended with a consent whose end was then taken back; a renewal plans by itself. */
async function reopenSpans(tx: Tx, { id, period }: Consent): Promise<void> {
  await tx.historySpan.updateMany({
    where: { consentId: id, period, status: 'MISSED', reason: 'CONSENT_ENDED' },
    data: { status: 'PLANNED', reason: null, endedAt: null },
  });
}

/**
 * Notes on the consent that its history has ended, if no span of it is left to fetch, nor anything to
 * try where the bank refused.
 *
 * @returns what the change log has to say of it
 */
export async function noteHistoryEnd(
  app: App,
  tx: Tx,
  consentId: string,
): Promise<readonly ChangeEntry[]> {
  // Of two spans that end at once each would still see the other: one waits until the other has ended.
  await tx.$queryRaw`select pg_advisory_xact_lock(hashtextextended(${consentId}, 7243004))::text`;
  const spans = await tx.historySpan.groupBy({ by: ['status'], where: { consentId } });
  const has = (one: SpanStatus) => spans.some(({ status }) => status === one);
  if (has('REFUSED') && (await shrinkRefused(app, tx, consentId))) return [];
  if (has('PLANNED')) return [];
  await noteServed(app, tx, consentId);
  const { count } = await tx.consent.updateMany({
    // Renewed, it has a history to plan first: what still ends is of the period before.
    where: { id: consentId, historyEndedAt: null, plannedAt: { not: null } },
    data: { historyEndedAt: nowOf(app.clock) },
  });
  if (count === 0) return [];
  return [{ subject: 'CONSENT', subjectId: consentId, act: 'CHANGED', event: 'history.completed' }];
}
