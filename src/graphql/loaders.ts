import DataLoader from 'dataloader';
import {
  findAccounts,
  findMergedAccounts,
  findTransactions,
  readAccountsByConsent,
  readTransactionsByAccount,
} from '../accounts/read.ts';
import { readBalanceDays, readDirectDebits, readStandingOrders } from '../accounts/read-told.ts';
import { readVersions } from '../accounts/versions.ts';
import type { App } from '../app.ts';
import { findLastEvents } from '../changes/last-events.ts';
import { adviseConsents } from '../consents/attention.ts';
import { readTimelines } from '../consents/timeline.ts';
import type { Consent, Provider, Trouble } from '../generated/prisma/client.ts';
import { readCoverage, readProgress } from '../history/progress.ts';
import type { Reader } from '../postgres/db.ts';
import { findEndpoints } from '../webhooks/endpoints.ts';
import type { Loaders } from './context.ts';

/** The loaders of one request: the number of statements does not grow with the length of a list. */
export function createLoaders(app: App, viewerId: string): Loaders {
  const { database } = app;
  const { environment } = app.client;
  const reader = database.reader(viewerId);
  return {
    accounts: rows(
      (ids) => findAccounts(database, viewerId, ids),
      ({ id }) => id,
    ),
    consents: rows(
      (ids) => reader.consent.findMany({ where: { id: { in: [...ids] } } }),
      ({ id }) => id,
    ),
    alerts: rows(
      (ids) => reader.alert.findMany({ where: { id: { in: [...ids] } } }),
      ({ id }) => id,
    ),
    transactions: rows(
      (ids) => findTransactions(database, viewerId, ids),
      ({ id }) => id,
    ),
    providers: rows(
      (ids) =>
        database.shared.provider.findMany({ where: { environment, providerId: { in: [...ids] } } }),
      ({ providerId }) => providerId,
    ),
    viewers: rows(
      (ids) => reader.viewer.findMany({ where: { id: { in: [...ids] } } }),
      ({ id }) => id,
    ),
    banks: banks(app),
    lastEvents: rows(
      (ids) => findLastEvents(database, viewerId, ids),
      ({ consentId }) => consentId,
    ),
    webhookEndpoints: rows(
      () => findEndpoints(app),
      ({ id }) => id,
    ),
    histories: new DataLoader(
      async (consents) => {
        const found = await readProgress(reader, consents);
        return consents.map(({ id }) => found.get(id) ?? new Error(`there is no consent ${id}`));
      },
      { cacheKeyFn: ({ id }) => id },
    ),
    coverages: new DataLoader(
      async (ids) => {
        const found = await readCoverage(reader, ids);
        return ids.map((id) => found.get(id) ?? new Error(`there is no account ${id}`));
      },
      { maxBatchSize: BATCH_MAX },
    ),
    mergedAccounts: new DataLoader(
      async (ids) => {
        const found = await findMergedAccounts(database, viewerId, ids);
        return ids.map((id) => found.get(id) ?? []);
      },
      { maxBatchSize: BATCH_MAX },
    ),
    accountPages: pages(
      ({ consentId }) => consentId,
      (ids, page) => readAccountsByConsent(database, viewerId, ids, page),
    ),
    transactionPages: pages(
      ({ accountId }) => accountId,
      (ids, page) => readTransactionsByAccount(database, viewerId, ids, page),
    ),
    balancePages: pages(
      ({ accountId }) => accountId,
      (ids, page) => readBalanceDays(database, viewerId, ids, page),
    ),
    directDebitPages: pages(
      ({ accountId }) => accountId,
      (ids, page) => readDirectDebits(database, viewerId, ids, page),
    ),
    standingOrderPages: pages(
      ({ accountId }) => accountId,
      (ids, page) => readStandingOrders(database, viewerId, ids, page),
    ),
    transactionVersions: pages(
      ({ transactionId }) => transactionId,
      (ids, page) => readVersions(database, viewerId, ids, page),
    ),
    timelines: pages(
      ({ consentId }) => consentId,
      (ids, page) => readTimelines(database, viewerId, ids, page),
    ),
    // The dates alone: no resolver has business with the tokens, sealed or not.
    tokenDates: rows(
      (ids) =>
        reader.consentCredential.findMany({
          where: { consentId: { in: [...ids] } },
          select: { consentId: true, accessExpiresAt: true, refreshEndsAt: true },
        }),
      ({ consentId }) => consentId,
    ),
    advice: new DataLoader(async (ids) => {
      const found = await adviseConsents(app, reader, ids);
      return ids.map((id) => found.get(id) ?? new Error(`there is no consent ${id}`));
    }),
    accountTroubles: troubles(reader, 'accountId'),
    consentTroubles: troubles(reader, 'consentId'),
  };
}

