import { recordAct } from '../acts/acts.ts';
import type { App } from '../app.ts';
import { nowOf } from '../base/clock.ts';
import { uuidOf, uuidv7 } from '../base/entropy.ts';
import type { WebhookDelivery } from '../generated/prisma/client.ts';
import { ask, jobs } from '../jobs.ts';
import { TEST_TYPE } from '../outbox/event-types.ts';
import { askToDeliver } from '../outbox/fan-out.ts';
import { type Finding, NOBODY, type Tx } from '../postgres/db.ts';
import { WebhookUnknownError } from './endpoint-wish.ts';
import { lockEndpoint } from './endpoints.ts';

/** Which deliveries of an endpoint are to be sent again. */
export interface ReplayWish {
  readonly endpointId: string;
  /** Those that were written from then on. */
  readonly since: Date;
  /** Also those that arrived; else those alone that failed and were not replayed since. */
  readonly all: boolean;
}

/** One page of a replay, as its job bears it. */
export interface ReplayPage {
  readonly replayId: string;
  readonly endpointId: string;
  readonly since: string;
  readonly until: string;
  readonly all: boolean;
  readonly after: string | null;
}

const PAGE = 200;
const FIRST = '00000000-0000-0000-0000-000000000000';

/**
 * Sends a test to an endpoint, also to one that is disabled: once, whatever comes of it.
 *
 * @returns the id of its delivery
 * @throws WebhookUnknownError
 */
export async function sendTest(app: App, operator: string, endpointId: string): Promise<string> {
  const now = nowOf(app.clock);
  const id = uuidv7(app.entropy, now);
  await app.database.transact(NOBODY, async (tx) => {
    await lockEndpoint(app, tx, endpointId);
    await recordAct(tx, { operator, act: 'WEBHOOK_TEST_SENT', subject: endpointId, at: now });
    await tx.webhookDelivery.create({
      data: {
        id,
        endpointId,
        eventId: uuidv7(app.entropy, now),
        eventType: TEST_TYPE,
        subject: { endpointId },
        occurredAt: now,
        status: 'PENDING',
        nextAttemptAt: now,
        createdAt: now,
      },
    });
    await askToDeliver(app, tx, NOBODY, [{ id }]);
  });
  return id;
}

/**
 * Sends the event of one delivery to its endpoint again, under the event's own id.
 *
 * @returns the id of the new delivery
 * @throws WebhookUnknownError
 */
export async function replayDelivery(app: App, operator: string, id: string): Promise<string> {
  const [found] = await app.database.scout(
    `select d.id, coalesce(d.viewer_id::text, '') as viewer_id
     from webhook_delivery d join webhook_endpoint e on e.id = d.endpoint_id
     where d.id = $1 and e.environment = $2`,
    [id, app.client.environment],
  );
  if (found === undefined) throw new WebhookUnknownError('DELIVERY');
  const now = nowOf(app.clock);
  return app.database.transact(found.viewerId, async (tx) => {
    const copied = await copy(app, tx, found, uuidv7(app.entropy, now));
    if (copied === null) throw new WebhookUnknownError('DELIVERY');
    await recordAct(tx, { operator, act: 'WEBHOOK_REPLAYED', subject: id, at: now });
    return copied;
  });
}

/**
 * Has an endpoint's deliveries of some time sent again, by a job.
 *
 * @throws WebhookUnknownError
 */
export async function replaySince(app: App, operator: string, wish: ReplayWish): Promise<void> {
  const { endpointId, since, all } = wish;
  const now = nowOf(app.clock);
  const page: ReplayPage = {
    replayId: uuidv7(app.entropy, now),
    endpointId,
    since: since.toISOString(),
    until: now.toISOString(),
    all,
    after: null,
  };
  await app.database.transact(NOBODY, async (tx) => {
    await lockEndpoint(app, tx, endpointId);
    const subject = `${endpointId} since ${page.since}${all ? ', all' : ''}`;
    await recordAct(tx, { operator, act: 'WEBHOOK_REPLAYED', subject, at: now });
    await app.queue.send(tx, [ask(jobs.replayWebhooks, page)]);
  });
}

/** Sends a page of deliveries again and asks for the next. Answers the job `replayWebhooks`. */
export async function replayPage(app: App, page: ReplayPage): Promise<void> {
  const { replayId, endpointId, since, until, all, after } = page;
  const which = all
    ? `replay_of is null and event_type <> '${TEST_TYPE}'`
    : `status = 'FAILED' and replayed_at is null and event_type <> '${TEST_TYPE}'`;
  const found = await app.database.scout(
    `select id, coalesce(viewer_id::text, '') as viewer_id from webhook_delivery
     where endpoint_id = $1 and created_at >= $2 and created_at < $3 and id > $4 and ${which}
     order by id limit $5`,
    [endpointId, since, until, after ?? FIRST, PAGE],
  );
  for (const delivery of found) {
    await app.database.transact(delivery.viewerId, (tx) =>
      // The same replay never sends one of them twice, however often its job runs.
      copy(app, tx, delivery, uuidOf('replay', replayId, delivery.id)),
    );
  }
  const last = found.at(-1);
  if (last === undefined || found.length < PAGE) return;
  await app.queue.sendAlone(ask(jobs.replayWebhooks, { ...page, after: last.id }));
}

async function copy(
  app: App,
  tx: Tx,
  { id, viewerId }: Finding,
  newId: string,
): Promise<string | null> {
  const now = nowOf(app.clock);
  const found = await tx.webhookDelivery.findUnique({ where: { id } });
  if (found === null) return null;
  const { count } = await tx.webhookDelivery.createMany({
    data: [{ ...carriedOver(found), id: newId, replayOf: id, nextAttemptAt: now, createdAt: now }],
    skipDuplicates: true,
  });
  if (count === 0) return newId;
  await tx.webhookDelivery.updateMany({ where: { id }, data: { replayedAt: now } });
  await askToDeliver(app, tx, viewerId, [{ id: newId }]);
  return newId;
}

function carriedOver(from: WebhookDelivery) {
  const { viewerId, endpointId, eventId, eventType, occurredAt } = from;
  const subject = from.subject as object;
  return {
    viewerId,
    endpointId,
    eventId,
    eventType,
    occurredAt,
    subject,
    status: 'PENDING',
  } as const;
}
