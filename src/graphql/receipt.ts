import type { ConsentWay as Way } from '../consents/receipt.ts';
import { builder } from './builder.ts';
import { Consent } from './consent.ts';

const WAYS = {
  AUTH_LINK: {
    description: "By an auth link: the user went through TrueLayer's and the bank's pages.",
  },
  EXTEND: { description: 'At once: the bank asked for nothing more.' },
  EXTEND_LINK: { description: 'By extending the connection, for which the user was at the bank.' },
} as const;

/** The `ConsentWay` type. */
export const ConsentWay = builder.enumType('ConsentWay', {
  description: 'How a period of a consent comes about.',
  values: WAYS,
});

const KINDS = {
  CONSENT: { description: 'The consent was given.' },
  RECONFIRMATION: { description: 'It was confirmed for another period.' },
} as const;
const ReceiptKind = builder.enumType('ConsentReceiptKind', {
  description: 'What a receipt is for.',
  values: KINDS,
});

builder.prismaObject('ConsentReceipt', {
  description: 'What the user agreed to, when and how: one for each period. It is never changed.',
  fields: (t) => ({
    kind: t.field({
      type: ReceiptKind,
      description: 'What it is for.',
      resolve: ({ kind }) => kind as keyof typeof KINDS,
    }),
    way: t.field({
      type: ConsentWay,
      description: 'How it came about.',
      resolve: ({ way }) => way as Way,
    }),
    receivedAt: t.expose('receivedAt', {
      type: 'DateTime',
      description: 'When that was complete.',
    }),
    period: t.exposeInt('period', { description: 'The period that it began, from 1 on.' }),
    textVersion: t.exposeString('textVersion', {
      nullable: true,
      description: 'Of the text that the user read; null for consents from before that was kept.',
    }),
    scopes: t.exposeStringList('scopes', { description: 'What the user agreed to.' }),
  }),
});

builder.prismaObjectField(Consent, 'receipts', (t) =>
  t.relation('receipts', {
    description: 'What the user agreed to, one for each period, oldest first.',
    query: { orderBy: { period: 'asc' } },
  }),
);
