import type { KeyRing, SealingKey } from './seal.ts';

/**
 * Reads `id:base64,id:base64`, newest first.
 *
 * @throws RangeError whose message completes the sentence "ENCRYPTION_KEYS …"
 */
export function parseKeyRing(text: string): KeyRing {
  const keys: SealingKey[] = [];
  for (const entry of text.split(',').map((part) => part.trim())) {
    const colon = entry.indexOf(':');
    const id = entry.slice(0, colon);
    if (colon < 1 || !/^[\w-]{1,32}$/.test(id)) {
      throw new RangeError('must be written id:key, several with a comma between them.');
    }
    const bytes = Buffer.from(entry.slice(colon + 1), 'base64');
    if (bytes.length !== 32) {
      throw new RangeError(
        `has a key ${id} of ${bytes.length} bytes where 32 are needed: make one with openssl rand -base64 32.`,
      );
    }
    if (new Set(bytes).size < 12) {
      throw new RangeError(
        `has a key ${id} that is not random: openssl rand -base64 32 makes one.`,
      );
    }
    if (keys.some((key) => key.id === id || Buffer.from(key.bytes).equals(bytes))) {
      throw new RangeError(`names the key ${id} twice: every key needs its own id and bytes.`);
    }
    keys.push({ id, bytes });
  }
  const [first, ...others] = keys;
  if (first === undefined) throw new RangeError('is empty.');
  return [first, ...others];
}
