import { describe, expect, it } from 'vitest';
import { parseExactJson } from '../../src/truelayer/exact-json.ts';
import { tokensShape } from '../../src/truelayer/wire-tokens.ts';
import { readWire } from './read-wire.ts';

describe('tokens', () => {
  it.each([
    [{}, null, 300, []],
    [
      { refresh_token: 'r', expires_in: 1800, scope: 'info  accounts' },
      'r',
      1_800,
      ['info', 'accounts'],
    ],
    [
      { refresh_token: '', expires_in: '59', scope: ['info', 'cards'] },
      null,
      60,
      ['info', 'cards'],
    ],
    [{ refresh_token: null, expires_in: 86_400, scope: ' ' }, null, 3_600, []],
    [{ refresh_token: {}, expires_in: 'soon', scope: null }, null, 300, []],
    [{ expires_in: -1 }, null, 300, []],
  ])('are read out of %j', (rest, refreshToken, lifeSeconds, scopes) => {
    expect(readWire(tokensShape, { access_token: 'a.b-c', ...rest })).toEqual({
      accessToken: 'a.b-c',
      refreshToken,
      lifeSeconds,
      scopes,
    });
  });

  it.each([undefined, null, '', 'a b', 'a\n', 'ä', {}])('are refused with %j', (access_token) => {
    const wire = parseExactJson(JSON.stringify({ access_token, refresh_token: 'r' }));
    expect(tokensShape.safeParse(wire).success).toBe(false);
  });
});
