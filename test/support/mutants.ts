import { seededEntropy } from '../../src/base/entropy.ts';

const LOOK_ALIKES: Readonly<Record<string, string>> = {
  A: 'А',
  B: 'В',
  C: 'С',
  E: 'Е',
  H: 'Н',
  K: 'К',
  M: 'М',
  O: 'О',
  P: 'Р',
  T: 'Т',
  X: 'Х',
  a: 'а',
  c: 'с',
  e: 'е',
  i: 'і',
  j: 'ј',
  o: 'о',
  p: 'р',
  s: 'ѕ',
  x: 'х',
  y: 'у',
  0: '０',
  1: '１',
  2: '２',
  3: '３',
  4: '４',
  5: '５',
  6: '６',
  7: '７',
  8: '８',
  9: '９',
  '-': '‐',
  _: '＿',
};
const PADDINGS = ['=', '==', ' ', '\t', '\n', '\r\n', '\0', '.', '%', '+', '/', '\u200B', '\uFEFF'];

/**
 * States that are almost good ones: always the same for the same two.
 *
 * @param good - a state that was issued, 43 characters of base64url
 * @param other - another one
 */
export function mutantsOf(good: string, other: string, count: number): readonly string[] {
  const entropy = seededEntropy('mutants');
  const below = (limit: number) => entropy.bytes(4).readUInt32BE() % limit;
  const found = new Set<string>();
  for (let number = 0; found.size < count; number += 1) {
    const make = MAKERS[number % MAKERS.length];
    const mutant = make?.(good, other, below) ?? '';
    if (mutant !== good && mutant !== other) found.add(mutant);
  }
  return [...found];
}

type Maker = (good: string, other: string, below: (limit: number) => number) => string;

const replaceAt = (text: string, at: number, by: string) =>
  text.slice(0, at) + by + text.slice(at + 1);
const bytesOf = (good: string) => Buffer.from(good, 'base64url');

const MAKERS: readonly Maker[] = [
  // One to three bits of the secret.
  (good, _other, below) => {
    const bytes = bytesOf(good);
    for (let flips = 1 + below(3); flips > 0; flips -= 1) {
      const bit = below(256);
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    }
    return bytes.toString('base64url');
  },
  // One bit of the text.
  (good, _other, below) => {
    const at = below(good.length);
    return replaceAt(good, at, String.fromCharCode(good.charCodeAt(at) ^ (1 << below(8))));
  },
  // Cut off at either end or both, or a piece out of the middle.
  (good, _other, below) => good.slice(below(good.length), below(good.length) + 1),
  (good, _other, below) => good.slice(0, below(good.length)) + good.slice(below(good.length)),
  // The case of some letters.
  (good, _other, below) =>
    Array.from(good)
      .map((letter) => {
        if (below(3) > 0) return letter;
        return letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase();
      })
      .join(''),
  // Padding before, behind, within.
  (good, _other, below) => {
    const at = [0, good.length, below(good.length)][below(3)] ?? 0;
    const pad = (PADDINGS[below(PADDINGS.length)] ?? '').repeat(1 + below(3));
    return good.slice(0, at) + pad + good.slice(at);
  },
  // Characters that look the same.
  (good, _other, below) => {
    const at = below(good.length);
    return replaceAt(good, at, LOOK_ALIKES[good[at] ?? ''] ?? '\u0301');
  },
  // Two together, spliced, or repeated.
  (good, other, below) => good.slice(0, below(44)) + other.slice(below(44)),
  (good, other, below) =>
    [good + good, good + other, `${good},${other}`, `${good}&`][below(4)] + 'A'.repeat(below(99)),
  // Another alphabet, or the unused bits of the last character.
  (good, _other, below) => replaceAt(good, below(43), '+/'[below(2)] ?? ''),
  (good, _other, below) =>
    good.slice(0, 42) +
    'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'[below(64)],
  // Nothing of it right.
  (_good, _other, below) =>
    Buffer.from(Array.from({ length: 32 }, () => below(256))).toString('base64url'),
  (_good, _other, below) =>
    String.fromCharCode(...Array.from({ length: below(60) }, () => 1 + below(0xd7fe))),
];
