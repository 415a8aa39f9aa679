import type { App, BankClient } from '../app.ts';
import { nowOf } from '../base/clock.ts';
import type { TrueLayerConfig } from '../base/config.ts';
import { StartError } from '../base/errors.ts';
import { KeyError } from '../base/seal.ts';
import type { BankClient as ClientRow } from '../generated/prisma/client.ts';
import { countConsents, livingConsents, openSecret, sealSecret } from './stored.ts';

/** What the start of a process needs for it. */
export type SeedStore = Pick<App, 'clock' | 'database' | 'keys' | 'log'>;

/**
 * Finds as whom this process speaks to TrueLayer, after storing what the configuration says of it
 * that is new: a first client, or another secret of the same one. A secret that the configuration
 * said before is not new, however often it is said: `client set` may have replaced it since.
 *
 * @throws StartError in one sentence if there is no client, or the configuration names another
 */
export async function seedClient(
  store: SeedStore,
  truelayer: TrueLayerConfig,
): Promise<BankClient> {
  const { environment, authUrl, pkce, clientId, clientSecret } = truelayer;
  const row =
    (await findClient(store, environment)) ??
    (await seedFirst(store, truelayer).catch((error: unknown) => {
      throw error instanceof KeyError ? notSealed(error) : error;
    }));
  if (clientId !== null && clientId !== row.clientId) throw await otherClient(store, row, clientId);
  if (clientSecret !== null) {
    await bearOutage(store, () => seedSecret(store, row, clientSecret));
  }
  return { environment, authUrl, pkce, clientId: row.clientId };
}

function findClient({ database }: SeedStore, environment: string): Promise<ClientRow | null> {
  return database.shared.bankClient.findUnique({ where: { environment } });
}

async function seedFirst(store: SeedStore, truelayer: TrueLayerConfig): Promise<ClientRow> {
  const { environment, clientId, clientSecret } = truelayer;
  if (clientId === null || clientSecret === null) throw noClient(environment);
  const data = {
    environment,
    clientId,
    sealedSecret: await sealSecret(store, 'sealed_secret', environment, clientSecret),
    sealedSeed: await sealSecret(store, 'sealed_seed', environment, clientSecret),
    setAt: nowOf(store.clock),
  };
  const { bankClient } = store.database.shared;
  const { count } = await bankClient.createMany({ data: [data], skipDuplicates: true });
  if (count === 1) store.log.info({ environment, client: clientId }, 'the client is stored');
  // Another process may have been first, with another client.
  return bankClient.findUniqueOrThrow({ where: { environment } });
}

async function seedSecret(store: SeedStore, row: ClientRow, given: string): Promise<void> {
  if (!(await isNews(store, row, given))) return;
  const { environment, clientId } = row;
  const { count } = await store.database.shared.bankClient.updateMany({
    where: { environment, clientId },
    data: {
      sealedSecret: await sealSecret(store, 'sealed_secret', environment, given),
      sealedSeed: await sealSecret(store, 'sealed_seed', environment, given),
      setAt: nowOf(store.clock),
    },
  });
  if (count === 0) return;
  store.log.warn(
    { environment, client: clientId },
    'the secret in TRUELAYER_CLIENT_SECRET is new and replaces the sealed one',
  );
}

async function isNews(store: SeedStore, row: ClientRow, given: string): Promise<boolean> {
  const { environment, sealedSecret, sealedSeed } = row;
  if (sealedSeed === null) return true;
  const seed = await openSecret(store, 'sealed_seed', environment, sealedSeed);
  if (seed !== null) return seed !== given;
  // Nobody can tell any more what was said before: a secret that still opens is believed.
  return (await openSecret(store, 'sealed_secret', environment, sealedSecret)) === null;
}

// A key service that is away for a moment keeps no process from starting where a client is stored.
async function bearOutage({ log }: SeedStore, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof KeyError) || !error.tryAgain) throw error;
    log.warn({ err: error }, 'TRUELAYER_CLIENT_SECRET could not be compared with the sealed one');
  }
}

function noClient(environment: string): StartError {
  return new StartError(
    `No client of TrueLayer is stored for ${environment}: ` +
      `tell it by \`cli -- client set ${environment} <client-id>\`, ` +
      'or set TRUELAYER_CLIENT_ID and TRUELAYER_CLIENT_SECRET.',
  );
}

function notSealed(cause: KeyError): StartError {
  return new StartError(
    `TRUELAYER_CLIENT_SECRET could not be sealed, for ${cause.message}: start again when it can.`,
    { cause },
  );
}

async function otherClient(
  store: SeedStore,
  { environment, clientId: stored }: ClientRow,
  given: string,
): Promise<StartError> {
  const count = await countConsents(store, environment, stored);
  return new StartError(
    `TRUELAYER_CLIENT_ID is ${given}, but ${environment} is stored with the client ${stored}, ` +
      `to which ${livingConsents(count)} belong: set it to that one, or say that it is another now ` +
      `by \`cli -- client set ${environment} ${given} --replace\`.`,
  );
}
