import { changedFields, CONTENT_FIELDS, type ReplacedVersion } from '../accounts/versions.ts';
import { builder } from './builder.ts';
import { fromCursor, pageComplexity, pageSize, toPage } from './connection.ts';
import { Money, moneyOrNull } from './money.ts';
import { pageArguments } from './page-arguments.ts';
import { Transaction, TransactionStatus } from './transaction.ts';
import { categoryOf, TransactionCategory } from './transaction-category.ts';

const Version = builder.objectRef<ReplacedVersion>('TransactionVersion').implement({
  description: 'What a transaction said before the bank said something else.',
  fields: (t) => ({
    version: t.exposeInt('version', { description: 'Its number: 1 for what was read first.' }),
    replacedAt: t.expose('replaced_at', {
      type: 'DateTime',
      description: 'When the bank said something else.',
    }),
    changed: t.field({
      type: ['String'],
      description: `What was changed then: ${CONTENT_FIELDS.map((name) => `\`${name}\``).join(', ')}.`,
      resolve: changedFields,
    }),
    status: t.field({
      type: TransactionStatus,
      description: 'How far it had come.',
      resolve: ({ content }) => (content.status === 'PENDING' ? 'PENDING' : 'BOOKED'),
    }),
    bookedOn: t.field({
      type: 'Date',
      description: "The bank's local day.",
      resolve: ({ content }) => content.bookedOn,
    }),
    amount: t.field({
      type: Money,
      description: 'As the holder sees it: money out is negative, for cards too.',
      resolve: ({ content }) => content,
    }),
    description: t.string({
      description: "The bank's text.",
      resolve: ({ content }) => content.description,
    }),
    merchantName: t.string({
      nullable: true,
      description: 'The merchant, tidied; null where not known.',
      resolve: ({ content }) => content.merchantName,
    }),
    category: t.field({
      type: TransactionCategory,
      description: 'The kind of transaction.',
      resolve: ({ content }) => categoryOf(content.category),
    }),
    counterpartyName: t.string({
      nullable: true,
      description: 'Who is on the other side; null where the bank did not say.',
      resolve: ({ content }) => content.counterpartyName,
    }),
    reference: t.string({
      nullable: true,
      description: 'The payment reference; null where there was none.',
      resolve: ({ content }) => content.reference,
    }),
    runningBalance: t.field({
      type: Money,
      nullable: true,
      description: "The account's balance after it, in the bank's word; null where not given.",
      resolve: ({ content }) => moneyOrNull(content.runningBalance, content.currency),
    }),
  }),
});

const Versions = builder.connectionObject(
  {
    type: Version,
    name: 'TransactionVersionConnection',
    description: 'What a transaction said before, newest first.',
  },
  { name: 'TransactionVersionEdge', description: 'A version and its place in the list.' },
);

builder.objectField(Transaction, 'versions', (t) =>
  t.field({
    type: Versions,
    description:
      'What it said before the bank changed it, newest first; empty where nothing was ever changed. What was pending and came back booked has its pending self here.',
    args: pageArguments,
    complexity: pageComplexity,
    resolve: async ({ id: transactionId }, args, { loaders }) => {
      const first = pageSize(args.first);
      const before = args.after ? Number(fromCursor(args.after, [isNumber])[0]) : null;
      const rows = await loaders.transactionVersions.load({ transactionId, before, first });
      return toPage(rows, first, args.after, ({ version }) => [String(version)]);
    },
  }),
);

function isNumber(word: string): boolean {
  return /^[1-9]\d{0,8}$/.test(word);
}
