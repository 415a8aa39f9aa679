import { describe, expect, it } from 'vitest';
import { parseExactJson } from '../../src/truelayer/exact-json.ts';
import { authUriShape } from '../../src/truelayer/wire-auth-uri.ts';
import { readWire } from './read-wire.ts';

const RESULT = 'https://bank.example/authorize?state=auth-1&scope=openid%20accounts';

describe('a link made by TrueLayer', () => {
  it.each([{ success: true }, { success: null }, {}])('is taken as it stands: %j', (rest) => {
    expect(readWire(authUriShape, { result: RESULT, ...rest })).toBe(RESULT);
  });

  it.each([
    { result: RESULT, success: false },
    { success: true },
    { result: '', success: true },
    { result: 'javascript:alert(1)', success: true },
    { result: 'http://bank.example/', success: true },
  ])('is refused: %j', (wire) => {
    expect(authUriShape.safeParse(parseExactJson(JSON.stringify(wire))).success).toBe(false);
  });
});
