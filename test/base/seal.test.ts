import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { parseKeyRing } from '../../src/base/key-ring.ts';
import { type KeyRing, seal, unseal } from '../../src/base/seal.ts';

const key = (id: string) => ({ id, bytes: randomBytes(32) });
const ring: KeyRing = [key('new'), key('old')];
const place = { table: 'consent', column: 'token', row: 'r1', viewer: 'v1' };

it('a sealed secret opens in its place, and says which key it needs', async () => {
  const sealed = await seal(ring, place, 'the secret');
  expect(JSON.parse(Buffer.from(sealed.split('.')[0] ?? '', 'base64url').toString())).toMatchObject(
    {
      alg: 'A256GCMKW',
      enc: 'A256GCM',
      kid: 'new',
    },
  );
  expect(await unseal(ring, place, sealed)).toBe('the secret');
});

it('what an older key sealed still opens', async () => {
  const sealed = await seal([ring[1] ?? ring[0]], place, 'the secret');
  expect(await unseal(ring, place, sealed)).toBe('the secret');
});

it.each(['table', 'column', 'row', 'viewer'] as const)(
  'a ciphertext that was moved to another %s does not open',
  async (part) => {
    const sealed = await seal(ring, place, 'the secret');
    await expect(unseal(ring, { ...place, [part]: 'other' }, sealed)).rejects.toThrow(
      'sealed for another place',
    );
  },
);

it('no part of a ciphertext can be changed, cut or swapped', async () => {
  const sealed = await seal(ring, place, 'the secret');
  const other = await seal(ring, { ...place, row: 'r2' }, 'another');
  const parts = sealed.split('.');
  for (const index of parts.keys()) {
    const part = parts[index] ?? '';
    const flipped = (part.startsWith('A') ? 'B' : 'A') + part.slice(1);
    for (const changed of [flipped, part.slice(0, -4), other.split('.')[index] ?? '', '']) {
      const forged = parts.with(index, changed).join('.');
      await expect(unseal(ring, place, forged), `part ${index}`).rejects.toThrow('cannot unseal');
    }
  }
});

it('a missing or wrong key is named as such, without the secret', async () => {
  const sealed = await seal(ring, place, 'the secret');
  await expect(unseal([key('else')], place, sealed)).rejects.toThrow('key is not configured');
  await expect(unseal([key('new')], place, sealed)).rejects.toThrow('does not open with its key');
});

it.each([
  ['', 'must be written id:key'],
  ['abc', 'must be written id:key'],
  [`k1:${randomBytes(16).toString('base64')}`, 'of 16 bytes where 32 are needed'],
  [`k1:${Buffer.alloc(32, 7).toString('base64')}`, 'not random'],
  [`k1:${Buffer.from('change-me-change-me-change-me-ch').toString('base64')}`, 'not random'],
])('the keys %j are refused', (text, message) => {
  expect(() => parseKeyRing(text)).toThrow(message);
});

it('a key that is named or given twice is refused', () => {
  const one = randomBytes(32).toString('base64');
  expect(() => parseKeyRing(`a:${one},b:${one}`)).toThrow('twice');
  expect(() => parseKeyRing(`a:${one},a:${randomBytes(32).toString('base64')}`)).toThrow('twice');
});
