import { findTransactions, readTransactions, type TransactionRow } from '../accounts/read.ts';
import { Account } from './account-ref.ts';
import { builder } from './builder.ts';
import {
  badInput,
  fromCursor,
  isDay,
  isUuid,
  pageComplexity,
  pageSize,
  toPage,
  UUID,
} from './connection.ts';
import { requireViewer } from './context.ts';
import { Money, moneyOrNull } from './money.ts';
import { categoryOf, TransactionCategory } from './transaction-category.ts';
import { dayArguments, pageArguments } from './page-arguments.ts';

/** The `TransactionStatus` enum. */
export const TransactionStatus = builder.enumType('TransactionStatus', {
  description: 'How far a transaction has come.',
  values: {
    PENDING: { description: 'Announced by the bank: it may still change or vanish.' },
    BOOKED: { description: "In the account's books." },
    REMOVED: {
      description:
        'The bank shows it no more: what was booked, after two complete readings without it; what was pending, at once. It comes back if it is shown again, and what was pending if it is booked after all; else that is forgotten after 30 days. Lists leave it out unless asked for it.',
    },
  } as const,
});

/** The argument that narrows a list of transactions to some statuses. */
export const statusArgument = builder.args((t) => ({
  status: t.field({
    type: [TransactionStatus],
    description: 'Only of these; all but `REMOVED` if not given.',
  }),
}));

const ProviderIds = builder.objectRef<TransactionRow>('TransactionProviderIds').implement({
  description: 'What others call a transaction. Our own `id` is the one that never changes.',
  fields: (t) => ({
    transactionId: t.exposeString('transaction_id', {
      description: "TrueLayer's id as last seen; it may differ at every reading.",
    }),
    normalisedId: t.exposeString('normalised_id', {
      nullable: true,
      description: 'The id that TrueLayer keeps the same; null where the bank does not allow one.',
    }),
    providerTransactionId: t.exposeString('provider_transaction_id', {
      nullable: true,
      description: "The bank's own id; null where it gives none.",
    }),
  }),
});

/** The `Transaction` type. */
export const Transaction = builder.objectRef<TransactionRow>('Transaction');

builder.node(Transaction, {
  description: 'One movement of money, exactly once however often the bank is read.',
  id: { resolve: (row) => row.id, description: 'Its id, which never changes.' },
  loadMany: async (ids, context) => {
    const viewer = requireViewer(context);
    const known = ids.filter((id) => UUID.test(id));
    const rows = await findTransactions(context.app.database, viewer.id, known);
    const byId = new Map(rows.map((row) => [row.id, row]));
    return ids.map((id) => byId.get(id) ?? null);
  },
  isTypeOf: (value) => typeof value === 'object' && value !== null && 'booked_on' in value,
  fields: (t) => ({
    account: t.field({
      type: Account,
      nullable: true,
      description: 'The account it belongs to; null only if that has just been removed.',
      resolve: (row, _args, { loaders }) => loaders.accounts.load(row.account_id),
    }),
    status: t.expose('status', {
      type: TransactionStatus,
      description: 'Pending, booked or removed.',
    }),
    bookedOn: t.expose('booked_on', { type: 'Date', description: "The bank's local day." }),
    bookedAt: t.expose('booked_at', {
      type: 'DateTime',
      nullable: true,
      description: 'The instant; null where the bank gives only the day, as most do.',
    }),
    amount: t.field({
      type: Money,
      description: 'As the holder sees it: money out is negative, for cards too.',
      resolve: (row) => row,
    }),
    description: t.exposeString('description', { description: "The bank's text." }),
    merchantName: t.exposeString('merchant_name', {
      nullable: true,
      description: 'The merchant, tidied; null where not known.',
    }),
    category: t.field({
      type: TransactionCategory,
      description: 'The kind of transaction.',
      resolve: (row) => categoryOf(row.category),
    }),
    classification: t.exposeStringList('classification', {
      description: "TrueLayer's classification, from general to particular; empty where none.",
    }),
    counterpartyName: t.exposeString('counterparty_name', {
      nullable: true,
      description: 'Who is on the other side; null where the bank does not say.',
    }),
    reference: t.exposeString('reference', {
      nullable: true,
      description: 'The payment reference; null where there is none.',
    }),
    runningBalance: t.field({
      type: Money,
      nullable: true,
      description: "The account's balance after it, in the bank's word; null where not given.",
      resolve: (row) => moneyOrNull(row.running_balance, row.currency),
    }),
    signDisputed: t.exposeBoolean('sign_disputed', {
      description: "The bank's sign and its word DEBIT or CREDIT disagreed; the word was believed.",
    }),
    providerIds: t.field({
      type: ProviderIds,
      description: 'What the bank and TrueLayer call it.',
      resolve: (row) => row,
    }),
    version: t.exposeInt('version', {
      description: '1, and one more each time the bank changed it.',
    }),
    firstSeenAt: t.expose('first_seen_at', {
      type: 'DateTime',
      description: 'When it was first read from the bank.',
    }),
    changedAt: t.expose('changed_at', {
      type: 'DateTime',
      description: 'When it was last read with something new.',
    }),
    removedAt: t.expose('removed_at', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was removed; null while the bank shows it.',
    }),
  }),
});

/** A page of transactions. */
export const TransactionConnection = builder.connectionObject(
  { type: Transaction, name: 'TransactionConnection', description: 'Transactions, newest first.' },
  { name: 'TransactionEdge', description: 'A transaction and its place in the list.' },
);

/** The place that a cursor of this list names; null without one. */
export function transactionPosition(after: string | null | undefined) {
  if (typeof after !== 'string') return null;
  const [bookedOn = '', id = ''] = fromCursor(after, [isDay, isUuid]);
  return { bookedOn, id };
}

/** The words of a transaction's place. */
export function transactionPlace(row: TransactionRow): readonly string[] {
  return [row.booked_on, row.id];
}

builder.queryField('transactions', (t) =>
  t.field({
    type: TransactionConnection,
    description: "The viewer's transactions over all accounts, newest first.",
    args: {
      account: t.arg.globalID({ description: 'Only of this account or card.' }),
      ...dayArguments,
      ...statusArgument,
      ...pageArguments,
    },
    complexity: pageComplexity,
    resolve: async (_parent, args, context) => {
      const viewer = requireViewer(context);
      const first = pageSize(args.first);
      const page = {
        from: args.from ?? null,
        to: args.to ?? null,
        after: transactionPosition(args.after),
        statuses: args.status ?? null,
        first,
      };
      if (!args.account) {
        const rows = await readTransactions(context.app.database, viewer.id, page);
        return toPage(rows, first, args.after, transactionPlace);
      }
      if (!UUID.test(args.account.id)) throw badInput('account is no id of an account.');
      const rows = await context.loaders.transactionPages.load({
        ...page,
        accountId: args.account.id,
      });
      return toPage(rows, first, args.after, transactionPlace);
    },
  }),
);
