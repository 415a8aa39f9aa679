import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { allowInsecureRequests, discovery } from 'openid-client';
import { type Clock, nowOf } from '../base/clock.ts';
import type { OperatorClaim } from '../base/config-operator.ts';
import { uuidOf } from '../base/entropy.ts';
import { ExpectedError } from '../base/errors.ts';
import { parseZone, type Zone } from '../base/zones.ts';
import type { TokenViewer } from '../graphql/context.ts';

/** Who signs tokens, and for whom. */
export interface BearerRules {
  readonly issuer: string;
  readonly audience: string;
  /** Null: found by the issuer's discovery document, at the first token. */
  readonly jwksUrl: string | null;
  readonly allowHttp: boolean;
  /** The claim that operators have; null: nobody is one. */
  readonly operatorClaim: OperatorClaim | null;
  /** The claim that says when the user last signed in; `auth_time` if left out. */
  readonly signInClaim?: string;
}

/** Tells the viewer that an `Authorization` header names; null without one. */
export type ReadBearer = (authorization: string | undefined) => Promise<TokenViewer | null>;

/** A token that names nobody: forged, expired, or meant for another service. */
export class BearerRefusedError extends ExpectedError {
  constructor() {
    super('UNAUTHENTICATED', 'The bearer token is not valid for this server.');
  }
}

// Only signatures with a public key: a shared secret would let every verifier issue tokens.
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'ES256', 'ES384', 'EdDSA', 'Ed25519'];
const CLOCK_TOLERANCE_SECONDS = 5;
/** As OpenID Connect bounds it: up to 255 characters, none of them a control. */
const SUBJECT = /^[^\p{Cc}]{1,255}$/u;

/**
 * Makes the reader of bearer tokens. Keys are fetched from the issuer when first needed and kept.
 *
 * @returns a function that throws BearerRefusedError for a bad token, and Error if the issuer
 *   cannot be reached
 */
export function createReadBearer(rules: BearerRules, clock: Clock): ReadBearer {
  let keys: Promise<JWTVerifyGetKey> | null = null;
  return async (authorization) => {
    if (authorization === undefined) return null;
    const token = /^Bearer +([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(authorization)?.[1];
    if (token === undefined || token.length > 8_192) throw new BearerRefusedError();
    keys ??= findKeys(rules).catch((error: unknown) => {
      keys = null;
      throw error;
    });
    const { payload } = await verify(token, await keys, rules, nowOf(clock));
    if (typeof payload.sub !== 'string' || !SUBJECT.test(payload.sub)) {
      throw new BearerRefusedError();
    }
    return {
      id: viewerIdOf(rules.issuer, payload.sub),
      issuer: rules.issuer,
      subject: payload.sub,
      timeZone: zoneOf(payload),
      scopes: scopesOf(payload),
      operator: isOperator(payload, rules.operatorClaim),
      signedInAt: instantOf(payload, rules.signInClaim ?? 'auth_time'),
      expiresAt: new Date((payload.exp ?? 0) * 1_000),
    };
  };
}

/** Our id of a viewer, derived from what names them, so that no lookup crosses viewers. */
export function viewerIdOf(issuer: string, subject: string): string {
  return uuidOf('viewer', issuer, subject);
}

async function verify(token: string, keys: JWTVerifyGetKey, rules: BearerRules, now: Date) {
  try {
    return await jwtVerify(token, keys, {
      issuer: rules.issuer,
      audience: rules.audience,
      algorithms: ALGORITHMS,
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      requiredClaims: ['exp', 'sub'],
      currentDate: now,
    });
  } catch (error) {
    // An issuer out of reach is an outage, not a bad token.
    const outage =
      error instanceof errors.JWKSTimeout ||
      !(error instanceof errors.JOSEError) ||
      error.code === 'ERR_JOSE_GENERIC';
    if (outage) throw new Error('the keys of the token issuer cannot be read', { cause: error });
    throw new BearerRefusedError();
  }
}

async function findKeys(rules: BearerRules): Promise<JWTVerifyGetKey> {
  const address = rules.jwksUrl ?? (await discoverKeys(rules));
  return createRemoteJWKSet(new URL(address), { timeoutDuration: 5_000, cooldownDuration: 10_000 });
}

async function discoverKeys(rules: BearerRules): Promise<string> {
  const configuration = await discovery(new URL(rules.issuer), 'consentry', undefined, undefined, {
    timeout: 5,
    ...(rules.allowHttp ? { execute: [allowInsecureRequests] } : {}),
  });
  const address = configuration.serverMetadata().jwks_uri;
  if (address === undefined) throw new Error('the token issuer names no address for its keys');
  return address;
}

function scopesOf(payload: JWTPayload): readonly string[] {
  const { scope, scp } = payload as { scope?: unknown; scp?: unknown };
  const given = scope ?? scp;
  if (typeof given === 'string') return given.split(' ').filter((word) => word !== '');
  return Array.isArray(given) ? given.filter((word) => typeof word === 'string') : [];
}

// A standard claim of OpenID Connect; one that names no zone is as good as none.
function zoneOf({ zoneinfo }: JWTPayload): Zone | null {
  return typeof zoneinfo === 'string' ? parseZone(zoneinfo) : null;
}

// Seconds, as OpenID Connect has it. Where the claim is missing nothing stands for it: apps get fresh
// tokens without the user, so the instant of issue is no sign-in unless the operator says that it is.
function instantOf(payload: JWTPayload, claim: string): Date | null {
  const said = Object.hasOwn(payload, claim) ? payload[claim] : undefined;
  if (typeof said !== 'number' || !Number.isFinite(said)) return null;
  const instant = new Date(said * 1_000);
  return Number.isNaN(instant.getTime()) ? null : instant;
}

function isOperator(payload: JWTPayload, claim: OperatorClaim | null): boolean {
  if (claim === null || !Object.hasOwn(payload, claim.name)) return false;
  const said = payload[claim.name];
  return Array.isArray(said) ? said.includes(claim.value) : said === claim.value;
}
