import { z } from 'zod';
import type { App } from './app.ts';
import { withCorrelation } from './base/log.ts';
import { resumeLink } from './consents/complete.ts';
import { keepTokenAlive } from './consents/keep-alive.ts';
import { revokeAtBank, sweepRevocations } from './consents/revoke-at-bank.ts';
import { sweepConsents } from './consents/sweep.ts';
import { tendConsent } from './consents/tend.ts';
import { causeOf } from './dead-letters/cause.ts';
import { tendDeadLetters } from './dead-letters/dead-letters.ts';
import { startBackfill } from './history/backfill.ts';
import { fetchSpan } from './history/ask-span.ts';
import { pollSpan } from './history/poll-span.ts';
import { readRecent } from './history/recent.ts';
import { resumeHistory } from './history/resume.ts';
import { type JobDeclaration, jobs } from './jobs.ts';
import type { JobAnswer } from './postgres/queue.ts';
import { refreshProviders } from './providers/catalogue.ts';
import { continueErasure, sweepErasures } from './viewers/erase-rows.ts';
import { prune } from './viewers/retention.ts';
import { createDeliverer } from './webhooks/deliver.ts';
import { replayPage } from './webhooks/replay.ts';
import { sweepWebhooks } from './webhooks/sweep.ts';

/**
 * Begins to answer every job that `jobs.ts` declares.
 *
 * @param unanswered - names of those that it leaves alone
 */
export async function startWorker(app: App, unanswered: readonly string[] = []): Promise<void> {
  const deliverWebhook = createDeliverer(app);
  await app.queue.work(
    new Map(
      [
        answer(app, jobs.completeLink, (job) => resumeLink(app, job.viewerId, job.linkId)),
        answer(app, jobs.startBackfill, (job) => startBackfill(app, job.viewerId, job.consentId)),
        answer(app, jobs.fetchSpan, (job) => fetchSpan(app, job.viewerId, job.spanId)),
        answer(app, jobs.pollSpan, (job) => pollSpan(app, job.viewerId, job.spanId)),
        answer(app, jobs.resumeHistory, (job) => resumeHistory(app, job.viewerId, job.consentId)),
        answer(app, jobs.readRecent, (job) => readRecent(app, job.viewerId, job.consentId)),
        answer(app, jobs.tendConsent, (job) => tendConsent(app, job.viewerId, job.consentId)),
        answer(app, jobs.keepTokenAlive, (job) => keepTokenAlive(app, job.viewerId, job.consentId)),
        answer(app, jobs.sweepConsents, () => sweepConsents(app)),
        answer(app, jobs.revokeAtBank, (job) => revokeAtBank(app, job.viewerId, job.revocationId)),
        answer(app, jobs.sweepRevocations, () => sweepRevocations(app)),
        answer(app, jobs.eraseViewer, (job) => continueErasure(app, job.erasureId)),
        answer(app, jobs.sweepErasures, () => sweepErasures(app)),
        answer(app, jobs.prune, () => prune(app)),
        answer(app, jobs.deliverWebhook, (job) => deliverWebhook(job.deliveryId, job.viewerId)),
        answer(app, jobs.replayWebhooks, (job) => replayPage(app, job)),
        answer(app, jobs.sweepWebhooks, () => sweepWebhooks(app)),
        answer(app, jobs.tendDeadLetters, () => tendDeadLetters(app)),
        answer(app, jobs.refreshProviders, () => refreshProviders(app)),
      ].filter(([name]) => !unanswered.includes(name)),
    ),
    causeOf,
  );
}

const traced = z.object({ correlationId: z.string().max(64).optional() });

function answer<P extends object>(
  app: App,
  job: JobDeclaration<P>,
  run: (payload: P) => Promise<void>,
): readonly [string, JobAnswer] {
  return [
    job.name,
    (payload) => {
      const correlationId =
        traced.safeParse(payload).data?.correlationId ?? app.entropy.bytes(12).toString('hex');
      return withCorrelation(correlationId, async () => {
        try {
          await run(job.payload.parse(payload));
          app.log.info({ job: job.name, ...ids(payload) }, 'job answered');
        } catch (error) {
          app.log.warn({ job: job.name, ...ids(payload), err: error }, 'job failed');
          throw error;
        }
      });
    },
  ];
}

function ids(payload: unknown): object {
  const { viewerId, consentId, spanId, linkId, revocationId, erasureId, deliveryId } =
    payload as Record<string, unknown>;
  return { viewerId, consentId, spanId, linkId, revocationId, erasureId, deliveryId };
}
