import { createHash, randomBytes } from 'node:crypto';

/** The one source of chance: random bytes, and what is made of them. */
export interface Entropy {
  /** `count` unpredictable bytes. */
  bytes(count: number): Buffer;
}

/** Cryptographic randomness from the operating system. */
export const systemEntropy: Entropy = { bytes: (count) => randomBytes(count) };

/**
 * Bytes that repeat exactly for the same seed: for tests and simulated data, never for secrets.
 *
 * @param seed - any text; different texts give unrelated streams
 */
export function seededEntropy(seed: string): Entropy {
  let block = 0;
  return {
    bytes(count) {
      const parts: Buffer[] = [];
      for (let length = 0; length < count; length += 32) {
        parts.push(createHash('sha256').update(`${seed}\0${block++}`).digest());
      }
      return Buffer.concat(parts).subarray(0, count);
    },
  };
}

/** `count` random bytes as base64url text, without padding. */
export function randomText(entropy: Entropy, count: number): string {
  return entropy.bytes(count).toString('base64url');
}

/**
 * A UUID of version 7: ordered by the millisecond of its making, so that indexes grow at one end.
 *
 * @param order - puts ids that are made together into an order, 0 first
 * @see https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-7
 */
export function uuidv7(entropy: Entropy, now: Date, order = 0): string {
  return uuidOfTime(entropy.bytes(16), now, order);
}

/** So many UUIDs of version 7 in their order, for all of which chance is asked once. */
export function uuidsv7(entropy: Entropy, now: Date, count: number): readonly string[] {
  const bytes = entropy.bytes(16 * count);
  return Array.from({ length: count }, (_, order) =>
    uuidOfTime(bytes.subarray(16 * order, 16 * order + 16), now, order),
  );
}

function uuidOfTime(bytes: Buffer, now: Date, order: number): string {
  bytes.writeUIntBE(now.getTime() + Math.floor(order / 4096), 0, 6);
  bytes.writeUInt16BE(0x7000 | (order % 4096), 6);
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  return uuidText(bytes);
}

/**
 * A UUID that is the same for the same words: version 8, from their SHA-256.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-8
 */
export function uuidOf(...words: readonly string[]): string {
  const bytes = createHash('sha256').update(JSON.stringify(words)).digest().subarray(0, 16);
  bytes[6] = 0x80 | (bytes[6]! & 0x0f);
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  return uuidText(bytes);
}

/** A number from 0 up to 1 that is the same for the same words, and spread evenly over all words. */
export function fractionOf(...words: readonly string[]): number {
  const bytes = createHash('sha256').update(JSON.stringify(words)).digest();
  return bytes.readUIntBE(0, 6) / 2 ** 48;
}

function uuidText(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-');
}
