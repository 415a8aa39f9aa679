import { globalIdOf } from '../base/global-id.ts';
import { EVENT_TYPES, type EventType, TEST_TYPE } from '../outbox/event-types.ts';
import { type DeliveryRow, readDeliveries } from '../webhooks/read.ts';
import { builder } from './builder.ts';
import {
  fromCursor,
  isUuid,
  NIL_UUID,
  pageComplexity,
  pageSize,
  toPage,
  UUID,
} from './connection.ts';
import { Operations } from './operations.ts';
import { pageArguments } from './page-arguments.ts';
import { WebhookEndpoint, WebhookEventType } from './webhook-endpoint.ts';

const DeliveryStatus = builder.enumType('WebhookDeliveryStatus', {
  description: 'How far a delivery has come.',
  values: {
    PENDING: { description: 'It is to be sent, or sent again.' },
    DELIVERED: { description: 'The endpoint answered with a status of 200 to 299.' },
    FAILED: { description: 'It was tried for a day, or could not be tried: replay it.' },
  } as const,
});

/** The `WebhookDelivery` type. */
export const WebhookDelivery = builder.objectRef<DeliveryRow>('WebhookDelivery').implement({
  description: 'One event for one endpoint. The log shows neither whose it is nor what it says.',
  fields: (t) => ({
    id: t.id({
      description: 'Its id, which never changes.',
      resolve: ({ id }) => globalIdOf('WebhookDelivery', id),
    }),
    endpoint: t.field({
      type: WebhookEndpoint,
      nullable: true,
      description: 'For whom; null only if that has just been deleted.',
      resolve: ({ endpointId }, _args, { loaders }) => loaders.webhookEndpoints.load(endpointId),
    }),
    eventId: t.exposeString('eventId', {
      description:
        'The id of the event, sent as `webhook-id`: the same at every attempt, replay and endpoint.',
    }),
    eventType: t.field({
      type: WebhookEventType,
      nullable: true,
      description: 'What it tells of; null for a test.',
      resolve: ({ eventType }) =>
        Object.hasOwn(EVENT_TYPES, eventType) ? (eventType as EventType) : null,
    }),
    test: t.boolean({
      description: 'Whether it is a test, sent once under the type `webhook.test`.',
      resolve: ({ eventType }) => eventType === TEST_TYPE,
    }),
    status: t.expose('status', { type: DeliveryStatus, description: 'How far it has come.' }),
    attempts: t.exposeInt('attempts', { description: 'How often it was sent.' }),
    lastStatus: t.exposeInt('lastStatus', {
      nullable: true,
      description: 'The HTTP status of the last answer; null where none came.',
    }),
    lastError: t.exposeString('lastError', {
      nullable: true,
      description:
        'Why the last attempt failed: `STATUS`, `REDIRECTED`, `TIMEOUT`, `NETWORK`, `NAME_UNKNOWN`, `ADDRESS_REFUSED`, `URL_REFUSED`, `SECRET_UNREADABLE` or `ENDPOINT_DISABLED`; null where it did not.',
    }),
    occurredAt: t.expose('occurredAt', {
      type: 'DateTime',
      description: 'When that happened of which it tells.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was written.' }),
    lastAttemptAt: t.expose('lastAttemptAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was last sent; null before.',
    }),
    nextAttemptAt: t.expose('nextAttemptAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it is sent next; null where that is over.',
    }),
    endedAt: t.expose('endedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it arrived or was given up; null before.',
    }),
    replayOf: t.id({
      nullable: true,
      description: 'The `id` of the delivery that it repeats; null where it is no replay.',
      resolve: ({ replayOf }) => replayOf && globalIdOf('WebhookDelivery', replayOf),
    }),
  }),
});

const DeliveryConnection = builder.connectionObject(
  {
    type: WebhookDelivery,
    name: 'WebhookDeliveryConnection',
    description: 'Deliveries, a page at a time.',
  },
  { name: 'WebhookDeliveryEdge', description: 'A delivery and its place in the list.' },
);

builder.objectField(Operations, 'webhookDeliveries', (t) =>
  t.field({
    type: DeliveryConnection,
    description: 'The log of deliveries, newest first.',
    complexity: pageComplexity,
    args: {
      ...pageArguments,
      endpoint: t.arg.globalID({ description: 'Only those of the endpoint with this `id`.' }),
      status: t.arg({ type: DeliveryStatus, description: 'Only those that have come so far.' }),
    },
    resolve: async (_parent, { first, after, endpoint, status }, { app }) => {
      const limit = pageSize(first);
      const rows = await readDeliveries(app, {
        endpointId: endpoint ? endpointIdOf(endpoint) : undefined,
        status: status ?? undefined,
        after: after ? (fromCursor(after, [isInstant, isUuid]) as [string, string]) : undefined,
        limit: limit + 1,
      });
      return toPage(rows, limit, after, ({ createdAt, id }) => [createdAt.toISOString(), id]);
    },
  }),
);

/** Our id of an endpoint; one that no row has where it is of something else. */
export function endpointIdOf({ typename, id }: { typename: string; id: string }): string {
  return typename === 'WebhookEndpoint' && UUID.test(id) ? id : NIL_UUID;
}

function isInstant(word: string): boolean {
  return /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/.test(word);
}
