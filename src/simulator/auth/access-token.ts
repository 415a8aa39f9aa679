import { createHash } from 'node:crypto';
import { errors, importJWK, jwtVerify, SignJWT, type JWK, type JWTPayload } from 'jose';
import { openGrant, sealGrant, type Grant } from './grant.ts';
import type { Seals } from '../seals.ts';
import { SIGNING_KEY } from './signing-key.ts';
import type { World } from '../world.ts';

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
/** And another where tests look for leaks. */
const CANARY_CLAIM = 'simulated_canary';

const AUDIENCE = 'data_api';

const { kty, n, e } = SIGNING_KEY;
const privateKey = importJWK(SIGNING_KEY, 'RS256');
const publicKey = importJWK({ kty, n, e } as JWK, 'RS256');

/**
 * Signs an access token of a connection with the claims of real ones. It lives `lifeSeconds` from
 * now on the world's clock.
 */
export async function issueAccessToken(
  world: World,
  grant: Grant,
  lifeSeconds: number,
): Promise<AccessToken> {
  const digest = createHash('sha256').update(`key\0${grant.credentialsId}`).digest();
  return sign(world, grant.clientId, lifeSeconds, {
    sub: grant.credentialsId,
    auth_time: Math.floor(grant.authenticatedAt.getTime() / 1000),
    idp: 'local',
    sid: `auth-${digest.toString('base64url')}`,
    connector_id: grant.providerId,
    credentials_key: digest.toString('hex'),
    privacy_policy: 'Feb2019',
    consent_id: grant.consentId,
    scope: grant.scopes,
    amr: ['pwd'],
    [GRANT_CLAIM]: sealGrant(world.seals, grant),
  });
}

/** Signs an access token of the client itself, which opens no connection. */
export async function issueClientToken(
  world: World,
  scopes: readonly string[],
  lifeSeconds: number,
): Promise<AccessToken> {
  return sign(world, world.client.id, lifeSeconds, { scope: scopes });
}

async function sign(
  world: World,
  clientId: string,
  lifeSeconds: number,
  claims: JWTPayload,
): Promise<AccessToken> {
  const issuedAtSeconds = Math.floor(world.clock.now() / 1000);
  const id = world.entropy.bytes(16).toString('hex').toUpperCase();
  const text = await new SignJWT({
    nbf: issuedAtSeconds,
    exp: issuedAtSeconds + lifeSeconds,
    iss: world.url,
    aud: AUDIENCE,
    client_id: clientId,
    jti: id,
    iat: issuedAtSeconds,
    ...(world.settings.canary === undefined ? {} : { [CANARY_CLAIM]: world.settings.canary }),
    ...claims,
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
  const verified = await verify(text, now);
  if (!verified.ok) return verified;
  const { payload } = verified;
  const sealed = payload[GRANT_CLAIM];
  const grant = typeof sealed === 'string' ? openGrant(seals, sealed) : undefined;
  if (grant === undefined) return { ok: false, expiredAt: undefined };
  return { ok: true, grant, id: payload.jti ?? '', issuedAtSeconds: payload.iat ?? 0 };
}

/** The client of any access token that is good now, with a connection or without. */
export async function clientOf(text: string, now: Date): Promise<string | undefined> {
  const verified = await verify(text, now);
  const id = verified.ok ? verified.payload['client_id'] : undefined;
  return typeof id === 'string' ? id : undefined;
}

type Verified =
  | { readonly ok: true; readonly payload: JWTPayload }
  | { readonly ok: false; readonly expiredAt: Date | undefined };

async function verify(text: string, now: Date): Promise<Verified> {
  try {
    const { payload } = await jwtVerify(text, await publicKey, {
      algorithms: ['RS256'],
      audience: AUDIENCE,
      currentDate: now,
    });
    return { ok: true, payload };
  } catch (error) {
    if (error instanceof errors.JWTExpired) {
      return { ok: false, expiredAt: new Date((error.payload.exp ?? 0) * 1000) };
    }
    if (error instanceof errors.JOSEError) return { ok: false, expiredAt: undefined };
    throw error;
  }
}
