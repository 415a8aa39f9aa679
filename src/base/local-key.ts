import type { SealingKey } from './seal.ts';

/**
 * A 256-bit key of our own. It wraps the data key of each value by AES key wrap, which uses no
 * nonce: how often one key may wrap has no bound to watch.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7518#section-4.4
 */
export function localKey(id: string, bytes: Uint8Array): SealingKey {
  return {
    id,
    forSealing: async () => ({ algorithm: 'A256KW', key: bytes, header: {} }),
    // Values of the first days were wrapped with random nonces, and open as well.
    forOpening: async () => ({ algorithms: ['A256KW', 'A256GCMKW'], key: bytes }),
  };
}
