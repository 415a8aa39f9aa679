import { createHash } from 'node:crypto';
import { later, MINUTE, SECOND } from '../../base/clock.ts';
import { randomText, type Entropy } from '../../base/entropy.ts';
import type { Bank } from '../banks/bank.ts';
import type { Seals } from '../seals.ts';

/** What a user allowed at a bank: the content of codes and tokens alike. */
export interface Grant {
  readonly credentialsId: string;
  readonly consentId: string;
  readonly clientId: string;
  readonly providerId: string;
  readonly user: string;
  readonly scopes: readonly string[];
  /** Keys of the accounts and cards that the user chose to share. */
  readonly accountKeys: readonly string[];
  /** When the consent was given, or extended last: its end is counted from here. */
  readonly consentedAt: Date;
  /** When the user last authenticated at the bank: its window is counted from here. */
  readonly authenticatedAt: Date;
}

/** One way of a user through the dialog, as the tracked events tell of it. */
export interface Flow {
  /** `auth-…`, for each opening of a link another. */
  readonly id: string;
  /** The app's own name for it; events of a flow without one are not kept. */
  readonly trackingId: string | null;
  /** True if it renews a connection. */
  readonly reauth: boolean;
}

/** A grant on its way to the app, with what the token request must repeat or prove. */
export interface AuthorizationCode {
  /** Tells two codes of the same content apart. */
  readonly id: string;
  readonly flow: Flow;
  readonly redirectUri: string;
  readonly codeChallenge: string | undefined;
  readonly issuedAt: Date;
  readonly grant: Grant;
}

/** What a refresh token is worth. */
export interface RefreshToken {
  readonly grant: Grant;
  /** Counts the refresh tokens of one grant, from 0. It stays 0 where they do not rotate. */
  readonly generation: number;
}

/** Codes older than this answer `invalid_authorization_code`. */
export const CODE_LIFE_MILLISECONDS = 5 * MINUTE;

/** The instant from which the bank calls this consent ended. */
export function consentEndOf(grant: Grant, bank: Bank): Date {
  return later(grant.consentedAt, bank.consentSeconds * SECOND);
}

/**
 * A new connection's id, shaped as on the wire: 32 bytes in base64.
 */
export function makeCredentialsId(entropy: Entropy, user: string, providerId: string): string {
  const words = [randomText(entropy, 16), user, providerId];
  return createHash('sha256').update(JSON.stringify(words)).digest('base64');
}

type PackedGrant = readonly [
  credentialsId: string,
  consentId: string,
  clientId: string,
  providerId: string,
  user: string,
  scopes: string,
  accountKeys: string,
  consentedAt: number,
  authenticatedAt: number,
];

type PackedCode = readonly [
  id: string,
  flow: Flow,
  redirectUri: string,
  codeChallenge: string | null,
  issuedAt: number,
  grant: PackedGrant,
];

type PackedRefreshToken = readonly [generation: number, grant: PackedGrant];

/** The code as the app gets it in the redirect. */
export function sealCode(seals: Seals, code: AuthorizationCode): string {
  const packed: PackedCode = [
    code.id,
    code.flow,
    code.redirectUri,
    code.codeChallenge ?? null,
    code.issuedAt.getTime(),
    pack(code.grant),
  ];
  return seals.seal('code', packed).toString('base64url');
}

/** Opens a code; undefined if it was never issued under this seed. Age and use are not judged. */
export function openCode(seals: Seals, text: string): AuthorizationCode | undefined {
  // Whatever opens was sealed by us, so its shape is known.
  const packed = seals.open('code', Buffer.from(text, 'base64url')) as PackedCode | undefined;
  if (packed === undefined) return undefined;
  const [id, flow, redirectUri, codeChallenge, issuedAt, grant] = packed;
  return {
    id,
    flow,
    redirectUri,
    codeChallenge: codeChallenge ?? undefined,
    issuedAt: new Date(issuedAt),
    grant: unpack(grant),
  };
}

/**
 * A refresh token as the app gets it: upper-case hex, for the same grant and generation the same
 * text each time.
 */
export function sealRefreshToken(seals: Seals, { grant, generation }: RefreshToken): string {
  const packed: PackedRefreshToken = [generation, pack(grant)];
  return seals.seal('refresh-token', packed).toString('hex').toUpperCase();
}

/** Opens a refresh token; undefined for any other text. Its age and use are not judged. */
export function openRefreshToken(seals: Seals, text: string): RefreshToken | undefined {
  if (!/^(?:[0-9A-F]{2})+$/.test(text)) return undefined;
  const packed = seals.open('refresh-token', Buffer.from(text, 'hex'));
  if (packed === undefined) return undefined;
  const [generation, grant] = packed as PackedRefreshToken;
  return { grant: unpack(grant), generation };
}

/** The grant as it travels inside an access token. */
export function sealGrant(seals: Seals, grant: Grant): string {
  return seals.seal('access-token', pack(grant)).toString('base64url');
}

/** Opens the grant inside an access token; undefined for any other text. */
export function openGrant(seals: Seals, text: string): Grant | undefined {
  const packed = seals.open('access-token', Buffer.from(text, 'base64url'));
  return packed === undefined ? undefined : unpack(packed as PackedGrant);
}

function pack(grant: Grant): PackedGrant {
  return [
    grant.credentialsId,
    grant.consentId,
    grant.clientId,
    grant.providerId,
    grant.user,
    grant.scopes.join(' '),
    grant.accountKeys.join(' '),
    grant.consentedAt.getTime(),
    grant.authenticatedAt.getTime(),
  ];
}

function unpack(packed: PackedGrant): Grant {
  const [credentialsId, consentId, clientId, providerId, user, scopes, accountKeys, ...times] =
    packed;
  return {
    credentialsId,
    consentId,
    clientId,
    providerId,
    user,
    scopes: scopes.split(' '),
    accountKeys: accountKeys === '' ? [] : accountKeys.split(' '),
    consentedAt: new Date(times[0]),
    authenticatedAt: new Date(times[1]),
  };
}
