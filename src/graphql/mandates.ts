import { type Frequency, type FrequencyUnit, readFrequency } from '../accounts/frequency.ts';
import type { DirectDebitRow, StandingOrderRow } from '../accounts/read-told.ts';
import { BankAccount } from './account.ts';
import { builder } from './builder.ts';
import { fromCursor, isName, isUuid, pageComplexity, pageSize, toPage } from './connection.ts';
import { Money, moneyOrNull } from './money.ts';
import { pageArguments } from './page-arguments.ts';

const STATUSES = {
  ACTIVE: { description: 'It is in force.' },
  INACTIVE: { description: 'The bank lists it, and it is not in force.' },
  ENDED: { description: 'The bank no longer lists it: it was cancelled, or is over.' },
  UNKNOWN: { description: 'The bank lists it, and does not say more or uses a word of its own.' },
} as const;
const MandateStatus = builder.enumType('MandateStatus', {
  description: 'Whether a direct debit or a standing order is in force.',
  values: STATUSES,
});

function statusOf({ status, ended_at }: DirectDebitRow | StandingOrderRow): keyof typeof STATUSES {
  if (ended_at !== null) return 'ENDED';
  return status === 'ACTIVE' || status === 'INACTIVE' ? status : 'UNKNOWN';
}

const ID = 'Its id, which stays the same from one reading to the next, whatever the bank calls it.';
const FIRST_SEEN = 'When the bank first listed it.';
const CHANGED = 'When the bank last said something new of it.';
const ENDED = 'When the bank was first found to list it no more; null while it does.';

const DirectDebit = builder.objectRef<DirectDebitRow>('DirectDebit').implement({
  description: "Somebody's leave to collect from an account.",
  fields: (t) => ({
    id: t.globalID({
      description: ID,
      resolve: ({ id }) => ({ type: 'DirectDebit', id }),
    }),
    name: t.exposeString('name', {
      nullable: true,
      description: 'Who collects; null where the bank does not say.',
    }),
    mandateReference: t.exposeString('mandate_id', {
      nullable: true,
      description: 'The reference under which they collect; null where the bank does not say.',
    }),
    status: t.field({ type: MandateStatus, description: 'Where it stands.', resolve: statusOf }),
    previousPaymentOn: t.expose('previous_payment_on', {
      type: 'Date',
      nullable: true,
      description: 'The day on which they last collected; null where the bank does not say.',
    }),
    previousPaymentAmount: t.field({
      type: Money,
      nullable: true,
      description: 'What they last collected, positive; null where the bank does not say.',
      resolve: (row) => moneyOrNull(row.previous_payment_amount, row.currency),
    }),
    firstSeenAt: t.expose('first_seen_at', { type: 'DateTime', description: FIRST_SEEN }),
    changedAt: t.expose('changed_at', { type: 'DateTime', description: CHANGED }),
    endedAt: t.expose('ended_at', { type: 'DateTime', nullable: true, description: ENDED }),
  }),
});

const UNITS: Readonly<Record<FrequencyUnit, { readonly description: string }>> = {
  DAY: { description: 'Days.' },
  WORKING_DAY: { description: 'Days on which banks work.' },
  WEEK: { description: 'Weeks.' },
  MONTH: { description: 'Months.' },
  QUARTER: { description: 'Quarters of a year.' },
  UNKNOWN: { description: 'In a way that this API does not know.' },
};
const PaymentUnit = builder.enumType('PaymentUnit', {
  description: 'The steps in which regular payments are counted.',
  values: UNITS,
});

const PaymentFrequency = builder
  .objectRef<Frequency & { readonly text: string }>('PaymentFrequency')
  .implement({
    description: 'How often a standing order is paid.',
    fields: (t) => ({
      unit: t.field({
        type: PaymentUnit,
        description: 'Counted in what.',
        resolve: ({ unit }) => unit,
      }),
      interval: t.exposeInt('interval', {
        nullable: true,
        description: 'Every so many of them: 1 for each, 2 for every second; null if not known.',
      }),
      day: t.exposeInt('day', {
        nullable: true,
        description:
          'For `MONTH` the day of the month, -1 being its last; for `WEEK` the day of the week, 1 being Monday; null where there is none.',
      }),
      text: t.exposeString('text', {
        description: "The bank's own words, such as `IntrvlMnthDay:01:26`.",
      }),
    }),
  });

