import type { BankClient } from '../app.ts';
import type { TrueLayerConfig } from '../base/config.ts';
import { StartError } from '../base/errors.ts';
import type { ClientCredentials } from '../truelayer/token-endpoint.ts';
import { clientCredentials } from './credentials.ts';
import { seedClient, type SeedStore } from './seed.ts';

/** Which TrueLayer a process speaks to, as whom, and where it learns the secret. */
export interface Counterpart {
  readonly client: BankClient;
  readonly apiUrl: string;
  /** Asked at each token call. */
  readonly credentials: () => Promise<ClientCredentials>;
}

/**
 * Decides it at the start of a process.
 *
 * @param simulated - what stands in where nothing is configured; its client is made up with it, so
 *   that none is stored, and none that is could be in its way
 * @throws StartError in one sentence where an operator can mend it
 */
export async function meetTrueLayer(
  store: SeedStore,
  configured: TrueLayerConfig | null,
  simulated: (TrueLayerConfig & ClientCredentials) | null,
): Promise<Counterpart> {
  if (configured !== null) {
    const client = await seedClient(store, configured);
    const { apiUrl } = configured;
    return { client, apiUrl, credentials: () => clientCredentials(store, client) };
  }
  if (simulated === null) {
    throw new StartError('TRUELAYER_ENV is missing: this process has nothing to put in its place.');
  }
  const { environment, authUrl, apiUrl, clientId, clientSecret, pkce } = simulated;
  return {
    client: { environment, authUrl, clientId, pkce },
    apiUrl,
    credentials: async () => ({ clientId, clientSecret }),
  };
}
