import { KMS_KEY_ARN, kmsKey } from './kms-key.ts';
import { localKey } from './local-key.ts';
import type { KeyRing, SealingKey } from './seal.ts';

const KEY_BYTES = 32;
const MAKE_ONE = 'openssl rand -base64 32 makes one.';

/**
 * Reads `id:base64` and ARNs of KMS keys, with commas between them. The first seals, all open.
 *
 * @throws RangeError whose message completes the sentence "ENCRYPTION_KEYS …"
 */
export function parseKeyRing(text: string): KeyRing {
  const keys: SealingKey[] = [];
  const taken = new Set<string>();
  // Neither an id nor the bytes of a key may come twice.
  const take = (id: string, mark: string) => {
    if (taken.has(mark)) {
      throw new RangeError(`names the key ${id} twice: every key needs its own id and bytes.`);
    }
    taken.add(mark);
  };
  for (const entry of text.split(',').map((part) => part.trim())) {
    if (entry.startsWith('arn:')) {
      if (!KMS_KEY_ARN.test(entry)) {
        throw new RangeError(
          'has an ARN of no KMS key: it is written arn:aws:kms:region:account:key/id.',
        );
      }
      take(entry, `id ${entry}`);
      keys.push(kmsKey(entry));
    } else {
      const { id, bytes } = parseLocalKey(entry);
      take(id, `id ${id}`);
      take(id, `bytes ${bytes.toString('hex')}`);
      keys.push(localKey(id, bytes));
    }
  }
  const [first, ...others] = keys;
  if (first === undefined) throw new RangeError('is empty.');
  return [first, ...others];
}

function parseLocalKey(entry: string): { readonly id: string; readonly bytes: Buffer } {
  const colon = entry.indexOf(':');
  const id = entry.slice(0, colon);
  if (colon < 1 || !/^[\w-]{1,32}$/.test(id)) {
    throw new RangeError('must be written id:key, several with a comma between them.');
  }
  const written = entry.slice(colon + 1);
  const bytes = Buffer.from(written, 'base64');
  if (bytes.length !== KEY_BYTES) {
    throw new RangeError(
      `has a key ${id} of ${bytes.length} bytes where 32 are needed: ${MAKE_ONE}`,
    );
  }
  // Node reads past whatever is no base64.
  if (!/^[\w+/-]{43}=?$/.test(written)) {
    throw new RangeError(`has a key ${id} that is not written in base64: ${MAKE_ONE}`);
  }
  if (!looksRandom(bytes, written)) {
    throw new RangeError(`has a key ${id} that is not random: ${MAKE_ONE}`);
  }
  return { id, bytes };
}

/** Of 32 random bytes some 30 differ; fewer than one key in a thousand million has so few. */
const DISTINCT_MIN = 17;

/** The example key of half the world's documentation, AES-256 in NIST SP 800-38A. */
const PUBLISHED = '603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4';

const EXAMPLE_WORDS = /example|placeholder|change.?me|replace|password|secret|sample|encryption/i;

// Refuses what people write by hand where randomness is asked for: zeros, a counter, a repeated
// half, a password, words in base64's own letters. A random key is refused once in a million times,
// and then another is soon made.
function looksRandom(bytes: Buffer, written: string): boolean {
  const letters = Buffer.from(written);
  return (
    [bytes, letters].every((row) => distinct(row) && distinct(steps(row))) &&
    !bytes.every((byte) => byte >= 0x20 && byte < 0x7f) &&
    !EXAMPLE_WORDS.test(written) &&
    bytes.toString('hex') !== PUBLISHED
  );
}

function distinct(row: Iterable<number>): boolean {
  return new Set(row).size >= DISTINCT_MIN;
}

function steps(row: Uint8Array): number[] {
  return Array.from(row.subarray(1), (value, index) => (value - (row[index] ?? 0)) & 0xff);
}
