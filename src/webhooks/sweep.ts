import type { App } from '../app.ts';
import { later, MINUTE, nowOf } from '../base/clock.ts';
import { ask, jobs } from '../jobs.ts';
import { deliveryJob } from '../outbox/fan-out.ts';

const SWEEP_MAX = 500;
/** What has been due for longer has no job of its own that is about to run. */
const LATE_MILLISECONDS = MINUTE;

/**
 * Asks for the sending of what is due without its own job, the floor under those jobs, and destroys the
 * secrets whose overlap is over. Answers the job `sweepWebhooks`.
 */
export async function sweepWebhooks(app: App): Promise<void> {
  const now = nowOf(app.clock);
  const { environment } = app.client;
  const due = await app.database.scout(
    `select d.id, coalesce(d.viewer_id::text, '') as viewer_id
     from webhook_delivery d join webhook_endpoint e on e.id = d.endpoint_id
     where d.status = 'PENDING' and d.next_attempt_at <= $1 and e.environment = $2
     order by d.next_attempt_at limit $3`,
    [later(now, -LATE_MILLISECONDS), environment, SWEEP_MAX],
  );
  for (const { id, viewerId } of due) {
    await app.queue.sendAlone(ask(jobs.deliverWebhook, deliveryJob(id, viewerId), { key: id }));
  }
  await app.database.shared.webhookEndpoint.updateMany({
    where: { environment, previousEndsAt: { lte: now } },
    data: { sealedPreviousSecret: null, previousEndsAt: null },
  });
}
