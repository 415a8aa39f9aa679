import type { App } from '../app.ts';
import { nowOf } from '../base/clock.ts';
import { seal, type SealPlace, unseal, UnsealError } from '../base/seal.ts';
import type { ConsentCredential, Revocation } from '../generated/prisma/client.ts';
import type { TokenAnswer } from '../truelayer/token-endpoint.ts';
import { credentialPlace, revocationPlace } from './secrets.ts';

type Sealer = Pick<App, 'clock' | 'keys' | 'log'>;

/** Tokens as a revocation holds them, sealed for that place. */
export interface RevocationTokens {
  readonly sealedAccess: string | null;
  readonly accessExpiresAt: Date | null;
  readonly sealedRefresh: string | null;
}

/** What a revocation holds that has nothing to tell the bank with, or nothing left to tell. */
export const NO_TOKENS: RevocationTokens = {
  sealedAccess: null,
  accessExpiresAt: null,
  sealedRefresh: null,
};

/**
 * Seals the tokens of a consent for a revocation. An access token that is over is left behind.
 *
 * @param revocation - its id, and whose it will be
 */
export async function sealForRevocation(
  app: Sealer,
  credential: ConsentCredential,
  revocation: Pick<Revocation, 'id' | 'viewerId'>,
): Promise<RevocationTokens> {
  const { consentId, viewerId, accessExpiresAt } = credential;
  const move = async (column: 'sealed_access' | 'sealed_refresh', sealed: string) => {
    const token = await openOrNull(app, credentialPlace(column, consentId, viewerId), sealed);
    const place = revocationPlace(column, revocation.id, revocation.viewerId);
    return token && seal(app.keys, place, token);
  };
  const live = nowOf(app.clock) < accessExpiresAt;
  const sealedAccess = live ? await move('sealed_access', credential.sealedAccess) : null;
  return {
    sealedAccess,
    accessExpiresAt: sealedAccess === null ? null : accessExpiresAt,
    sealedRefresh:
      credential.sealedRefresh && (await move('sealed_refresh', credential.sealedRefresh)),
  };
}

/**
 * Seals the tokens of a revocation for another one.
 *
 * @param to - its id, and whose it will be
 */
export async function resealForRevocation(
  app: Sealer,
  from: Revocation,
  to: Pick<Revocation, 'id' | 'viewerId'>,
): Promise<RevocationTokens> {
  const move = (column: 'sealed_access' | 'sealed_refresh', token: string | null) =>
    token && seal(app.keys, revocationPlace(column, to.id, to.viewerId), token);
  const sealedAccess = await move('sealed_access', await openAccess(app, from));
  return {
    sealedAccess,
    accessExpiresAt: sealedAccess === null ? null : from.accessExpiresAt,
    sealedRefresh: await move('sealed_refresh', await openRefresh(app, from)),
  };
}

/** Opens the access token of a revocation; null where it has none that lives. */
export async function openAccess(app: Sealer, revocation: Revocation): Promise<string | null> {
  const { id, viewerId, sealedAccess, accessExpiresAt } = revocation;
  if (sealedAccess === null || accessExpiresAt === null) return null;
  if (nowOf(app.clock) >= accessExpiresAt) return null;
  return openOrNull(app, revocationPlace('sealed_access', id, viewerId), sealedAccess);
}

/** Opens the refresh token of a revocation; null where it has none. */
export async function openRefresh(app: Sealer, revocation: Revocation): Promise<string | null> {
  const { id, viewerId, sealedRefresh } = revocation;
  if (sealedRefresh === null) return null;
  return openOrNull(app, revocationPlace('sealed_refresh', id, viewerId), sealedRefresh);
}

/** Seals what a refresh gave for the revocation that asked; a refresh token only where one came. */
export async function sealAnswer(
  app: Sealer,
  { id, viewerId }: Pick<Revocation, 'id' | 'viewerId'>,
  { accessToken, refreshToken, expiresAt }: TokenAnswer,
): Promise<Partial<RevocationTokens>> {
  const sealed = (column: 'sealed_access' | 'sealed_refresh', token: string) =>
    seal(app.keys, revocationPlace(column, id, viewerId), token);
  return {
    sealedAccess: await sealed('sealed_access', accessToken),
    accessExpiresAt: expiresAt,
    ...(refreshToken === null
      ? {}
      : { sealedRefresh: await sealed('sealed_refresh', refreshToken) }),
  };
}

// A token that does not open is of no use to anybody, which must not keep the user from leaving.
async function openOrNull(app: Sealer, place: SealPlace, sealed: string): Promise<string | null> {
  try {
    return await unseal(app.keys, place, sealed);
  } catch (error) {
    if (!(error instanceof UnsealError)) throw error;
    app.log.error(
      { table: place.table, row: place.row, err: error },
      'a token to revoke with does not open',
    );
    return null;
  }
}
