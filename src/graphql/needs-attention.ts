import type { AccountRow } from '../accounts/read.ts';
import { nowOf } from '../base/clock.ts';
import { type Attention, findAttention } from '../consents/attention.ts';
import type { Consent as ConsentRow } from '../generated/prisma/client.ts';
import { BankAccount, Card } from './account.ts';
import { builder } from './builder.ts';
import { Consent } from './consent.ts';
import { Remedy } from './remedy.ts';
import { Viewer } from './viewer.ts';

/** Which mutation mends what; nothing can be asked of this API about the rest. */
const MUTATIONS: Readonly<Partial<Record<Attention['remedy'], string>>> = {
  RENEW: 'renewConsent',
  RECONNECT: 'authLink',
};

const Subject = builder.unionType('AttentionSubject', {
  description: 'What is not well: a whole consent, or one account of a consent that is.',
  types: [Consent, BankAccount, Card],
  resolveType: (row: ConsentRow | AccountRow) => {
    if (!('kind' in row)) return 'Consent';
    return row.kind === 'CARD' ? 'Card' : 'BankAccount';
  },
});

const Urgency = builder.enumType('AttentionUrgency', {
  description: 'How urgent it is that the user does something.',
  values: {
    NOW: { description: 'Nothing is read until they do.' },
    SOON: { description: 'The rest is read on; of a consent, until `until`.' },
    WATCH: {
      description: 'It is told, not asked: others are at it, or it ended as it was meant to.',
    },
  } as const,
});

const NeedsAttention = builder.objectRef<Attention>('NeedsAttention').implement({
  description: 'A consent or account that is not well, and what mends it.',
  fields: (t) => ({
    subject: t.field({
      type: Subject,
      nullable: true,
      description: 'What it is about; null only if that has just been removed.',
      resolve: ({ subject }, _args, { loaders }): Promise<ConsentRow | AccountRow | null> =>
        'accountId' in subject
          ? loaders.accounts.load(subject.accountId)
          : loaders.consents.load(subject.consentId),
    }),
    urgency: t.expose('urgency', { type: Urgency, description: 'How urgent it is.' }),
    remedy: t.expose('remedy', { type: Remedy, description: 'What mends it; never `NONE`.' }),
    message: t.string({
      description: 'The same in plain English, for the user.',
      resolve: ({ message }) => message ?? '',
    }),
    mutation: t.string({
      nullable: true,
      description:
        'The mutation of this API that begins to mend it, `renewConsent` or `authLink`; null where the user can only wait, or turn to the bank.',
      resolve: ({ remedy }) => MUTATIONS[remedy] ?? null,
    }),
    since: t.field({
      type: 'DateTime',
      description: 'From when on it is so.',
      resolve: ({ since }, _args, { app }) => since ?? nowOf(app.clock),
    }),
    until: t.expose('until', {
      type: 'DateTime',
      nullable: true,
      description: 'When reading stops unless it is mended; null where it has, or will not.',
    }),
  }),
});

builder.objectField(Viewer, 'needsAttention', (t) =>
  t.field({
    type: [NeedsAttention],
    description:
      'The consents and accounts that are not well, the most urgent first, at most a hundred; empty where all is well. An account stands for itself only where its consent is read. Left out are consents that the user took back, those that ended more than 30 days ago, and ended ones whose accounts a newer consent reads.',
    resolve: async ({ id }, _args, { app, reader }) => [...(await findAttention(app, reader, id))],
  }),
);
