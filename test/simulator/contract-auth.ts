import { createLocalJWKSet, decodeJwt, jwtVerify, type JSONWebKeySet } from 'jose';
import { expect, test } from 'vitest';
import { CLIENT } from './app.ts';
import { literally, type Walk } from './contract-walk.ts';
import type { Operation } from './openapi.ts';

const SECRETS = { client_id: CLIENT.id, client_secret: CLIENT.secret };
const REDIRECT_URI = CLIENT.redirectUris[0];
const TOKEN = '/connect/token';

/** The walk over the auth server, and over the failures of all that is no Data API. */
export function walkAuthServer(walk: () => Walk, operations: readonly Operation[]): void {
  test('/connect/token exchanges a code and refreshes, as form and as JSON', async () => {
    const code = await walk().app.allow();
    const exchange = { grant_type: 'authorization_code', code, redirect_uri: REDIRECT_URI };
    const form = { ...SECRETS, ...exchange };
    const { refresh_token } = await walk().ask(200, 'POST', TOKEN, { form });
    const json = { ...SECRETS, grant_type: 'refresh_token', refresh_token };
    const refreshed = await walk().ask(200, 'POST', TOKEN, { json });
    expect(refreshed['refresh_token']).toBe(refresh_token);
  });

  test('/connect/token gives no refresh token without offline_access', async () => {
    const code = await walk().app.allow('mock', { scope: 'accounts' });
    const json = { ...SECRETS, grant_type: 'authorization_code', code, redirect_uri: REDIRECT_URI };
    const tokens = await walk().ask(200, 'POST', TOKEN, { json });
    expect(tokens).not.toHaveProperty('refresh_token');
  });

  test.each([
    ['invalid_grant', { grant_type: 'refresh_token', refresh_token: 'AB12' }],
    ['invalid_client', { grant_type: 'refresh_token', refresh_token: 'A', client_secret: 'no' }],
    ['invalid_authorization_code', { grant_type: 'authorization_code', code: 'nonsense' }],
    ['invalid_request', {}],
  ])('/connect/token refuses with %s', async (code, fields) => {
    const form = { ...SECRETS, redirect_uri: REDIRECT_URI, ...fields };
    const { error } = await walk().ask(400, 'POST', TOKEN, { form });
    expect(error).toBe(code);
  });

  test.each([
    ['', ''],
    ['cut to a client', `?clientId=${CLIENT.id}`],
    ['cut by scopes', '?scopes=accounts%20direct_debits'],
    ['cut by countries', '?country=uk%20fr'],
  ])('/api/providers %s', async (_, query) => {
    const providers = await walk().ask(200, 'GET', `/api/providers${query}`);
    expect(providers['length']).toBeGreaterThan(2);
  });

  test.each(['oauth/openbanking', 'oauth', 'credentialssharing'])(
    '/api/providers/%s',
    async (variant) => {
      const as = 'GET /api/providers 200';
      const providers = await walk().ask(200, 'GET', `/api/providers/${variant}`, { as });
      expect(Array.isArray(providers)).toBe(true);
    },
  );

  test('/api/debug makes and ends a debug id', async () => {
    const { access_token: token } = await walk().connect();
    const made = await walk().ask(200, 'POST', '/api/debug', { json: { access_token: token } });
    expect(made).toMatchObject({ provider_id: 'mock', credentials_id: decodeJwt(token).sub });
    expect(made['debug_id']).toMatch(/^mock\|[\w+/=-]+$/);
    expect(await walk().ask(200, 'DELETE', '/api/debug', { token })).toEqual(made);
  });

  test('/api/debug refuses bearers that are none, and consents that have ended', async () => {
    await walk().ask(401, 'POST', '/api/debug', { json: { access_token: 'nonsense' } });
    await walk().ask(401, 'DELETE', '/api/debug', { token: 'nonsense' });
    const { access_token } = await walk().connect();
    walk().app.simulator.revoke(String(decodeJwt(access_token).sub));
    const refused = await walk().ask(400, 'POST', '/api/debug', { json: { access_token } });
    expect(refused).toMatchObject({ error_details: { reason: 'Consent expired or revoked' } });
  });

  test('/api/delete ends a connection', async () => {
    const { access_token: token, refresh_token } = await walk().connect();
    await walk().ask(200, 'DELETE', '/api/delete', { token });
    const form = { ...SECRETS, grant_type: 'refresh_token', refresh_token };
    const { error } = await walk().ask(400, 'POST', TOKEN, { form });
    expect(error).toBe('invalid_grant');
    await walk().ask(401, 'DELETE', '/api/delete', { token: 'nonsense' });
  });

  test('discovery names the keys that sign access tokens', async () => {
    const known = await walk().ask(200, 'GET', '/.well-known/openid-configuration');
    const { authUrl } = walk().app.simulator;
    expect(known).toMatchObject({ token_endpoint: `${authUrl}/connect/token` });
    const keys = await walk().ask(200, 'GET', String(known['jwks_uri']));
    const { access_token } = await walk().connect();
    const keySet = createLocalJWKSet(keys as unknown as JSONWebKeySet);
    const currentDate = new Date(walk().app.clock.now());
    const issuer = String(known['issuer']);
    const { payload } = await jwtVerify(access_token, keySet, { currentDate, issuer });
    expect(payload.aud).toBe('data_api');
  });

  const failing = operations.filter(
    ({ template, responses }) => !template.startsWith('/data/v1/') && '500' in responses,
  );
  test.each(failing.map(({ method, template }) => [method, template]))(
    '%s %s fails as documented',
    async (method, template) => {
      const exactly = new RegExp(`^${literally(template)}$`);
      walk().app.simulator.faults.order({ path: exactly, status: 500 });
      const { error } = await walk().ask(
        500,
        method,
        template,
        method === 'POST' ? { json: {} } : {},
      );
      expect(error).toBe('internal_server_error');
    },
  );
}