const StandingOrder = builder.objectRef<StandingOrderRow>('StandingOrder').implement({
  description: 'A payment that the holder of an account has it make regularly.',
  fields: (t) => ({
    id: t.globalID({
      description: ID,
      resolve: ({ id }) => ({ type: 'StandingOrder', id }),
    }),
    payee: t.exposeString('payee', {
      nullable: true,
      description: 'Who is paid; null where the bank does not say.',
    }),
    reference: t.exposeString('reference', {
      nullable: true,
      description: 'The reference that goes with it; null where there is none.',
    }),
    status: t.field({ type: MandateStatus, description: 'Where it stands.', resolve: statusOf }),
    frequency: t.field({
      type: PaymentFrequency,
      nullable: true,
      description: 'How often; null where the bank does not say.',
      resolve: ({ frequency }) =>
        frequency === null ? null : { ...readFrequency(frequency), text: frequency },
    }),
    firstPaymentOn: t.expose('first_payment_on', {
      type: 'Date',
      nullable: true,
      description: 'The day of the first payment; null where the bank does not say.',
    }),
    firstPaymentAmount: t.field({
      type: Money,
      nullable: true,
      description: 'The first payment, positive; null where the bank does not say.',
      resolve: (row) => moneyOrNull(row.first_payment_amount, row.currency),
    }),
    previousPaymentOn: t.expose('previous_payment_on', {
      type: 'Date',
      nullable: true,
      description: 'The day of the last payment so far; null where the bank does not say.',
    }),
    previousPaymentAmount: t.field({
      type: Money,
      nullable: true,
      description: 'The last payment so far, positive; null where the bank does not say.',
      resolve: (row) => moneyOrNull(row.previous_payment_amount, row.currency),
    }),
    nextPaymentOn: t.expose('next_payment_on', {
      type: 'Date',
      nullable: true,
      description: 'The day of the next payment; null where the bank does not say.',
    }),
    nextPaymentAmount: t.field({
      type: Money,
      nullable: true,
      description: 'The next payment, positive; null where the bank does not say.',
      resolve: (row) => moneyOrNull(row.next_payment_amount, row.currency),
    }),
    finalPaymentOn: t.expose('final_payment_on', {
      type: 'Date',
      nullable: true,
      description: 'The day of the final payment; null where it goes on until it is cancelled.',
    }),
    finalPaymentAmount: t.field({
      type: Money,
      nullable: true,
      description: 'The final payment, positive; null where the bank does not say.',
      resolve: (row) => moneyOrNull(row.final_payment_amount, row.currency),
    }),
    firstSeenAt: t.expose('first_seen_at', { type: 'DateTime', description: FIRST_SEEN }),
    changedAt: t.expose('changed_at', { type: 'DateTime', description: CHANGED }),
    endedAt: t.expose('ended_at', { type: 'DateTime', nullable: true, description: ENDED }),
  }),
});

const mandateArguments = builder.args((t) => ({
  ...pageArguments,
  includeEnded: t.boolean({
    description: 'Whether those that the bank no longer lists are there too; not if not given.',
  }),
}));

const DirectDebitConnection = builder.connectionObject(
  { type: DirectDebit, name: 'DirectDebitConnection', description: 'Direct debits, by name.' },
  { name: 'DirectDebitEdge', description: 'A direct debit and its place in the list.' },
);
const StandingOrderConnection = builder.connectionObject(
  {
    type: StandingOrder,
    name: 'StandingOrderConnection',
    description: 'Standing orders, by payee.',
  },
  { name: 'StandingOrderEdge', description: 'A standing order and its place in the list.' },
);

interface MandateArguments {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
  readonly includeEnded?: boolean | null | undefined;
}

function mandatePageOf({ first, after, includeEnded }: MandateArguments) {
  const place = after ? fromCursor(after, [isName, isUuid]) : null;
  return {
    after: place === null ? null : { name: place[0] ?? '', id: place[1] ?? '' },
    first: pageSize(first),
    includeEnded: includeEnded ?? false,
  };
}

const READ_AT = 'null where it never did: the bank has none to give, or the user did not allow it.';

builder.objectFields(BankAccount, (t) => ({
  directDebits: t.field({
    type: DirectDebitConnection,
    description:
      'Who may collect from it, by name. Some banks show this only right after the user confirmed: `directDebitsReadAt` says how old it is.',
    args: mandateArguments,
    complexity: pageComplexity,
    resolve: async ({ id: accountId }, args, { loaders }) => {
      const page = mandatePageOf(args);
      const rows = await loaders.directDebitPages.load({ accountId, ...page });
      return toPage(rows, page.first, args.after, ({ name, id }) => [name ?? '', id]);
    },
  }),
  directDebitsReadAt: t.expose('direct_debits_read_at', {
    type: 'DateTime',
    nullable: true,
    description: `When the bank last gave all of its direct debits; ${READ_AT}`,
  }),
  standingOrders: t.field({
    type: StandingOrderConnection,
    description:
      'What its holder has it pay regularly, by payee. Some banks show this only right after the user confirmed: `standingOrdersReadAt` says how old it is.',
    args: mandateArguments,
    complexity: pageComplexity,
    resolve: async ({ id: accountId }, args, { loaders }) => {
      const page = mandatePageOf(args);
      const rows = await loaders.standingOrderPages.load({ accountId, ...page });
      return toPage(rows, page.first, args.after, ({ payee, id }) => [payee ?? '', id]);
    },
  }),
  standingOrdersReadAt: t.expose('standing_orders_read_at', {
    type: 'DateTime',
    nullable: true,
    description: `When the bank last gave all of its standing orders; ${READ_AT}`,
  }),
}));
