import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectionOf, openApp, type App } from './app.ts';

describe('the debug id', () => {
  let app: App;
  beforeAll(async () => {
    app = await openApp();
  });
  afterAll(() => app.simulator.close());

  const remove = (accessToken: string) =>
    fetch(`${app.simulator.authUrl}/api/debug`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${accessToken}` },
    });

  test('names a connection to support, and its deletion answers the same', async () => {
    const tokens = await app.connect('ob-monzo');
    const credentialsId = connectionOf(tokens);
    const label = Buffer.from(credentialsId).toString('base64').replace(/=+$/, '');
    const answer = {
      credentials_id: credentialsId,
      debug_id: `ob-monzo|${label}`,
      provider_id: 'ob-monzo',
    };
    const made = await app.post('/api/debug', { access_token: tokens.access_token });
    expect([made.status, await made.json()]).toEqual([200, answer]);
    const deleted = await remove(tokens.access_token);
    expect([deleted.status, await deleted.json()]).toEqual([200, answer]);
  });

  test('is refused for a token that is no good', async () => {
    for (const response of [
      await app.post('/api/debug', { access_token: 'made-up' }),
      await app.post('/api/debug', {}),
      await remove('made-up'),
    ]) {
      expect(response.status).toBe(401);
      expect(await response.json()).toEqual({
        error_description: 'Unauthorized.',
        error: 'unauthorized',
        error_details: { reason: 'Invalid token' },
      });
    }
  });

  test('is refused once the user has revoked the consent', async () => {
    const tokens = await app.connect();
    app.simulator.revoke(connectionOf(tokens));
    const response = await app.post('/api/debug', { access_token: tokens.access_token });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      error_description: 'Invalid request',
      error: 'invalid_request',
      error_details: { reason: 'Consent expired or revoked' },
    });
  });
});
