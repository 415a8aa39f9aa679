import { findUnheard, type Unheard, type UnheardConsent } from '../consents/unheard.ts';
import { builder } from './builder.ts';
import { Operations } from './operations.ts';

const OfConsent = builder.objectRef<UnheardConsent>('UnheardConsent').implement({
  description: 'A consent that ended though nobody had acknowledged its last alert.',
  fields: (t) => ({
    consentId: t.exposeString('consentId', {
      description: "The consent's id as the logs name it.",
    }),
    viewerId: t.exposeString('viewerId', { description: "The user's id as the logs name it." }),
    endedAt: t.expose('endedAt', { type: 'DateTime', description: 'When it ended.' }),
  }),
});

const UnheardAlerts = builder.objectRef<Unheard>('UnheardAlerts').implement({
  description:
    'The consents that ended within a week though nobody had acknowledged their last alert, but for those that were acknowledged or renewed since.',
  fields: (t) => ({
    count: t.exposeInt('count', { description: 'How many there are.' }),
    consents: t.field({
      type: [OfConsent],
      description: 'The hundred that ended last.',
      resolve: ({ consents }) => consents,
    }),
  }),
});

builder.objectField(Operations, 'unheardAlerts', (t) =>
  t.field({
    type: UnheardAlerts,
    description: 'Whose consent ended without their having heard of it.',
    resolve: (_parent, _args, { app }) => findUnheard(app),
  }),
);
