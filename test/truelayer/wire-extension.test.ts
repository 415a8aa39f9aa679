import { describe, expect, it } from 'vitest';
import { parseExactJson } from '../../src/truelayer/exact-json.ts';
import { extensionShape } from '../../src/truelayer/wire-extension.ts';
import { ACCESS_TOKEN, REFRESH_TOKEN } from './client-of.ts';
import { readWire } from './read-wire.ts';

const TOKENS = { accessToken: ACCESS_TOKEN, refreshToken: REFRESH_TOKEN, lifeSeconds: 3_600 };
const WIRE_TOKENS = { access_token: ACCESS_TOKEN, refresh_token: REFRESH_TOKEN, expires_in: 3600 };
const LINK = 'https://login.example/?session_id=auth-1';

describe('the answer to extending a consent', () => {
  it.each([
    ['no_action_needed', 'NO_ACTION_NEEDED'],
    ['never_heard_of', 'NEVER_HEARD_OF'],
    [undefined, 'UNKNOWN'],
  ])('gives tokens, whatever it calls that: %s', (action_needed, actionNeeded) => {
    expect(readWire(extensionShape, { action_needed, ...WIRE_TOKENS })).toEqual({
      actionNeeded,
      tokens: { ...TOKENS, scopes: [] },
      userInputLink: null,
    });
  });

  it('may leave the refresh token in force', () => {
    const { refresh_token: _, ...wire } = WIRE_TOKENS;
    expect(
      readWire(extensionShape, { action_needed: 'no_action_needed', ...wire }).tokens,
    ).toMatchObject({ accessToken: ACCESS_TOKEN, refreshToken: null });
  });

  it.each([
    ['authentication_needed', 'AUTHENTICATION_NEEDED'],
    ['reconfirmation_of_consent_needed', 'RECONFIRMATION_OF_CONSENT_NEEDED'],
    ['another_screen_needed', 'ANOTHER_SCREEN_NEEDED'],
  ])('sends the user on: %s', (action_needed, actionNeeded) => {
    expect(readWire(extensionShape, { action_needed, user_input_link: LINK })).toEqual({
      actionNeeded,
      tokens: null,
      userInputLink: LINK,
    });
  });

  it.each([
    {},
    { action_needed: 'no_action_needed' },
    { action_needed: 'no_action_needed', access_token: 'two\nlines' },
    { action_needed: 'authentication_needed' },
    { action_needed: 'authentication_needed', user_input_link: 'javascript:alert(1)' },
    { action_needed: 'authentication_needed', user_input_link: 'http://login.example/' },
  ])('is refused with neither: %j', (wire) => {
    expect(extensionShape.safeParse(parseExactJson(JSON.stringify(wire))).success).toBe(false);
  });

  it('tells no secret when it is refused', () => {
    const { error } = extensionShape.safeParse({ ...WIRE_TOKENS, access_token: 'a b-secret' });
    expect(JSON.stringify(error)).not.toMatch(/a b-secret|DD65/);
  });
});
