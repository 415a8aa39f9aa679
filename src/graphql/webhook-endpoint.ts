import { globalIdOf } from '../base/global-id.ts';
import type { WebhookEndpoint as EndpointRow } from '../generated/prisma/client.ts';
import { EVENT_TYPES, type EventType } from '../outbox/event-types.ts';
import { findEndpoints } from '../webhooks/endpoints.ts';
import { builder } from './builder.ts';
import { Operations } from './operations.ts';

/** The name of an event's type in the schema, whose enums have no dots. */
function nameOf(type: EventType): string {
  return type.replaceAll('.', '_').toUpperCase();
}

/** The `WebhookEventType` enum; its values are the names on the wire. */
export const WebhookEventType = builder.enumType('WebhookEventType', {
  description:
    'What a webhook can tell of. On the wire it is written with a dot, `consent.expiring` for `CONSENT_EXPIRING`.',
  values: Object.fromEntries(
    Object.entries(EVENT_TYPES).map(([type, description]) => [
      nameOf(type as EventType),
      { value: type as EventType, description },
    ]),
  ),
});

const DISABLED_REASONS = {
  OPERATOR: { description: 'An operator did it.' },
  GONE: { description: 'It answered with status 410: it is gone.' },
  FAILING: { description: 'It did nothing but fail for five days.' },
} as const;
const DisabledReason = builder.enumType('WebhookDisabledReason', {
  description: 'Why nothing is sent to an endpoint.',
  values: DISABLED_REASONS,
});

/** The `WebhookEndpoint` type. */
export const WebhookEndpoint = builder.objectRef<EndpointRow>('WebhookEndpoint').implement({
  description: 'An address of yours that hears of events, by the Standard Webhooks specification.',
  fields: (t) => ({
    id: t.id({
      description: 'Its id, which never changes.',
      resolve: ({ id }) => globalIdOf('WebhookEndpoint', id),
    }),
    url: t.exposeString('url', { description: 'Where events are posted to.' }),
    description: t.exposeString('description', { description: 'What it is for, in your words.' }),
    eventTypes: t.field({
      type: [WebhookEventType],
      description: 'What it hears of; empty where that is everything, of later versions too.',
      resolve: ({ eventTypes }) =>
        eventTypes.filter((type): type is EventType => Object.hasOwn(EVENT_TYPES, type)),
    }),
    enabled: t.exposeBoolean('enabled', {
      description: 'Whether it hears of what happens now. What happens while not is never sent.',
    }),
    disabledReason: t.field({
      type: DisabledReason,
      nullable: true,
      description: 'Why it is disabled; null while it is not.',
      resolve: ({ disabledReason }) => disabledReason as keyof typeof DISABLED_REASONS | null,
    }),
    disabledAt: t.expose('disabledAt', {
      type: 'DateTime',
      nullable: true,
      description: 'Since when; null while it is enabled.',
    }),
    failingSince: t.expose('failingSince', {
      type: 'DateTime',
      nullable: true,
      description: 'Since when everything sent to it failed; null where the last did not.',
    }),
    previousSecretEndsAt: t.expose('previousEndsAt', {
      type: 'DateTime',
      nullable: true,
      description:
        'Until when the secret before the last rotation signs too; null where there is none.',
    }),
    createdAt: t.expose('createdAt', {
      type: 'DateTime',
      description: 'When it was registered.',
    }),
  }),
});

builder.objectField(Operations, 'webhookEndpoints', (t) =>
  t.field({
    type: [WebhookEndpoint],
    description: 'The registered endpoints, oldest first: there are at most 20.',
    resolve: (_parent, _args, { app }) => findEndpoints(app),
  }),
);