function banks({ database }: App): DataLoader<Consent, Provider | null, string> {
  const nameOf = ({ environment, providerId }: Pick<Consent, 'environment' | 'providerId'>) =>
    JSON.stringify([environment, providerId]);
  return new DataLoader(
    async (consents) => {
      const named = consents.flatMap(({ environment, providerId }) =>
        providerId === null ? [] : [{ environment, providerId }],
      );
      const found = await database.shared.provider.findMany({ where: { OR: named } });
      const byName = new Map(found.map((provider) => [nameOf(provider), provider]));
      return consents.map((consent) => byName.get(nameOf(consent)) ?? null);
    },
    { cacheKeyFn: nameOf, maxBatchSize: BATCH_MAX },
  );
}

function troubles(
  reader: Reader,
  subject: 'accountId' | 'consentId',
): DataLoader<string, readonly Trouble[]> {
  return new DataLoader(
    async (ids) => {
      const found = await reader.trouble.findMany({
        where: { [subject]: { in: [...ids] } },
        orderBy: [{ since: 'asc' }, { id: 'asc' }],
      });
      const bySubject = Map.groupBy(found, (trouble) => trouble[subject] ?? '');
      return ids.map((id) => bySubject.get(id) ?? []);
    },
    { maxBatchSize: BATCH_MAX },
  );
}

/** Forgets what was loaded, so that the next event of a subscription reads anew. */
export function forgetLoaded(loaders: Loaders): void {
  for (const loader of Object.values(loaders)) loader.clearAll();
}

const BATCH_MAX = 500;

/** Rows by what names them; null for those that are not found. */
function rows<Row>(
  find: (names: readonly string[]) => Promise<readonly Row[]>,
  nameOf: (row: Row) => string,
): DataLoader<string, Row | null> {
  return new DataLoader(
    async (names) => {
      const found = new Map((await find(names)).map((row) => [nameOf(row), row]));
      return names.map((name) => found.get(name) ?? null);
    },
    { maxBatchSize: BATCH_MAX },
  );
}

/** Pages of several parents, those with the same arguments in one statement. */
function pages<Key extends object, Row>(
  parentOf: (key: Key) => string,
  read: (parentIds: readonly string[], page: Key) => Promise<ReadonlyMap<string, readonly Row[]>>,
): DataLoader<Key, readonly Row[], string> {
  const argumentsOf = (key: Key) =>
    JSON.stringify(Object.entries(key).filter(([, value]) => value !== parentOf(key)));
  return new DataLoader<Key, readonly Row[], string>(
    async (keys) => {
      const groups = [...Map.groupBy(keys, argumentsOf)];
      const byArguments = new Map(
        await Promise.all(
          groups.map(async ([text, group]) => {
            const page = group[0] as Key;
            return [text, await read(group.map(parentOf), page)] as const;
          }),
        ),
      );
      return keys.map((key) => byArguments.get(argumentsOf(key))?.get(parentOf(key)) ?? []);
    },
    { maxBatchSize: BATCH_MAX, cacheKeyFn: (key) => JSON.stringify(key) },
  );
}
