/** Repeatable chance: the same words give the same stream, on every machine. */
export interface Chance {
  /** A whole number from `min` to `max`, both included. */
  whole(min: number, max: number): number;
  /** One of a list that is not empty. */
  pick<T>(list: readonly T[]): T;
  /** True with the given probability, 0 to 1. */
  happens(probability: number): boolean;
}

/**
 * A stream of its own for these words. A fast mixer instead of a cryptographic hash: six years of
 * an account draw tens of thousands of times, and nothing here is secret.
 *
 * @see https://pracrand.sourceforge.net/ sfc32
 */
export function chanceOf(...words: readonly (string | number)[]): Chance {
  const text = words.join('\0');
  let a = hash(text, 0x9e3779b9);
  let b = hash(text, 0x243f6a88);
  let c = hash(text, 0xb7e15162);
  let counter = 1;
  function next(): number {
    const mixed = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + mixed) | 0;
    return mixed >>> 0;
  }
  // The first draws of near-equal words look alike until the state is stirred.
  for (let round = 0; round < 8; round += 1) next();
  const whole = (min: number, max: number) => min + (next() % (max - min + 1));
  return {
    whole,
    pick(list) {
      const item = list[whole(0, list.length - 1)];
      if (item === undefined) throw new RangeError('cannot pick from an empty list');
      return item;
    },
    happens: (probability) => next() < probability * 2 ** 32,
  };
}

/** FNV-1a with a final avalanche. */
function hash(text: string, basis: number): number {
  let value = basis;
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) | 0;
}
