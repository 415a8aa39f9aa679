import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';

/** The ids that one row bears in one answer. */
export interface RowIds {
  /** `transaction_id`: 32 hex digits. */
  readonly own: string;
  /** `normalised_provider_transaction_id`. */
  readonly normalised: string;
  /** `provider_transaction_id`. */
  readonly provider: string;
  /** Two numbers from 0 to 255 that decide what else a row has; always the same for a row. */
  readonly lots: readonly [number, number];
}

/** Names the rows of one account, and knows them again. */
export interface RowNames {
  /**
   * The ids of some rows, in their order.
   *
   * @param salt - makes other `own` ids of the same rows; 0 for those that stay
   */
  idsOf(serials: readonly number[], state: 'booked' | 'pending', salt: number): readonly RowIds[];
  /** The serial in an `own` id that was given for a row of this account. */
  serialOf(own: string): number | undefined;
}

const BLOCK = 16;
const BOOKED = 1;
const PENDING = 2;
const STEADY = 4;

/**
 * The names of an account's rows. An id is a single block of AES: as even as a hash, yet whoever
 * has the key reads the serial back out of it, so that no list of ids given out need be kept.
 *
 * @param accountId - the account's own, not that of a consent
 */
export function makeRowNames(seed: string, accountId: string): RowNames {
  const key = createHash('sha256')
    .update(`row ids\0${seed}\0${accountId}`)
    .digest()
    .subarray(0, 16);
  const cipher = createCipheriv('aes-128-ecb', key, null).setAutoPadding(false);
  return {
    idsOf(serials, state, salt) {
      if (serials.length === 0) return [];
      const kind = state === 'booked' ? BOOKED : PENDING;
      const plain = Buffer.alloc(serials.length * 2 * BLOCK);
      for (const [index, serial] of serials.entries()) {
        fill(plain, 2 * index * BLOCK, serial, kind, salt);
        fill(plain, (2 * index + 1) * BLOCK, serial, kind + STEADY, 0);
      }
      // One call for all: each costs more than the blocks in it.
      const hex = cipher.update(plain).toString('hex');
      return serials.map((_, index) => idsIn(hex, 4 * index * BLOCK));
    },
    serialOf(own) {
      if (!/^[0-9a-f]{32}$/.test(own)) return undefined;
      const decipher = createDecipheriv('aes-128-ecb', key, null).setAutoPadding(false);
      const block = decipher.update(Buffer.from(own, 'hex'));
      // Four zeros at the end tell our blocks from anybody's 32 digits.
      return block.readUInt32BE(12) === 0 ? block.readUIntBE(0, 6) : undefined;
    },
  };
}

/** The ids in two blocks of hex digits. */
function idsIn(hex: string, at: number): RowIds {
  return {
    own: hex.slice(at, at + 32),
    normalised: `txn-${hex.slice(at + 32, at + 49)}`,
    provider: hex.slice(at + 49, at + 59).toUpperCase(),
    lots: [
      Number.parseInt(hex.slice(at + 60, at + 62), 16),
      Number.parseInt(hex.slice(at + 62, at + 64), 16),
    ],
  };
}

function fill(block: Buffer, at: number, serial: number, kind: number, salt: number): void {
  block.writeUIntBE(serial, at, 6);
  block.writeUInt8(kind, at + 6);
  block.writeUInt32BE(salt, at + 7);
}
