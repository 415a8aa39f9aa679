import { createHash } from 'node:crypto';
import { errors, importJWK, jwtVerify, SignJWT, type JWK } from 'jose';
import { systemEntropy } from '../base/entropy.ts';
import { openGrant, sealGrant, type Grant } from './grant.ts';
import type { Seals } from './seals.ts';
import { SIGNING_KEY } from './signing-key.ts';

/** A signed access token with what the newest-token rule needs to know of it. */
export interface AccessToken {
  readonly text: string;
  readonly id: string;
  readonly issuedAtSeconds: number;
}

/** What reading a bearer gives: its grant, or the reason that it is worth nothing. */
export type ReadToken =
  | {
      readonly ok: true;
      readonly grant: Grant;
      readonly id: string;
      readonly issuedAtSeconds: number;
    }
  | { readonly ok: false; readonly expiredAt: Date | undefined };

/**
 * Our one claim beyond those of real tokens: the sealed grant, so that tokens need no storage.
 * Clients have no business reading it.
 */
const GRANT_CLAIM = 'simulated_grant';

const { kty, n, e } = SIGNING_KEY;
const privateKey = importJWK(SIGNING_KEY, 'RS256');
const publicKey = importJWK({ kty, n, e } as JWK, 'RS256');

/** Signs an access token that lives `lifeSeconds` from `now`, with the claims of real ones. */
export async function issueAccessToken(
  seals: Seals,
  grant: Grant,
  issuer: string,
  lifeSeconds: number,
  now: Date,
): Promise<AccessToken> {
  const issuedAtSeconds = Math.floor(now.getTime() / 1000);
  const id = systemEntropy.bytes(16).toString('hex').toUpperCase();
  const digest = createHash('sha256').update(`key\0${grant.credentialsId}`).digest();
  const text = await new SignJWT({
    nbf: issuedAtSeconds,
    exp: issuedAtSeconds + lifeSeconds,
    iss: issuer,
    aud: 'data_api',
    client_id: grant.clientId,
    sub: grant.credentialsId,
    auth_time: Math.floor(grant.consentedAt.getTime() / 1000),
    idp: 'local',
    jti: id,
    sid: `auth-${digest.toString('base64url')}`,
    iat: issuedAtSeconds,
    connector_id: grant.providerId,
    credentials_key: digest.toString('hex'),
    privacy_policy: 'Feb2019',
    consent_id: grant.consentId,
    scope: grant.scopes,
    amr: ['pwd'],
    [GRANT_CLAIM]: sealGrant(seals, grant),
  })
    .setProtectedHeader({
      alg: 'RS256',
      kid: SIGNING_KEY.kid,
      typ: 'at+jwt',
      x5t: SIGNING_KEY.x5t,
    })
    .sign(await privateKey);
  return { text, id, issuedAtSeconds };
}

/**
 * Checks signature and age of a bearer. Revocation and newer tokens are not its matter, nor is the
 * issuer: after a restart the same simulator may live on another port.
 */
export async function readAccessToken(seals: Seals, text: string, now: Date): Promise<ReadToken> {
  try {
    const { payload } = await jwtVerify(text, await publicKey, {
      algorithms: ['RS256'],
      audience: 'data_api',
      currentDate: now,
    });
    const sealed = payload[GRANT_CLAIM];
    const grant = typeof sealed === 'string' ? openGrant(seals, sealed) : undefined;
    if (grant === undefined) return { ok: false, expiredAt: undefined };
    return { ok: true, grant, id: payload.jti ?? '', issuedAtSeconds: payload.iat ?? 0 };
  } catch (error) {
    if (error instanceof errors.JWTExpired) {
      return { ok: false, expiredAt: new Date((error.payload.exp ?? 0) * 1000) };
    }
    if (error instanceof errors.JOSEError) return { ok: false, expiredAt: undefined };
    throw error;
  }
}
