import type { BalanceDayRow } from '../accounts/read-told.ts';
import { Account } from './account-ref.ts';
import { Balance } from './balance.ts';
import { builder } from './builder.ts';
import { fromCursor, isDay, pageComplexity, pageSize, toPage } from './connection.ts';
import { pageArguments } from './page-arguments.ts';

const BalanceConnection = builder.connectionObject(
  {
    type: Balance,
    name: 'BalanceConnection',
    description: 'Balances of the past, newest first, at most one a day.',
  },
  { name: 'BalanceEdge', description: 'A balance and its place in the list.' },
);

builder.interfaceField(Account, 'balances', (t) =>
  t.field({
    type: BalanceConnection,
    description:
      'Its balances over time, newest first: the last one of each day on which the bank gave another than before. Between two of them it did not change, as far as it was read.',
    args: pageArguments,
    complexity: pageComplexity,
    resolve: async (account, args, { loaders }) => {
      const first = pageSize(args.first);
      const before = args.after ? (fromCursor(args.after, [isDay])[0] ?? null) : null;
      const rows = await loaders.balancePages.load({ accountId: account.id, before, first });
      return toPage<BalanceDayRow>(rows, first, args.after, ({ day }) => [day]);
    },
  }),
);
