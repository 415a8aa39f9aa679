import { createHash } from 'node:crypto';
import { later, DAY, MINUTE } from '../base/clock.ts';
import { randomText, systemEntropy } from '../base/entropy.ts';
import type { Seals } from './seals.ts';

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
  /** When the user authenticated at the bank: window and consent are counted from here. */
  readonly consentedAt: Date;
}

/** A grant on its way to the app, with what the token request must repeat or prove. */
export interface AuthorizationCode {
  /** Tells two codes of the same content apart. */
  readonly id: string;
  readonly redirectUri: string;
  readonly codeChallenge: string | undefined;
  readonly issuedAt: Date;
  readonly grant: Grant;
}

/** Codes older than this answer `invalid_authorization_code`. */
export const CODE_LIFE_MILLISECONDS = 5 * MINUTE;

/** The instant from which the bank calls this consent ended: 90 days after authentication. */
export function consentEndOf(grant: Grant): Date {
  return later(grant.consentedAt, 90 * DAY);
}

/**
 * A new connection's id, shaped as on the wire: 32 bytes in base64. Random rather than seeded, so
 * that no two connections ever share one, whichever process made them.
 */
export function makeCredentialsId(user: string, providerId: string): string {
  const words = [randomText(systemEntropy, 16), user, providerId];
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
];

type PackedCode = readonly [
  id: string,
  redirectUri: string,
  codeChallenge: string | null,
  issuedAt: number,
  grant: PackedGrant,
];

/** The code as the app gets it in the redirect. */
export function sealCode(seals: Seals, code: AuthorizationCode): string {
  const packed: PackedCode = [
    code.id,
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
  const [id, redirectUri, codeChallenge, issuedAt, grant] = packed;
  return {
    id,
    redirectUri,
    codeChallenge: codeChallenge ?? undefined,
    issuedAt: new Date(issuedAt),
    grant: unpack(grant),
  };
}

/** The refresh token of a grant: upper-case hex, the same text each time. */
export function sealRefreshToken(seals: Seals, grant: Grant): string {
  return seals.seal('refresh-token', pack(grant)).toString('hex').toUpperCase();
}

/** Opens a refresh token; undefined for any other text. */
export function openRefreshToken(seals: Seals, text: string): Grant | undefined {
  if (!/^(?:[0-9A-F]{2})+$/.test(text)) return undefined;
  const packed = seals.open('refresh-token', Buffer.from(text, 'hex'));
  return packed === undefined ? undefined : unpack(packed as PackedGrant);
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
  ];
}

function unpack(packed: PackedGrant): Grant {
  const [credentialsId, consentId, clientId, providerId, user, scopes, accountKeys, at] = packed;
  return {
    credentialsId,
    consentId,
    clientId,
    providerId,
    user,
    scopes: scopes.split(' '),
    accountKeys: accountKeys === '' ? [] : accountKeys.split(' '),
    consentedAt: new Date(at),
  };
}
