import DataLoader from 'dataloader';
import { findAccounts, readTransactionsByAccount } from '../accounts/read.ts';
import type { Database } from '../postgres/db.ts';
import type { Loaders, TransactionPageKey } from './context.ts';

/** The loaders of one request: statements do not grow with the length of a list. */
export function createLoaders(database: Database, viewerId: string): Loaders {
  return {
    accounts: new DataLoader(
      async (ids) => {
        const rows = await findAccounts(database, viewerId, ids);
        const byId = new Map(rows.map((row) => [row.id, row]));
        return ids.map((id) => byId.get(id) ?? null);
      },
      { maxBatchSize: 500 },
    ),
    transactionPages: new DataLoader(
      async (keys) => {
        const groups = Map.groupBy(keys, pageText);
        const pages = new Map(
          await Promise.all(
            [...groups].map(async ([text, group]) => {
              const accountIds = group.map((key) => key.accountId);
              const page = group[0] as TransactionPageKey;
              const rows = await readTransactionsByAccount(database, viewerId, accountIds, page);
              return [text, rows] as const;
            }),
          ),
        );
        return keys.map((key) => pages.get(pageText(key))?.get(key.accountId) ?? []);
      },
      { maxBatchSize: 500, cacheKeyFn: JSON.stringify },
    ),
  };
}

function pageText({ from, to, after, first }: TransactionPageKey): string {
  return JSON.stringify([from, to, after, first]);
}
