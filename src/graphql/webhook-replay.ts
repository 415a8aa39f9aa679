import { readDelivery } from '../webhooks/read.ts';
import { WebhookUnknownError } from '../webhooks/endpoint-wish.ts';
import { replayDelivery, replaySince, sendTest } from '../webhooks/replay.ts';
import { builder } from './builder.ts';
import { NIL_UUID, UUID } from './connection.ts';
import { requireOperator } from './context.ts';
import { endpointIdOf, WebhookDelivery } from './webhook-delivery.ts';

const Sent = builder.objectRef<{ readonly deliveryId: string }>('SentWebhook').implement({
  description: 'A delivery that is under way.',
  fields: (t) => ({
    delivery: t.field({
      type: WebhookDelivery,
      nullable: true,
      description: 'The delivery: its `status` says what came of it; null if it is gone already.',
      resolve: ({ deliveryId }, _args, { app }) => readDelivery(app, deliveryId),
    }),
  }),
});

const Replay = builder.objectRef<{ readonly since: Date }>('WebhookReplay').implement({
  description: 'Deliveries that are sent again, one after the other: the log shows them.',
  fields: (t) => ({
    since: t.expose('since', { type: 'DateTime', description: 'Those written from then on.' }),
  }),
});

const TestInput = builder.inputType('SendTestWebhookInput', {
  description: 'Which endpoint.',
  fields: (t) => ({
    endpoint: t.globalID({ required: true, description: 'The `id` of an endpoint.' }),
  }),
});

const ReplayInput = builder.inputType('ReplayWebhookInput', {
  description: 'Which delivery.',
  fields: (t) => ({
    delivery: t.globalID({ required: true, description: 'The `id` of a delivery.' }),
  }),
});

const ReplaySinceInput = builder.inputType('ReplayWebhooksInput', {
  description: 'Which deliveries of an endpoint.',
  fields: (t) => ({
    endpoint: t.globalID({ required: true, description: 'The `id` of an endpoint.' }),
    since: t.field({
      type: 'DateTime',
      required: true,
      description: 'Those that were written from then on: the log reaches back 30 days.',
    }),
    all: t.boolean({
      description:
        'True: also those that arrived. If not given, those alone that failed and were not replayed since.',
    }),
  }),
});

builder.mutationField('sendTestWebhook', (t) =>
  t.field({
    type: Sent,
    description:
      'Sends a message of the type `webhook.test` to an endpoint, also to a disabled one: once, whatever comes of it. For operators only.',
    errors: {
      types: [WebhookUnknownError],
      union: { name: 'SendTestWebhookResult', description: 'The delivery, or why there is none.' },
      directResult: true,
    },
    args: { input: t.arg({ type: TestInput, required: true, description: 'The endpoint.' }) },
    resolve: async (_parent, { input }, context) => {
      const { subject } = requireOperator(context);
      return { deliveryId: await sendTest(context.app, subject, endpointIdOf(input.endpoint)) };
    },
  }),
);

builder.mutationField('replayWebhook', (t) =>
  t.field({
    type: Sent,
    description:
      'Sends the event of a delivery to its endpoint again, under the same `webhook-id`. For operators only.',
    errors: {
      types: [WebhookUnknownError],
      union: { name: 'ReplayWebhookResult', description: 'The new delivery, or why none.' },
      directResult: true,
    },
    args: { input: t.arg({ type: ReplayInput, required: true, description: 'The delivery.' }) },
    resolve: async (_parent, { input: { delivery } }, context) => {
      const { subject } = requireOperator(context);
      const known = delivery.typename === 'WebhookDelivery' && UUID.test(delivery.id);
      const id = known ? delivery.id : NIL_UUID;
      return { deliveryId: await replayDelivery(context.app, subject, id) };
    },
  }),
);

builder.mutationField('replayWebhooks', (t) =>
  t.field({
    type: Replay,
    description:
      "Sends an endpoint's deliveries of some time again, each under its own `webhook-id`. For operators only.",
    errors: {
      types: [WebhookUnknownError],
      union: { name: 'ReplayWebhooksResult', description: 'That it has begun, or why not.' },
      directResult: true,
    },
    args: {
      input: t.arg({ type: ReplaySinceInput, required: true, description: 'The deliveries.' }),
    },
    resolve: async (_parent, { input: { endpoint, since, all } }, context) => {
      const { subject } = requireOperator(context);
      const wish = { endpointId: endpointIdOf(endpoint), since, all: all ?? false };
      await replaySince(context.app, subject, wish);
      return { since };
    },
  }),
);
