import { createHash, timingSafeEqual } from 'node:crypto';
import type { SealPlace } from '../base/seal.ts';

/** SHA-256 of a random secret, for finding it without holding it. */
export function hashOf(secret: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHash('sha256').update(secret).digest());
}

/** Whether a secret is the one that was hashed, in a time that tells nothing. */
export function matchesHash(secret: string, hash: Uint8Array): boolean {
  return timingSafeEqual(hashOf(secret), hash);
}

/** Where a link's secrets are sealed. */
export function linkPlace(
  column: 'sealed_dialog' | 'sealed_code_verifier' | 'sealed_code' | 'sealed_psu_ip',
  linkId: string,
  viewerId: string,
): SealPlace {
  return { table: 'auth_link', column, row: linkId, viewer: viewerId };
}

/** What a link that has ended no longer holds. */
export const SPENT = {
  sealedDialog: null,
  sealedCode: null,
  sealedCodeVerifier: null,
  sealedPsuIp: null,
} as const;

/** Where a consent's tokens are sealed. */
export function credentialPlace(
  column: 'sealed_access' | 'sealed_refresh',
  consentId: string,
  viewerId: string,
): SealPlace {
  return { table: 'consent_credential', column, row: consentId, viewer: viewerId };
}

/** Where the tokens of a connection that is to end wait for the bank to know. */
export function revocationPlace(
  column: 'sealed_access' | 'sealed_refresh',
  revocationId: string,
  viewerId: string,
): SealPlace {
  return { table: 'revocation', column, row: revocationId, viewer: viewerId };
}

/** Where a consent keeps the address of the user who gave it. */
export function psuIpPlace(consentId: string, viewerId: string): SealPlace {
  return { table: 'consent', column: 'sealed_psu_ip', row: consentId, viewer: viewerId };
}
