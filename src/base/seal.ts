import { CompactEncrypt, compactDecrypt, decodeProtectedHeader } from 'jose';

/** A 256-bit key with the name that ciphertexts carry. */
export interface SealingKey {
  readonly id: string;
  readonly bytes: Uint8Array;
}

/** Keys that open; the first one also closes. */
export type KeyRing = readonly [SealingKey, ...SealingKey[]];

/**
 * Where a secret lives. A sealed value opens only under the place that it was sealed for, so that
 * a ciphertext copied to another row, column or viewer is worthless there.
 */
export interface SealPlace {
  readonly table: string;
  readonly column: string;
  readonly row: string;
  readonly viewer: string;
}

/**
 * Seals a secret as a compact JWE: a fresh A256GCM data key for each value, wrapped under the
 * ring's first key (A256GCMKW), whose id stands in the header beside the place.
 */
export async function seal(ring: KeyRing, place: SealPlace, secret: string): Promise<string> {
  const [key] = ring;
  return new CompactEncrypt(new TextEncoder().encode(secret))
    .setProtectedHeader({ alg: 'A256GCMKW', enc: 'A256GCM', kid: key.id, place: placeText(place) })
    .encrypt(key.bytes);
}

/**
 * Opens a sealed secret.
 *
 * @throws UnsealError if the key is missing, the place differs, or a bit was changed
 */
export async function unseal(ring: KeyRing, place: SealPlace, sealed: string): Promise<string> {
  let keyId: string | undefined;
  try {
    keyId = decodeProtectedHeader(sealed).kid;
  } catch (cause) {
    throw new UnsealError(place, 'it is no sealed value', cause);
  }
  const key = ring.find((candidate) => candidate.id === keyId);
  if (key === undefined) throw new UnsealError(place, 'its encryption key is not configured');
  try {
    const { plaintext, protectedHeader } = await compactDecrypt(sealed, key.bytes, {
      keyManagementAlgorithms: ['A256GCMKW'],
      contentEncryptionAlgorithms: ['A256GCM'],
    });
    if (protectedHeader['place'] !== placeText(place)) {
      throw new UnsealError(place, 'it was sealed for another place');
    }
    return new TextDecoder().decode(plaintext);
  } catch (cause) {
    if (cause instanceof UnsealError) throw cause;
    throw new UnsealError(place, 'it does not open with its key', cause);
  }
}

/** A sealed value that cannot be opened: a wrong key, a moved or a damaged ciphertext. */
export class UnsealError extends Error {
  constructor(place: SealPlace, reason: string, cause?: unknown) {
    super(`cannot unseal ${place.table}.${place.column} of row ${place.row}: ${reason}`, { cause });
    this.name = 'UnsealError';
  }
}

function placeText(place: SealPlace): string {
  return JSON.stringify([place.table, place.column, place.row, place.viewer]);
}
