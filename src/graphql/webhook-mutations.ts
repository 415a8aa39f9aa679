import { globalIdOf } from '../base/global-id.ts';
import type { WebhookEndpoint as EndpointRow } from '../generated/prisma/client.ts';
import {
  createEndpoint,
  deleteEndpoint,
  type EndpointWithSecret,
  rotateSecret,
  updateEndpoint,
} from '../webhooks/endpoints.ts';
import { WebhookRefusedError, WebhookUnknownError } from '../webhooks/endpoint-wish.ts';
import { builder } from './builder.ts';
import { requireOperator } from './context.ts';
import { endpointIdOf } from './webhook-delivery.ts';
import { WebhookEndpoint, WebhookEventType } from './webhook-endpoint.ts';

const WithSecret = builder.objectRef<EndpointWithSecret>('WebhookEndpointWithSecret').implement({
  description: 'An endpoint and its secret, which is never shown again.',
  fields: (t) => ({
    endpoint: t.field({
      type: WebhookEndpoint,
      description: 'The endpoint.',
      resolve: ({ endpoint }) => endpoint,
    }),
    secret: t.exposeString('secret', {
      description: 'What its messages are signed with, `whsec_…`: keep it where you verify them.',
    }),
  }),
});

const Updated = builder
  .objectRef<{ readonly endpoint: EndpointRow }>('UpdatedWebhookEndpoint')
  .implement({
    description: 'An endpoint that was changed.',
    fields: (t) => ({
      endpoint: t.field({
        type: WebhookEndpoint,
        description: 'The endpoint as it is now.',
        resolve: ({ endpoint }) => endpoint,
      }),
    }),
  });

const Deleted = builder
  .objectRef<{ readonly deletedId: string }>('DeletedWebhookEndpoint')
  .implement({
    description: 'An endpoint that is no more.',
    fields: (t) => ({
      deletedId: t.exposeID('deletedId', { description: 'The `id` that it had.' }),
    }),
  });

const CreateInput = builder.inputType('CreateWebhookEndpointInput', {
  description: 'What is to hear of what.',
  fields: (t) => ({
    url: t.string({
      required: true,
      description:
        'Where events are posted to: https, at a server on the public internet; in development also http and this machine itself.',
    }),
    description: t.string({ description: 'What it is for, in at most 200 characters.' }),
    eventTypes: t.field({
      type: [WebhookEventType],
      description: 'What it hears of; everything if empty or not given.',
    }),
  }),
});

const UpdateInput = builder.inputType('UpdateWebhookEndpointInput', {
  description: 'Which endpoint, and what of it changes: what is not given stays.',
  fields: (t) => ({
    id: t.globalID({ required: true, description: 'The `id` of an endpoint.' }),
    url: t.string({ description: 'Where events are posted to.' }),
    description: t.string({ description: 'What it is for, in at most 200 characters.' }),
    eventTypes: t.field({
      type: [WebhookEventType],
      description: 'What it hears of; everything if empty.',
    }),
    enabled: t.boolean({ description: 'Whether it hears of what happens from now on.' }),
  }),
});

const IdInput = builder.inputType('WebhookEndpointInput', {
  description: 'Which endpoint.',
  fields: (t) => ({
    id: t.globalID({ required: true, description: 'The `id` of an endpoint.' }),
  }),
});

const input = 'The wish.';

builder.mutationField('createWebhookEndpoint', (t) =>
  t.field({
    type: WithSecret,
    description: 'Registers an endpoint. For operators only.',
    errors: {
      types: [WebhookRefusedError],
      union: { name: 'CreateWebhookEndpointResult', description: 'The endpoint, or why not.' },
      directResult: true,
    },
    args: { input: t.arg({ type: CreateInput, required: true, description: input }) },
    resolve: (_parent, { input: { url, description, eventTypes } }, context) =>
      createEndpoint(context.app, requireOperator(context).subject, {
        url,
        description: description ?? '',
        eventTypes: eventTypes ?? [],
      }),
  }),
);

builder.mutationField('updateWebhookEndpoint', (t) =>
  t.field({
    type: Updated,
    description: 'Changes an endpoint, or enables or disables it. For operators only.',
    errors: {
      types: [WebhookRefusedError, WebhookUnknownError],
      union: { name: 'UpdateWebhookEndpointResult', description: 'The endpoint, or why not.' },
      directResult: true,
    },
    args: { input: t.arg({ type: UpdateInput, required: true, description: input }) },
    resolve: async (_parent, { input: { id, ...wish } }, context) => {
      const { url, description, eventTypes, enabled } = wish;
      const endpoint = await updateEndpoint(
        context.app,
        requireOperator(context).subject,
        endpointIdOf(id),
        {
          ...(typeof url === 'string' ? { url } : {}),
          ...(typeof description === 'string' ? { description } : {}),
          ...(eventTypes ? { eventTypes } : {}),
          ...(typeof enabled === 'boolean' ? { enabled } : {}),
        },
      );
      return { endpoint };
    },
  }),
);

builder.mutationField('rotateWebhookSecret', (t) =>
  t.field({
    type: WithSecret,
    description:
      'Gives an endpoint a new secret. For 24 hours messages bear both signatures, so that you can change over without losing one; a rotation within that time ends the older secret at once. For operators only.',
    errors: {
      types: [WebhookRefusedError, WebhookUnknownError],
      union: { name: 'RotateWebhookSecretResult', description: 'The new secret, or why none.' },
      directResult: true,
    },
    args: { input: t.arg({ type: IdInput, required: true, description: input }) },
    resolve: (_parent, { input: { id } }, context) =>
      rotateSecret(context.app, requireOperator(context).subject, endpointIdOf(id)),
  }),
);

builder.mutationField('deleteWebhookEndpoint', (t) =>
  t.field({
    type: Deleted,
    description:
      'Deletes an endpoint with the log of its deliveries and what was still to be sent. For operators only.',
    errors: {
      types: [WebhookUnknownError],
      union: { name: 'DeleteWebhookEndpointResult', description: 'That it is gone, or why not.' },
      directResult: true,
    },
    args: { input: t.arg({ type: IdInput, required: true, description: input }) },
    resolve: async (_parent, { input: { id } }, context) => {
      await deleteEndpoint(context.app, requireOperator(context).subject, endpointIdOf(id));
      return { deletedId: globalIdOf('WebhookEndpoint', id.id) };
    },
  }),
);
