import { type AccountPage, type AccountRow, readAccounts } from '../accounts/read.ts';
import { Account } from './account-ref.ts';
import { Balance } from './balance.ts';
import { Consent } from './consent.ts';
import { Provider } from './provider.ts';
import { builder } from './builder.ts';
import {
  fromCursor,
  isName,
  isUuid,
  pageComplexity,
  pageSize,
  toPage,
  UUID,
} from './connection.ts';
import { type Context, requireViewer } from './context.ts';
import {
  statusArgument,
  TransactionConnection,
  transactionPlace,
  transactionPosition,
} from './transaction.ts';
import { accountArguments, dayArguments, pageArguments } from './page-arguments.ts';

Account.implement({
  interfaces: [builder.nodeInterfaceRef()],
  description: 'A bank account or a card that a consent opened.',
  resolveType: (row) => (row.kind === 'CARD' ? 'Card' : 'BankAccount'),
  fields: (t) => ({
    id: t.globalID({
      description: 'Its id, which never changes, not even when consent is renewed.',
      resolve: (row) => ({ type: row.kind === 'CARD' ? 'Card' : 'BankAccount', id: row.id }),
    }),
    provider: t.field({
      type: Provider,
      description: 'The bank that it is held at.',
      resolve: async (row, _args, { loaders }) =>
        (await loaders.providers.load(row.provider_id)) ?? missing('provider', row.provider_id),
    }),
    consent: t.field({
      type: Consent,
      description: 'The consent that feeds it.',
      resolve: async (row, _args, { loaders }) =>
        (await loaders.consents.load(row.consent_id)) ?? missing('consent', row.consent_id),
    }),
    displayName: t.exposeString('display_name', {
      description: "The viewer's own name for it, else the bank's.",
    }),
    holderName: t.string({
      nullable: true,
      description: 'Whose it is; masked without the scope `identifiers`, null where not said.',
      resolve: (row, _args, context) => shown(row.holder_name, context, maskName),
    }),
    currency: t.expose('currency', {
      type: 'Currency',
      nullable: true,
      description: 'Its currency; null where the bank does not say.',
    }),
    balance: t.field({
      type: Balance,
      nullable: true,
      description: 'The newest balance; null until the bank has given one.',
      resolve: (row) => (row.current === null ? null : row),
    }),
    firstSeenAt: t.expose('first_seen_at', {
      type: 'DateTime',
      description: 'When it was first connected.',
    }),
    transactions: t.field({
      type: TransactionConnection,
      description: 'Its transactions, newest first.',
      args: {
        ...dayArguments,
        ...statusArgument,
        ...pageArguments,
      },
      complexity: pageComplexity,
      resolve: async (row, args, { loaders }) => {
        const first = pageSize(args.first);
        const rows = await loaders.transactionPages.load({
          accountId: row.id,
          from: args.from ?? null,
          to: args.to ?? null,
          after: transactionPosition(args.after),
          statuses: args.status ?? null,
          first,
        });
        return toPage(rows, first, args.after, transactionPlace);
      },
    }),
  }),
});

/** The `BankAccount` type. */
export const BankAccount = builder.objectRef<AccountRow>('BankAccount');
builder.node(BankAccount, {
  description: 'A current or savings account.',
  interfaces: [Account],
  id: { resolve: (row) => row.id, description: 'Its id, which never changes.' },
  loadMany: (ids, context) => loadAccounts(ids, context, 'BANK_ACCOUNT'),
  isTypeOf: (value) => isRow(value) && value.kind === 'BANK_ACCOUNT',
  fields: (t) => ({
    accountType: t.exposeString('account_type', {
      nullable: true,
      description: '`TRANSACTION`, `SAVINGS` and so on; `UNKNOWN` where not said.',
    }),
    iban: t.string({
      nullable: true,
      description: 'Masked without the scope `identifiers`; null where the bank gives none.',
      resolve: (row, _args, context) => shown(row.iban, context, maskNumber),
    }),
    accountNumber: t.string({
      nullable: true,
      description: 'The national number, masked without the scope `identifiers`; null where none.',
      resolve: (row, _args, context) => shown(row.account_number, context, maskNumber),
    }),
    sortCode: t.exposeString('sort_code', {
      nullable: true,
      description: 'United Kingdom, `01-21-31`; null elsewhere.',
    }),
    bic: t.exposeString('bic', {
      nullable: true,
      description: "The bank's BIC; null where not given.",
    }),
  }),
});

