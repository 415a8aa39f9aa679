import { describe, expect, it } from 'vitest';
import type { CallReport } from '../../src/truelayer/outward.ts';
import { ACCESS_TOKEN, CLIENT_SECRET, clientOf, errorOf, NOW, REFRESH_TOKEN } from './client-of.ts';
import { serveAlways } from './http-server.ts';

const REQUEST = {
  refreshToken: REFRESH_TOKEN,
  userId: 'u-1',
  person: { name: 'Ann Lee', email: 'ann@example.com' },
  redirectUri: 'https://app.example/back?x=1',
  state: 'a-state',
  codeChallenge: 'a-challenge',
};

describe('the extension of a connection', () => {
  it('is one POST beside the Data API, with the client in its body and no bearer', async () => {
    const link = 'https://login.example/?session_id=auth-1';
    await using server = await serveAlways(200, {
      action_needed: 'authentication_needed',
      user_input_link: link,
    });
    const heard: CallReport[] = [];
    const client = clientOf(server, { hear: (call) => heard.push(call) });
    expect(await client.extend(REQUEST)).toEqual({ tokens: null, dialog: link });
    const [received] = server.received;
    expect(received).toMatchObject({ method: 'POST', path: '/connections/extend' });
    expect(received?.headers['authorization']).toBeUndefined();
    expect(JSON.parse(received?.body ?? '')).toEqual({
      user_has_reconfirmed_consent: true,
      client_id: 'client-1',
      client_secret: CLIENT_SECRET,
      user: { id: 'u-1', name: 'Ann Lee', email: 'ann@example.com' },
      refresh_token: REFRESH_TOKEN,
      redirect_uri: 'https://app.example/back?x=1',
      state: 'a-state',
      code_challenge: 'a-challenge',
    });
    expect(JSON.stringify(heard)).not.toMatch(/Ann|DD65|client-secret/);
  });

  it('may give tokens at once, whose life is counted from before the call', async () => {
    await using server = await serveAlways(200, {
      action_needed: 'no_action_needed',
      access_token: ACCESS_TOKEN,
      refresh_token: REFRESH_TOKEN,
      expires_in: 600,
      token_type: 'Bearer',
    });
    const { tokens } = await clientOf(server).extend(REQUEST);
    expect(tokens).toEqual({
      accessToken: ACCESS_TOKEN,
      refreshToken: REFRESH_TOKEN,
      expiresAt: new Date(NOW.getTime() + 600_000),
      scopes: null,
      credentialsId: null,
      consentId: null,
    });
  });

  it.each([
    [401, { title: 'Unauthorized', status: 401 }, 'GRANT_ENDED'],
    [422, { title: 'No way to extend this connection', status: 422 }, 'NOT_EXTENDABLE'],
    [400, { title: 'Errors', errors: { ClientId: ['required'] } }, 'REQUEST_REFUSED'],
    [503, '', 'UNAVAILABLE'],
    [200, { action_needed: 'authentication_needed' }, 'UNAVAILABLE'],
  ])(
    'that is answered with %i says what it means, and no secret',
    async (status, body, meaning) => {
      await using server = await serveAlways(status, body);
      expect(await errorOf(clientOf(server).extend(REQUEST))).toMatchObject({
        meaning,
        endpoint: '/connections/extend',
      });
    },
  );
});
