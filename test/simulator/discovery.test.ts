import { createRemoteJWKSet, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CLIENT, openApp, type App } from './app.ts';

describe('discovery', () => {
  let app: App;
  beforeAll(async () => {
    app = await openApp();
  });
  afterAll(() => app.simulator.close());

  const discover = async () => {
    const response = await fetch(`${app.simulator.authUrl}/.well-known/openid-configuration`);
    return (await response.json()) as Record<string, string>;
  };

  test('tells where the endpoints are and what they take', async () => {
    const { authUrl } = app.simulator;
    expect(await discover()).toMatchObject({
      issuer: authUrl,
      authorization_endpoint: `${authUrl}/`,
      token_endpoint: `${authUrl}/connect/token`,
      response_modes_supported: ['query', 'form_post'],
      code_challenge_methods_supported: ['S256'],
    });
  });

  test('leads to the key that access tokens are signed with', async () => {
    const { issuer, jwks_uri = '' } = await discover();
    const { access_token } = await app.connect();
    const keys = createRemoteJWKSet(new URL(jwks_uri));
    const { payload, protectedHeader } = await jwtVerify(access_token, keys, {
      issuer: issuer ?? '',
      audience: 'data_api',
      currentDate: new Date(app.clock.now()),
    });
    expect(payload['client_id']).toBe(CLIENT.id);
    const { keys: published } = (await (await fetch(jwks_uri)).json()) as { keys: object[] };
    const { kid, x5t } = protectedHeader;
    expect(published).toMatchObject([{ kty: 'RSA', use: 'sig', alg: 'RS256', kid, x5t }]);
  });

  test('keeps the private half of the key back', async () => {
    const { jwks_uri = '' } = await discover();
    const { keys } = (await (await fetch(jwks_uri)).json()) as { keys: object[] };
    const names = keys.flatMap((key) => Object.keys(key)).toSorted();
    expect(names).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use', 'x5t']);
  });
});
