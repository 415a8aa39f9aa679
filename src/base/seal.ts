import {
  CompactEncrypt,
  compactDecrypt,
  type CompactJWEHeaderParameters,
  decodeProtectedHeader,
} from 'jose';

/**
 * A key with the name that ciphertexts carry: one of our own (`local-key.ts`), or one that never
 * leaves a key service (`kms-key.ts`).
 */
export interface SealingKey {
  readonly id: string;
  /**
   * What to seal one new value with.
   *
   * @throws KeyError if the key cannot be used now
   */
  forSealing(place: SealPlace): Promise<SealingMeans>;
  /**
   * What opens one value, by a header that is not yet proved.
   *
   * @returns null where the header cannot be of this key's making
   * @throws KeyError if the key cannot be used now
   */
  forOpening(place: SealPlace, header: SealHeader): Promise<OpeningMeans | null>;
}

/** How one value is sealed, in the words of JOSE. */
export interface SealingMeans {
  readonly algorithm: string;
  readonly key: Uint8Array;
  /** What the header has to say besides, so that the value opens again. */
  readonly header: Readonly<Record<string, string>>;
}

/** How one value opens, and by nothing else. */
export interface OpeningMeans {
  readonly algorithms: readonly string[];
  readonly key: Uint8Array;
}

/** The header of a sealed value, as whoever wrote it says. */
export type SealHeader = Partial<CompactJWEHeaderParameters>;

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
 * Seals a secret as a compact JWE: a data key of its own, got by way of the ring's first key, whose
 * id stands in the header beside the place.
 *
 * @throws KeyError if the key cannot be used now
 */
export async function seal(ring: KeyRing, place: SealPlace, secret: string): Promise<string> {
  const [first] = ring;
  const { algorithm, key, header } = await first.forSealing(place);
  return new CompactEncrypt(new TextEncoder().encode(secret))
    .setProtectedHeader({
      ...header,
      alg: algorithm,
      enc: 'A256GCM',
      kid: first.id,
      place: placeText(place),
    })
    .encrypt(key);
}

/**
 * Opens a sealed secret.
 *
 * @throws UnsealError if the key is missing, the place differs, or a bit was changed
 * @throws KeyError if the key cannot be used now
 */
export async function unseal(ring: KeyRing, place: SealPlace, sealed: string): Promise<string> {
  const header = headerOf(sealed);
  if (header === null) throw new UnsealError(place, 'it is no sealed value');
  const key = ring.find((candidate) => candidate.id === header.kid);
  if (key === undefined) throw new UnsealError(place, 'its encryption key is not configured');
  const means = await key.forOpening(place, header);
  if (means === null) throw new UnsealError(place, 'it does not open with its key');
  const { plaintext, protectedHeader } = await compactDecrypt(sealed, means.key, {
    keyManagementAlgorithms: [...means.algorithms],
    contentEncryptionAlgorithms: ['A256GCM'],
  }).catch((cause: unknown) => {
    throw new UnsealError(place, 'it does not open with its key', cause);
  });
  if (protectedHeader['place'] !== placeText(place)) {
    throw new UnsealError(place, 'it was sealed for another place');
  }
  return new TextDecoder().decode(plaintext);
}

/** The id of the key that a value names, proved or not; null where it is no sealed value. */
export function keyIdOf(sealed: string): string | null {
  return headerOf(sealed)?.kid ?? null;
}

function headerOf(sealed: string): SealHeader | null {
  try {
    return decodeProtectedHeader(sealed);
  } catch {
    return null;
  }
}

/** A sealed value that cannot be opened: a wrong key, a moved or a damaged ciphertext. */
export class UnsealError extends Error {
  /** Why, in words that name no place. */
  readonly reason: string;

  constructor(place: SealPlace, reason: string, cause?: unknown) {
    super(`cannot unseal ${describePlace(place)}: ${reason}`, { cause });
    this.name = 'UnsealError';
    this.reason = reason;
  }
}

/** A key that cannot be used, which says nothing of the values under it. */
export class KeyError extends Error {
  /** Whether it may be otherwise soon: its service is away, slow or full. */
  readonly tryAgain: boolean;

  constructor(keyId: string, reason: string, tryAgain: boolean, cause?: unknown) {
    super(`the encryption key ${keyId} cannot be used: ${reason}`, { cause });
    this.name = 'KeyError';
    this.tryAgain = tryAgain;
  }
}

/** A place in words, without whose it is. */
export function describePlace({ table, column, row }: SealPlace): string {
  return `${table}.${column} of row ${row}`;
}

function placeText(place: SealPlace): string {
  return JSON.stringify([place.table, place.column, place.row, place.viewer]);
}
