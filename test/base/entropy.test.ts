import { expect, it } from 'vitest';
import { seededEntropy, systemEntropy, uuidOf, uuidv7 } from '../../src/base/entropy.ts';

it('ids that are made together keep their order, thousands of them', () => {
  const now = new Date('2026-03-02T09:00:00Z');
  const ids = Array.from({ length: 10_000 }, (_, order) => uuidv7(systemEntropy, now, order));
  expect(ids).toEqual(ids.toSorted());
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

it('a derived id depends on every word and on where words end', () => {
  expect(uuidOf('a', 'b')).toBe(uuidOf('a', 'b'));
  expect(uuidOf('a', 'b')).not.toBe(uuidOf('ab'));
  expect(uuidOf('a', 'b')).not.toBe(uuidOf('b', 'a'));
});

it('a seed repeats its bytes exactly', () => {
  expect(seededEntropy('x').bytes(100)).toEqual(seededEntropy('x').bytes(100));
  expect(seededEntropy('x').bytes(8)).not.toEqual(seededEntropy('y').bytes(8));
});
