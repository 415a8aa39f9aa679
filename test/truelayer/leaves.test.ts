import { describe, expect, it } from 'vitest';
import { leavesOf, type Json } from './leaves.ts';

describe('the fate of a field', () => {
  it.each<[string, Json, (document: any) => unknown, string[]]>([
    ['arrives', { a: 'x' }, (document) => document.a, ['a: kept']],
    ['arrives in a list', { a: [1, 2] }, (document) => document.a, ['a[]: kept', 'a[]: kept']],
    ['lies deep', [{ a: { b: true } }], (document) => document[0]?.a.b, ['[].a.b: kept']],
    ['nobody reads', { a: 'x', b: 1 }, (document) => document.a, ['a: kept', 'b: dropped']],
    ['is only wanted to be there', { a: 1 }, (document) => 'a' in document, ['a: dropped']],
    ['is only checked', { a: 'x' }, (document) => refuseUnless(document.a === 'x'), ['a: decides']],
    ['says nothing', { a: '9999-12-31' }, (document) => endOf(document.a), ['a: none']],
    ['has no value', { a: {}, b: [] }, (document) => document, []],
  ])('that %s is seen', (_what, document, read, fates) => {
    expect(leavesOf(document, read).map(({ path, fate }) => `${path}: ${fate}`)).toEqual(fates);
  });
});

function refuseUnless(good: boolean): string {
  if (!good) throw new Error('refused');
  return 'read';
}

function endOf(day: string | undefined): string | undefined {
  return day === '9999-12-31' ? undefined : day;
}