/** The `Card` type. */
export const Card = builder.objectRef<AccountRow>('Card');
builder.node(Card, {
  description: 'A credit or charge card.',
  interfaces: [Account],
  id: { resolve: (row) => row.id, description: 'Its id, which never changes.' },
  loadMany: (ids, context) => loadAccounts(ids, context, 'CARD'),
  isTypeOf: (value) => isRow(value) && value.kind === 'CARD',
  fields: (t) => ({
    network: t.exposeString('card_network', {
      nullable: true,
      description: '`VISA`, `MASTERCARD` and so on; `UNKNOWN` where not said.',
    }),
    cardType: t.exposeString('account_type', {
      nullable: true,
      description: '`CREDIT`, `CHARGE` or `DEBIT`; `UNKNOWN` where not said.',
    }),
    lastDigits: t.exposeString('last_digits', {
      nullable: true,
      description: 'The last digits of the card; null where not given.',
    }),
    validTo: t.exposeString('valid_to', {
      nullable: true,
      description: 'The last month it is good for, `2028-01`; null where not given.',
    }),
  }),
});

/** A page of accounts. */
export const AccountConnection = builder.connectionObject(
  { type: Account, name: 'AccountConnection', description: 'Accounts and cards, by name.' },
  { name: 'AccountEdge', description: 'An account and its place in the list.' },
);

/** What a page of accounts is asked with. */
interface AccountArguments {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
  readonly includeExcluded?: boolean | null | undefined;
}

/** The page that the arguments of a list of accounts ask for. */
export function accountPageOf(args: AccountArguments): AccountPage {
  const place = args.after ? fromCursor(args.after, [isName, isUuid]) : null;
  return {
    after: place === null ? null : { displayName: place[0] ?? '', id: place[1] ?? '' },
    first: pageSize(args.first),
    includeExcluded: args.includeExcluded ?? false,
  };
}

/** The connection of the accounts that were read for a page. */
export function toAccountPage(rows: readonly AccountRow[], args: AccountArguments) {
  return toPage(rows, pageSize(args.first), args.after, (row) => [row.display_name, row.id]);
}

/** A page of all the viewer's accounts. */
export async function accountPage(context: Context, args: AccountArguments) {
  const viewer = requireViewer(context);
  const rows = await readAccounts(context.app.database, viewer.id, accountPageOf(args));
  return toAccountPage(rows, args);
}

builder.prismaObjectField(Consent, 'accounts', (t) =>
  t.field({
    type: AccountConnection,
    description: 'The accounts and cards that it feeds, by name.',
    args: accountArguments,
    complexity: pageComplexity,
    resolve: async (consent, args, { loaders }) => {
      const page = { consentId: consent.id, ...accountPageOf(args) };
      return toAccountPage(await loaders.accountPages.load(page), args);
    },
  }),
);

builder.queryField('accounts', (t) =>
  t.field({
    type: AccountConnection,
    description: "The viewer's accounts and cards over all consents, by name.",
    args: accountArguments,
    complexity: pageComplexity,
    resolve: (_parent, args, context) => accountPage(context, args),
  }),
);

builder.queryField('account', (t) =>
  t.field({
    type: Account,
    nullable: true,
    description: 'One account or card by its id; null if the viewer has none such.',
    args: { id: t.arg.globalID({ required: true, description: 'The `id` of an account.' }) },
    resolve: async (_parent, { id }, context) => {
      requireViewer(context);
      return UUID.test(id.id) ? context.loaders.accounts.load(id.id) : null;
    },
  }),
);

async function loadAccounts(
  ids: readonly string[],
  context: Context,
  kind: AccountRow['kind'],
): Promise<(AccountRow | null)[]> {
  requireViewer(context);
  const { accounts } = context.loaders;
  return Promise.all(
    ids.map(async (id) => {
      const row = UUID.test(id) ? await accounts.load(id) : null;
      return row?.kind === kind ? row : null;
    }),
  );
}

function isRow(value: unknown): value is AccountRow {
  return typeof value === 'object' && value !== null && 'kind' in value;
}

/** What only the scope `identifiers` shows in full; masked without it. */
export function shown(value: string | null, context: Context, mask: (value: string) => string) {
  if (value === null) return null;
  return context.viewer?.scopes.includes('identifiers') === true ? value : mask(value);
}

/** All but the last four characters hidden. */
export function maskNumber(value: string): string {
  return value.slice(0, -4).replaceAll(/[^\s-]/g, '•') + value.slice(-4);
}

/** The first letter of each word. */
export function maskName(value: string): string {
  return value.replaceAll(/\S+/g, (word) => `${word[0]}•••`);
}

/** A row that a foreign key says is there. */
function missing(what: string, id: string): never {
  throw new Error(`the ${what} ${id} of an account is missing`);
}
