import type { App } from '../app.ts';
import { seal } from '../base/seal.ts';
import type { TokenAnswer } from '../truelayer/token-endpoint.ts';
import { addConsentPeriod, REFRESH_TOKEN_IDLE_DAYS } from './due.ts';
import { credentialPlace } from './secrets.ts';

/** Seals the tokens that a consent begins a period with, for its own place. */
export async function sealTokens(
  app: App,
  { id, viewerId }: { readonly id: string; readonly viewerId: string },
  { accessToken, refreshToken, expiresAt }: TokenAnswer,
  now: Date,
) {
  const place = (column: Parameters<typeof credentialPlace>[0]) =>
    credentialPlace(column, id, viewerId);
  return {
    sealedAccess: await seal(app.keys, place('sealed_access'), accessToken),
    accessIssuedAt: now,
    accessExpiresAt: expiresAt,
    sealedRefresh: refreshToken && (await seal(app.keys, place('sealed_refresh'), refreshToken)),
    refreshEndsAt: refreshToken === null ? null : addConsentPeriod(now, REFRESH_TOKEN_IDLE_DAYS),
  };
}
