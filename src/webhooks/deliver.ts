import { endAlarms, raiseAlarm } from '../alarms/alarms.ts';
import type { App } from '../app.ts';
import { DAY, later, nowOf } from '../base/clock.ts';
import { UnsealError } from '../base/seal.ts';
import type { WebhookDelivery, WebhookEndpoint } from '../generated/prisma/client.ts';
import { ask, jobs } from '../jobs.ts';
import { TEST_TYPE } from '../outbox/event-types.ts';
import { deliveryJob } from '../outbox/fan-out.ts';
import { NOBODY, type Tx } from '../postgres/db.ts';
import { createLanes, type Lanes } from './lanes.ts';
import { payloadOf } from './payload.ts';
import { addressRules } from './rules.ts';
import { FAILING_DAYS_MAX, nextAttempt } from './schedule.ts';
import { signedHeaders } from './secrets.ts';
import { type SendFault, sendMessage } from './send.ts';

/** A delivery with the endpoint that it is for. */
type Delivery = WebhookDelivery & { readonly endpoint: WebhookEndpoint };

/** How an attempt ended. */
interface Attempt {
  readonly error: SendFault | 'SECRET_UNREADABLE' | 'ENDPOINT_DISABLED' | null;
  readonly status: number | null;
}

/** Answers the job `deliverWebhook`. */
export type DeliverWebhook = (deliveryId: string, viewerId: string | null) => Promise<void>;

const GONE = 410;

/**
 * Makes what sends deliveries in this process: at least once each, under the same id every time. A process
 * that ends between sending and writing that down sends again.
 */
export function createDeliverer(app: App): DeliverWebhook {
  const lanes = createLanes();
  return (deliveryId, viewerId) => deliver(app, lanes, deliveryId, viewerId ?? NOBODY);
}

async function deliver(app: App, lanes: Lanes, id: string, viewerId: string): Promise<void> {
  const delivery = await app.database.reader(viewerId).webhookDelivery.findUnique({
    where: { id },
    include: { endpoint: true },
  });
  const now = nowOf(app.clock);
  // Told by now, erased, or asked for again by a job that comes too early.
  if (delivery === null || delivery.nextAttemptAt === null || now < delivery.nextAttemptAt) return;
  if (!delivery.endpoint.enabled && delivery.eventType !== TEST_TYPE) {
    await record(app, delivery, { error: 'ENDPOINT_DISABLED', status: null });
    return;
  }
  const turn = lanes.enter(delivery.endpointId, now);
  if (turn instanceof Date) {
    await app.queue.sendAlone(askAgain(delivery, turn));
    return;
  }
  try {
    await record(app, delivery, await attempt(app, delivery));
  } finally {
    turn();
  }
}

async function attempt(app: App, delivery: Delivery): Promise<Attempt> {
  const { endpoint, eventId } = delivery;
  const body = await payloadOf(app, delivery);
  let headers: Readonly<Record<string, string>>;
  try {
    headers = await signedHeaders(app, endpoint, { id: eventId, body });
  } catch (error) {
    if (!(error instanceof UnsealError)) throw error;
    return { error: 'SECRET_UNREADABLE', status: null };
  }
  return sendMessage({ url: endpoint.url, headers, body }, addressRules(app.config));
}

/** Writes down how an attempt ended, and asks for the next where there is to be one. */
async function record(app: App, delivery: Delivery, { error, status }: Attempt): Promise<void> {
  const now = nowOf(app.clock);
  const { id, viewerId, endpoint, attempts } = delivery;
  const tried = attempts + (error === 'ENDPOINT_DISABLED' ? 0 : 1);
  const test = delivery.eventType === TEST_TYPE;
  const over = error === null || error === 'ENDPOINT_DISABLED' || status === GONE || test;
  const next = over ? null : nextAttempt(id, tried, now);
  const disabled = test ? null : disabledBy(endpoint, error, status, now);
  // Before the endpoint is disabled, for that is never done twice.
  if (disabled !== null) await raiseAlarm(app, alarmOf(endpoint));
  await app.database.transact(viewerId ?? NOBODY, async (tx) => {
    const { count } = await tx.webhookDelivery.updateMany({
      where: { id, status: 'PENDING', attempts },
      data: {
        attempts: tried,
        ...(tried > attempts ? { lastAttemptAt: now, lastStatus: status } : {}),
        lastError: error,
        nextAttemptAt: next,
        ...(next === null ? { status: error === null ? 'DELIVERED' : 'FAILED', endedAt: now } : {}),
      },
    });
    if (count === 0 || error === 'ENDPOINT_DISABLED') return;
    await noteHealth(tx, endpoint, { error, test, now, disabled });
    if (next !== null) await app.queue.send(tx, [askAgain(delivery, next)]);
  });
}

function disabledBy(
  { enabled, failingSince }: WebhookEndpoint,
  error: Attempt['error'],
  status: number | null,
  now: Date,
): 'GONE' | 'FAILING' | null {
  if (!enabled || error === null) return null;
  if (status === GONE) return 'GONE';
  const since = failingSince ?? now;
  return now >= later(since, FAILING_DAYS_MAX * DAY) ? 'FAILING' : null;
}

// The row of an endpoint is written only where its health turns: many deliveries share it.
async function noteHealth(
  tx: Tx,
  { id, failingSince }: WebhookEndpoint,
  {
    error,
    test,
    now,
    disabled,
  }: Pick<Attempt, 'error'> & {
    readonly test: boolean;
    readonly now: Date;
    readonly disabled: 'GONE' | 'FAILING' | null;
  },
): Promise<void> {
  const endpoints = tx.webhookEndpoint;
  if (error === null) {
    if (failingSince !== null) {
      await endpoints.updateMany({ where: { id }, data: { failingSince: null } });
    }
    return;
  }
  if (test) return;
  if (failingSince === null) {
    const where = { id, failingSince: null };
    await endpoints.updateMany({ where, data: { failingSince: now } });
  }
  if (disabled !== null) {
    await endpoints.updateMany({
      where: { id, enabled: true },
      data: { enabled: false, disabledReason: disabled, disabledAt: now },
    });
  }
}

function askAgain({ id, viewerId }: Delivery, notBefore: Date) {
  return ask(jobs.deliverWebhook, deliveryJob(id, viewerId), { key: id, notBefore });
}

function alarmOf({ id, environment }: Pick<WebhookEndpoint, 'id' | 'environment'>) {
  return { kind: 'WEBHOOK_DISABLED', environment, subject: id } as const;
}

/** Ends the alarm of an endpoint that an operator has seen to. */
export function endDisabledAlarm(
  app: App,
  endpoint: Pick<WebhookEndpoint, 'id' | 'environment'>,
): Promise<void> {
  return endAlarms(app, [alarmOf(endpoint)]);
}
