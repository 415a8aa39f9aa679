import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { parseKeyRing } from '../../src/base/key-ring.ts';

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
const ARN = 'arn:aws:kms:eu-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';

it('keys are read in their order, of both kinds', () => {
  const ring = parseKeyRing(
    ` k2:${base64(randomBytes(32))}, ${ARN},\nk1:${randomBytes(32).toString('base64url')}`,
  );
  expect(ring.map(({ id }) => id)).toEqual(['k2', ARN, 'k1']);
});

it('random keys are taken', () => {
  for (let count = 0; count < 5_000; count += 1) {
    const bytes = createHash('sha256').update(String(count)).digest();
    expect(() => parseKeyRing(`k:${base64(bytes)}`)).not.toThrow();
  }
});

it.each([
  ['', 'must be written id:key'],
  ['abc', 'must be written id:key'],
  [`bad id:${base64(randomBytes(32))}`, 'must be written id:key'],
  [`k1:${base64(randomBytes(32))},`, 'must be written id:key'],
  [`k1:${base64(randomBytes(16))}`, 'of 16 bytes where 32 are needed'],
  [`k1:${base64(randomBytes(33))}`, 'of 33 bytes where 32 are needed'],
  [`k1:${randomBytes(32).toString('hex')}`, 'of 48 bytes where 32 are needed'],
  [`k1:!${base64(randomBytes(32))}`, 'not written in base64'],
  ['arn:aws:kms:eu-west-2:111122223333:alias/mine', 'ARN of no KMS key'],
  ['arn:aws:s3:::bucket', 'ARN of no KMS key'],
])('the keys %j are refused', (text, message) => {
  expect(() => parseKeyRing(text)).toThrow(message);
});

it.each([
  ['zeros', Buffer.alloc(32)],
  ['one byte over and over', Buffer.alloc(32, 7)],
  ['a counter', Buffer.from(Array.from({ length: 32 }, (_, index) => index))],
  ['a counter downwards', Buffer.from(Array.from({ length: 32 }, (_, index) => 255 - index * 3))],
  [
    'one half twice',
    Buffer.concat(
      Array.from({ length: 2 }, () => Buffer.from('feffe9928665731c6d6a8f9467308308', 'hex')),
    ),
  ],
  ['a pass phrase', Buffer.from('change-me-change-me-change-me-ch')],
  ['letters and digits', Buffer.from('J7q2Zp0vXw9LrT4mBn8KcY1sDf6GhQ3e')],
  ['half a key in hex', Buffer.from('9f86d081884c7d659a2feaa0c55ad015')],
  ['the alphabet of base64', Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopq=', 'base64')],
  [
    'words in base64’s letters',
    Buffer.from('ThisIsAnExampleKeyPleaseMakeYourOwnBefore1A=', 'base64'),
  ],
  [
    'a key that is printed in a standard',
    Buffer.from('603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4', 'hex'),
  ],
])('a key of %s is refused', (_kind, bytes) => {
  expect(bytes).toHaveLength(32);
  expect(() => parseKeyRing(`k1:${base64(bytes)}`)).toThrow('has a key k1 that is not random');
});

it('a key that is named or given twice is refused', () => {
  const one = base64(randomBytes(32));
  expect(() => parseKeyRing(`a:${one},b:${one}`)).toThrow('names the key b twice');
  expect(() => parseKeyRing(`a:${one},a:${base64(randomBytes(32))}`)).toThrow('twice');
  expect(() => parseKeyRing(`${ARN},${ARN}`)).toThrow('twice');
});

it('no refusal shows a key', () => {
  const key = base64(Buffer.from('change-me-change-me-change-me-ch'));
  for (const text of [`k1:${key}`, `k1:${key}${key}`, `k1:!${key}`, `k 1:${key}`]) {
    expect(() => parseKeyRing(text)).toThrow(expect.not.objectContaining({ message: key }));
    try {
      parseKeyRing(text);
    } catch (error) {
      expect(String(error)).not.toContain(key);
    }
  }
});

it('nothing that is written down in this repository would be taken as a key', () => {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  const files = ['README.md', '.env.example', 'compose.yaml', 'Dockerfile'].concat(
    readdirSync(`${root}test`, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => `test/${file}`),
  );
  const taken = files.flatMap((file) => {
    const text = readFileSync(`${root}${file}`, 'utf8');
    const candidates = [...text.matchAll(/[\w-]+:[\w+/]{43}=/g)].map(([found]) => found);
    return candidates.filter((candidate) => {
      try {
        return parseKeyRing(candidate).length > 0;
      } catch {
        return false;
      }
    });
  });
  expect(taken).toEqual([]);
});
