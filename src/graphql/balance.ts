import type { BalanceRow } from '../accounts/read-told.ts';
import { builder } from './builder.ts';
import { Money, moneyOrNull } from './money.ts';

/** The `Balance` type, of a row whose `current` is there. */
export const Balance = builder.objectRef<BalanceRow>('Balance').implement({
  description: 'What is in an account, or owed on a card.',
  fields: (t) => ({
    current: t.field({
      type: Money,
      nullable: true,
      description: 'What is booked in a bank account; null for cards, which have `owed`.',
      resolve: (row) =>
        row.kind === 'CARD' ? null : moneyOrNull(row.current, row.balance_currency),
    }),
    owed: t.field({
      type: Money,
      nullable: true,
      description: 'What is owed on a card, positive for debt; null for bank accounts.',
      resolve: (row) =>
        row.kind === 'CARD' ? moneyOrNull(row.current, row.balance_currency) : null,
    }),
    available: t.field({
      type: Money,
      nullable: true,
      description: 'What may be spent, pending and overdraft counted; null where not given.',
      resolve: (row) => moneyOrNull(row.available, row.balance_currency),
    }),
    overdraft: t.field({
      type: Money,
      nullable: true,
      description: 'The agreed overdraft; null where there is none.',
      resolve: (row) => moneyOrNull(row.overdraft, row.balance_currency),
    }),
    creditLimit: t.field({
      type: Money,
      nullable: true,
      description: "A card's limit; null where not given.",
      resolve: (row) => moneyOrNull(row.credit_limit, row.balance_currency),
    }),
    lastStatementBalance: t.field({
      type: Money,
      nullable: true,
      description: "What a card's last statement asked for; null where not given.",
      resolve: (row) => moneyOrNull(row.last_statement_balance, row.balance_currency),
    }),
    lastStatementOn: t.expose('last_statement_on', {
      type: 'Date',
      nullable: true,
      description: "The day of a card's last statement; null where not given.",
    }),
    paymentDue: t.field({
      type: Money,
      nullable: true,
      description: 'The payment that a card asks for next; null where not given.',
      resolve: (row) => moneyOrNull(row.payment_due, row.balance_currency),
    }),
    paymentDueOn: t.expose('payment_due_on', {
      type: 'Date',
      nullable: true,
      description: 'The day by which to pay it; null where not given.',
    }),
    asOf: t.field({
      type: 'DateTime',
      description: 'The instant that the bank gives for it.',
      resolve: (row) => row.as_of as Date,
    }),
    fetchedAt: t.field({
      type: 'DateTime',
      description: 'When the bank was asked.',
      resolve: (row) => row.fetched_at as Date,
    }),
  }),
});
