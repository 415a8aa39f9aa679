import type { App } from '../app.ts';
import type { Revocation } from '../generated/prisma/client.ts';
import { BankError } from '../truelayer/errors.ts';
import type { TokenAnswer } from '../truelayer/token-endpoint.ts';
import type { WireMe } from '../truelayer/wire-me.ts';
import { ConsentEndedError } from './held.ts';
import { withBankAccess } from './tokens.ts';

/**
 * Whether the tokens of a renewal belong to the connection that was there before. To end that one by
 * mistake would end the renewed consent, so only what TrueLayer's own words make certain counts.
 *
 * @param before - TrueLayer's id of the connection before, as far as it was known
 * @param me - the bank's word on the new tokens; null where it gave none
 */
export function compareConnections(
  before: string | null,
  { credentialsId }: Pick<TokenAnswer, 'credentialsId'>,
  me: Pick<WireMe, 'credentialsId'> | null,
): 'SAME' | 'OTHER' | 'UNKNOWN' {
  const told = me?.credentialsId ?? null;
  if (before !== null && (before === credentialsId || before === told)) return 'SAME';
  return before === null || told === null ? 'UNKNOWN' : 'OTHER';
}

/**
 * Whether a connection that is to end must not: it is the one that its consent still lives by. Calls
 * the network where that was not known when it was replaced.
 *
 * @param accessToken - of the connection that is to end
 * @throws BankError if it cannot be said yet
 */
export async function isStillInUse(
  app: App,
  revocation: Revocation,
  accessToken: string,
): Promise<boolean> {
  const { viewerId, consentId, cause, credentialsId } = revocation;
  if (cause !== 'REPLACED' || consentId === null) return false;
  const reader = app.database.reader(viewerId);
  const consent = await reader.consent.findUnique({ where: { id: consentId } });
  // Taken back, it ends with all its connections.
  if (consent === null || consent.status === 'REVOKED') return false;
  if (credentialsId !== null) return consent.credentialsId === credentialsId;
  const own = (await app.truelayer.bank({ accessToken }).me())?.credentialsId ?? null;
  const theirs = await credentialsIdNow(app, viewerId, consentId);
  if (own === null || theirs === null) throw untold();
  return own === theirs;
}

async function credentialsIdNow(
  app: App,
  viewerId: string,
  consentId: string,
): Promise<string | null> {
  try {
    const access = { viewerId, consentId, attended: false };
    const me = await withBankAccess(app, access, (bank) => bank.me());
    return me?.credentialsId ?? null;
  } catch (error) {
    if (error instanceof ConsentEndedError || error instanceof BankError) throw untold();
    throw error;
  }
}

/** Until the bank says which connection is which, none is ended. */
function untold(): BankError {
  return new BankError({ meaning: 'UNAVAILABLE', endpoint: '/me', reason: 'EMPTY' });
}
