import type { App, BankClient } from '../app.ts';
import { BankError, type FailureReason } from '../truelayer/errors.ts';
import type { ClientCredentials } from '../truelayer/token-endpoint.ts';
import { openSecret } from './stored.ts';

const MENDING = 'tell it by `cli -- client set`';
/** What the log says of each refusal, after whom it concerns. */
const WORDS = {
  NO_CLIENT: `no client of this environment is stored: ${MENDING}`,
  OTHER_CLIENT: 'another client of this environment is stored by now: restart this process',
  SECRET_CLOSED: `the secret of this client does not open: ${MENDING}`,
} as const satisfies Partial<Record<FailureReason, string>>;

/**
 * The secret of the client that this process speaks as, read anew, so that a changed one counts from
 * the next call on in every process. Plaintext: for one token call, and kept nowhere.
 *
 * @throws BankError `OPERATOR_FAULT`, before anything is called and by no fault of a consent, where
 *   the client is not stored, is another one by now, or its secret does not open
 * @throws KeyError if the key cannot be used now
 */
export async function clientCredentials(
  store: Pick<App, 'database' | 'keys' | 'log'>,
  { environment, clientId }: BankClient,
): Promise<ClientCredentials> {
  const refuse = (reason: keyof typeof WORDS): never => {
    store.log.error({ environment, client: clientId, reason }, WORDS[reason]);
    throw new BankError({ meaning: 'OPERATOR_FAULT', endpoint: '/connect/token', reason });
  };
  const row = await store.database.shared.bankClient.findUnique({ where: { environment } });
  if (row === null) return refuse('NO_CLIENT');
  // A consent belongs to the client that it was given to, and to nobody who came after.
  if (row.clientId !== clientId) return refuse('OTHER_CLIENT');
  const clientSecret = await openSecret(store, 'sealed_secret', environment, row.sealedSecret);
  return clientSecret === null ? refuse('SECRET_CLOSED') : { clientId, clientSecret };
}
