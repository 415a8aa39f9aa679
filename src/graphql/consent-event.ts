import { builder } from './builder.ts';
import { Consent } from './consent.ts';

builder.prismaObjectField(Consent, 'lastEventId', (t) =>
  t.field({
    type: 'String',
    nullable: true,
    description:
      'The id of the newest event about this consent, its accounts and transactions: the `webhook-id` under which webhooks tell of it, and the event of the change log. Null where the log has none of it any more.',
    select: { id: true },
    resolve: async ({ id }, _args, { loaders }) =>
      (await loaders.lastEvents.load(id))?.eventId ?? null,
  }),
);
