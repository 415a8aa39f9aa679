import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from 'node:crypto';

/** What a sealed text is for; a text sealed for one purpose does not open for another. */
export type SealPurpose = 'dialog' | 'code' | 'refresh-token' | 'access-token';

/** Closes small values into opaque texts that only a simulator of the same seed can open. */
export interface Seals {
  /** The same value gives the same bytes, so that a refresh token keeps its text. */
  seal(purpose: SealPurpose, value: unknown): Buffer;
  /** The value, or undefined for bytes that no simulator of this seed sealed for this purpose. */
  open(purpose: SealPurpose, sealed: Buffer): unknown;
}

/** Raised whenever a sealed value changes its shape, so that older texts stop opening. */
const SHAPE_VERSION = 2;
const NONCE_LENGTH = 12;
const TAG_LENGTH = 16;
/** Ends a canary, in whose alphabet it is not. */
const CANARY_END = '.';
const CANARY_LENGTH_MAX = 64;
/** What reaches the app, and so may leak. */
const CANARY_PURPOSES: ReadonlySet<SealPurpose> = new Set(['code', 'refresh-token']);

/**
 * Seals whose keys come from the seed alone: what one process sealed, the next one opens, and the
 * simulator needs no storage.
 *
 * @param canary - the word that codes and refresh tokens are to begin with now, if any
 */
export function makeSeals(seed: string, canary: () => string | undefined = () => undefined): Seals {
  const keys = new Map<SealPurpose, { readonly cipher: Buffer; readonly nonce: Buffer }>();
  function keysFor(purpose: SealPurpose) {
    let pair = keys.get(purpose);
    if (pair === undefined) {
      const label = `consentry simulator ${purpose} ${SHAPE_VERSION}`;
      const bytes = Buffer.from(hkdfSync('sha256', seed, '', label, 64));
      pair = { cipher: bytes.subarray(0, 32), nonce: bytes.subarray(32) };
      keys.set(purpose, pair);
    }
    return pair;
  }
  return {
    seal(purpose, value) {
      const key = keysFor(purpose);
      const mark = CANARY_PURPOSES.has(purpose) ? markOf(canary()) : NO_MARK;
      const plain = Buffer.from(JSON.stringify(value));
      // The nonce follows from the content: equal contents repeat it harmlessly, others never do.
      const nonce = createHmac('sha256', key.nonce)
        .update(mark)
        .update(plain)
        .digest()
        .subarray(0, NONCE_LENGTH);
      // Bound to what follows it, so that a damaged mark is as worthless as a damaged text.
      const cipher = createCipheriv('aes-256-gcm', key.cipher, nonce).setAAD(mark);
      const body = Buffer.concat([cipher.update(plain), cipher.final()]);
      return Buffer.concat([mark, nonce, cipher.getAuthTag(), body]);
    },
    open(purpose, text) {
      // A text without a mark may have the byte of its end by chance, so both readings are tried.
      return openAfter(0, purpose, text) ?? openAfter(markLength(text), purpose, text);
    },
  };
  function openAfter(length: number, purpose: SealPurpose, text: Buffer): unknown {
    const mark = text.subarray(0, length);
    const sealed = text.subarray(length);
    if (sealed.length <= NONCE_LENGTH + TAG_LENGTH) return undefined;
    const key = keysFor(purpose);
    const nonce = sealed.subarray(0, NONCE_LENGTH);
    const decipher = createDecipheriv('aes-256-gcm', key.cipher, nonce, {
      authTagLength: TAG_LENGTH,
    }).setAAD(mark);
    decipher.setAuthTag(sealed.subarray(NONCE_LENGTH, NONCE_LENGTH + TAG_LENGTH));
    try {
      const body = decipher.update(sealed.subarray(NONCE_LENGTH + TAG_LENGTH));
      return JSON.parse(Buffer.concat([body, decipher.final()]).toString()) as unknown;
    } catch {
      // A forged, damaged or foreign text is an everyday answer here, told by undefined.
      return undefined;
    }
  }
}

const NO_MARK = Buffer.alloc(0);

function markOf(canary: string | undefined): Buffer {
  return canary === undefined ? NO_MARK : Buffer.from(`${canary}${CANARY_END}`);
}

/** How much of a text is its mark; 0 where it has none. */
function markLength(text: Buffer): number {
  return text.subarray(0, CANARY_LENGTH_MAX + 1).indexOf(CANARY_END) + 1;
}
