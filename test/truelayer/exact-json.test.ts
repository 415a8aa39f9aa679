import { describe, expect, it } from 'vitest';
import { parseExactJson } from '../../src/truelayer/exact-json.ts';

describe('exact JSON', () => {
  it.each([
    '12.340',
    '0.1',
    '12345678901234567.89',
    '1E21',
    '1e-7',
    '-0',
    '9007199254740993',
    '1e400',
  ])('keeps the number %s as it is written', (number) => {
    expect(parseExactJson(`{"amount": ${number}}`)).toEqual({ amount: number });
    expect(parseExactJson(number)).toBe(number);
  });

  it('keeps texts, truth values, null and lists as they are', () => {
    expect(parseExactJson('["1.0", true, null, {"a": []}]')).toEqual([
      '1.0',
      true,
      null,
      { a: [] },
    ]);
  });

  it('leaves out __proto__ and changes no prototype', () => {
    const value = parseExactJson('{"__proto__": {"polluted": true}, "a": 1}');
    expect(Object.keys(value as object)).toEqual(['a']);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('takes out what Postgres cannot store', () => {
    expect(parseExactJson('["a\\u0000b", "\\ud83d", "\\ud83d\\ude00"]')).toEqual(['ab', '�', '😀']);
  });

  it('nests 64 deep and no deeper', () => {
    expect(() => parseExactJson('['.repeat(64) + ']'.repeat(64))).not.toThrow();
    expect(() => parseExactJson('['.repeat(65) + ']'.repeat(65))).toThrow(RangeError);
    expect(() => parseExactJson('{"a":'.repeat(200_000))).toThrow(RangeError);
  });

  it('does not count brackets within texts', () => {
    const brackets = '[{'.repeat(100);
    expect(parseExactJson(JSON.stringify([`${brackets}"\\`]))).toEqual([`${brackets}"\\`]);
  });

  it.each(['', '{', '"open', '"\\', '{"a":NaN}', '<html>', '[1,]', 'undefined'])(
    'refuses %j',
    (text) => {
      expect(() => parseExactJson(text)).toThrow(SyntaxError);
    },
  );
});
