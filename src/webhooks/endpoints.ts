import { recordAct } from '../acts/acts.ts';
import type { App } from '../app.ts';
import { HOUR, later, nowOf } from '../base/clock.ts';
import { uuidv7 } from '../base/entropy.ts';
import type { WebhookEndpoint } from '../generated/prisma/client.ts';
import { NOBODY, type Tx } from '../postgres/db.ts';
import { endDisabledAlarm } from './deliver.ts';
import {
  checkWish,
  type EndpointWish,
  WebhookRefusedError,
  WebhookUnknownError,
} from './endpoint-wish.ts';
import { makeSecret, openSecret, sealSecret, unreadable } from './secrets.ts';

/** An endpoint, and the secret that is shown this once. */
export interface EndpointWithSecret {
  readonly endpoint: WebhookEndpoint;
  readonly secret: string;
}

/** Each event costs a row for each of them. */
const ENDPOINTS_MAX = 20;
/** How long the secret before still signs after a rotation. */
const OVERLAP_HOURS = 24;

/**
 * Registers an endpoint. Looks for its address, without speaking to it.
 *
 * @throws WebhookRefusedError
 */
export async function createEndpoint(
  app: App,
  operator: string,
  wish: EndpointWish,
): Promise<EndpointWithSecret> {
  await checkWish(app, wish);
  const { url, description, eventTypes } = wish;
  const { environment } = app.client;
  const now = nowOf(app.clock);
  const id = uuidv7(app.entropy, now);
  const secret = makeSecret(app);
  const sealedSecret = await sealSecret(app, 'sealed_secret', id, secret);
  const endpoint = await app.database.transact(NOBODY, async (tx) => {
    // One at a time, so that two cannot both be the last that is allowed.
    await tx.$queryRaw`select pg_advisory_xact_lock(7243003)::text`;
    if ((await tx.webhookEndpoint.count({ where: { environment } })) >= ENDPOINTS_MAX) {
      throw new WebhookRefusedError(
        'TOO_MANY_ENDPOINTS',
        `There are ${ENDPOINTS_MAX} endpoints already: delete one that is not needed.`,
      );
    }
    await recordAct(tx, { operator, act: 'WEBHOOK_ENDPOINT_CREATED', subject: id, at: now });
    return tx.webhookEndpoint.create({
      data: {
        id,
        environment,
        url,
        description,
        eventTypes: [...eventTypes],
        enabled: true,
        sealedSecret,
        createdAt: now,
      },
    });
  });
  return { endpoint, secret };
}

/**
 * Changes what is given of an endpoint. Enabled anew, it begins without the failures of before.
 *
 * @throws WebhookUnknownError, WebhookRefusedError
 */
export async function updateEndpoint(
  app: App,
  operator: string,
  id: string,
  wish: Partial<EndpointWish> & { readonly enabled?: boolean | undefined },
): Promise<WebhookEndpoint> {
  const data = await checkWish(app, wish);
  const now = nowOf(app.clock);
  const endpoint = await app.database.transact(NOBODY, async (tx) => {
    const before = await lockEndpoint(app, tx, id);
    await recordAct(tx, { operator, act: 'WEBHOOK_ENDPOINT_UPDATED', subject: id, at: now });
    return tx.webhookEndpoint.update({
      where: { id },
      data: {
        ...data,
        ...(wish.eventTypes === undefined ? {} : { eventTypes: [...wish.eventTypes] }),
        ...(wish.enabled === undefined || wish.enabled === before.enabled
          ? {}
          : turned(wish.enabled, now)),
      },
    });
  });
  if (endpoint.enabled) await endDisabledAlarm(app, endpoint);
  return endpoint;
}

function turned(enabled: boolean, now: Date) {
  return enabled
    ? { enabled, disabledReason: null, disabledAt: null, failingSince: null }
    : { enabled, disabledReason: 'OPERATOR', disabledAt: now };
}

/**
 * Gives an endpoint a new secret. The one before signs beside it for a day; one before that no more.
 *
 * @throws WebhookUnknownError
 */
export async function rotateSecret(
  app: App,
  operator: string,
  id: string,
): Promise<EndpointWithSecret> {
  const before = await findEndpoint(app, id);
  const now = nowOf(app.clock);
  const secret = makeSecret(app);
  // Sealed before the transaction, since a key may live behind a network.
  const sealedSecret = await sealSecret(app, 'sealed_secret', id, secret);
  const old = await openSecret(app, before).catch(unreadable);
  const sealedPreviousSecret = old && (await sealSecret(app, 'sealed_previous_secret', id, old));
  const endpoint = await app.database.transact(NOBODY, async (tx) => {
    await lockEndpoint(app, tx, id);
    const { count } = await tx.webhookEndpoint.updateMany({
      where: { id, sealedSecret: before.sealedSecret },
      data: {
        sealedSecret,
        sealedPreviousSecret,
        previousEndsAt: old === null ? null : later(now, OVERLAP_HOURS * HOUR),
      },
    });
    if (count === 0) {
      throw new WebhookRefusedError(
        'SECRET_CHANGED',
        'The secret was changed by somebody else at this moment: look, and ask again.',
      );
    }
    await recordAct(tx, { operator, act: 'WEBHOOK_SECRET_ROTATED', subject: id, at: now });
    return tx.webhookEndpoint.findUniqueOrThrow({ where: { id } });
  });
  return { endpoint, secret };
}

/**
 * Deletes an endpoint, what is still to be sent to it, and the log of its deliveries.
 *
 * @throws WebhookUnknownError
 */
export async function deleteEndpoint(app: App, operator: string, id: string): Promise<void> {
  const endpoint = await app.database.transact(NOBODY, async (tx) => {
    await lockEndpoint(app, tx, id);
    const at = nowOf(app.clock);
    await recordAct(tx, { operator, act: 'WEBHOOK_ENDPOINT_DELETED', subject: id, at });
    return tx.webhookEndpoint.delete({ where: { id } });
  });
  await endDisabledAlarm(app, endpoint);
}

/**
 * An endpoint of this environment.
 *
 * @throws WebhookUnknownError
 */
export async function findEndpoint(app: App, id: string): Promise<WebhookEndpoint> {
  const { environment } = app.client;
  const found = await app.database.shared.webhookEndpoint.findFirst({
    where: { id, environment },
  });
  if (found === null) throw new WebhookUnknownError('ENDPOINT');
  return found;
}

/** All endpoints of this environment, oldest first. */
export function findEndpoints(app: App): Promise<WebhookEndpoint[]> {
  return app.database.shared.webhookEndpoint.findMany({
    where: { environment: app.client.environment },
    orderBy: { id: 'asc' },
    take: ENDPOINTS_MAX,
  });
}

/**
 * The same, held until the end of the transaction.
 *
 * @throws WebhookUnknownError
 */
export async function lockEndpoint(app: App, tx: Tx, id: string): Promise<WebhookEndpoint> {
  const { environment } = app.client;
  await tx.$queryRaw`select id::text from webhook_endpoint where id = ${id}::uuid
    for no key update`;
  const found = await tx.webhookEndpoint.findFirst({ where: { id, environment } });
  if (found === null) throw new WebhookUnknownError('ENDPOINT');
  return found;
}
