import { createHash, randomBytes } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { TestClock } from 'pg-boss';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { appOf, CLIENT, openApp, SCOPES, type App, type Tokens } from './app.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

describe('the token endpoint', () => {
  let app: App;
  beforeEach(async () => {
    app = await openApp();
  });
  afterEach(() => app.simulator.close());

  const pass = (milliseconds: number) => app.clock.setTime(app.clock.now() + milliseconds);

  test('exchanges a code for tokens in the documented shape', async () => {
    const response = await app.exchange(await app.allow());
    expect(response.headers.get('cache-control')).toBe('no-store');
    const tokens = (await response.json()) as Tokens;
    expect(tokens).toMatchObject({ expires_in: 3600, token_type: 'Bearer', scope: SCOPES });
    expect(tokens.refresh_token).toMatch(/^[0-9A-F]{64,}$/);
    expect(decodeProtectedHeader(tokens.access_token)).toMatchObject({
      alg: 'RS256',
      typ: 'at+jwt',
    });
    const claims = decodeJwt(tokens.access_token);
    expect(claims).toMatchObject({
      aud: 'data_api',
      client_id: CLIENT.id,
      connector_id: 'mock',
      scope: SCOPES.split(' '),
    });
    expect(claims.sub).toMatch(/^[\w+/]{43}=$/);
    expect((claims.exp ?? 0) - (claims.nbf ?? 0)).toBe(3600);
  });

  test.each([
    [
      'JSON',
      (fields: Record<string, string>) => ({
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(fields),
      }),
    ],
    [
      'multipart',
      (fields: Record<string, string>) => {
        const body = new FormData();
        for (const [name, value] of Object.entries(fields)) body.set(name, value);
        return { body };
      },
    ],
  ])('takes %s as well as forms', async (_name, encode) => {
    const fields = {
      grant_type: 'authorization_code',
      client_id: CLIENT.id,
      client_secret: CLIENT.secret,
      redirect_uri: CLIENT.redirectUris[0],
      code: await app.allow(),
    };
    const url = `${app.simulator.authUrl}/connect/token`;
    expect((await fetch(url, { method: 'POST', ...encode(fields) })).status).toBe(200);
  });

  test.each([
    ['application/json', '["a"]'],
    ['application/json', '{"a"'],
    ['multipart/form-data; boundary=x', '--y\r\nnothing'],
    ['text/plain', 'grant_type=refresh_token'],
  ])('refuses a body that is no good %s', async (type, body) => {
    const url = `${app.simulator.authUrl}/connect/token`;
    const response = await fetch(url, { method: 'POST', headers: { 'content-type': type }, body });
    expect(await app.refusal(response)).toBe('400 invalid_request');
  });

  test('gives the client a token of its own, which opens no bank data', async () => {
    const asked = { grant_type: 'client_credentials', scope: 'payments' };
    const tokens = (await (await app.token(asked)).json()) as Tokens;
    expect(tokens).toMatchObject({ expires_in: 3600, token_type: 'Bearer', scope: 'payments' });
    expect(tokens).not.toHaveProperty('refresh_token');
    expect(decodeJwt(tokens.access_token)).not.toHaveProperty('sub');
    expect(await app.refusal(await app.call(tokens.access_token, 'me'))).toBe('401 unauthorized');
    const withoutScope = await app.token({ grant_type: 'client_credentials' });
    expect(await app.refusal(withoutScope)).toBe('400 invalid_request');
    const stranger = await app.token({ ...asked, client_secret: 'wrong' });
    expect(await app.refusal(stranger)).toBe('400 invalid_client');
  });

  test('takes a code once', async () => {
    const code = await app.allow();
    expect((await app.exchange(code)).status).toBe(200);
    expect(await app.refusal(await app.exchange(code))).toBe('400 invalid_authorization_code');
  });

  test('takes a code for five minutes', async () => {
    const [inTime, tooLate] = [await app.allow(), await app.allow()];
    await pass(5 * MINUTE);
    expect((await app.exchange(inTime)).status).toBe(200);
    await pass(1);
    expect(await app.refusal(await app.exchange(tooLate))).toBe('400 invalid_authorization_code');
  });

  test('wants the verifier of the challenge, and burns the code of who lacks it', async () => {
    const verifier = randomBytes(32).toString('base64url');
    const code_challenge = createHash('sha256').update(verifier).digest('base64url');
    const parameters = { code_challenge, code_challenge_method: 'S256' };
    const code = await app.allow('mock', parameters);
    expect((await app.exchange(code, { code_verifier: verifier })).status).toBe(200);
    const stolen = await app.allow('mock', parameters);
    expect(await app.refusal(await app.exchange(stolen))).toBe('400 invalid_grant');
    const late = await app.exchange(stolen, { code_verifier: verifier });
    expect(await app.refusal(late)).toBe('400 invalid_authorization_code');
  });

  test('refuses wrong clients, redirect_uris, codes and grant types', async () => {
    const code = await app.allow();
    const refusalOf = async (more: Record<string, string>) =>
      app.refusal(await app.exchange(code, more));
    expect(await refusalOf({ client_secret: 'wrong' })).toBe('400 invalid_client');
    expect(await refusalOf({ client_id: 'wrong' })).toBe('400 invalid_client');
    expect(await refusalOf({ grant_type: 'password' })).toBe('400 invalid_request');
    expect(await refusalOf({ code: 'made-up' })).toBe('400 invalid_authorization_code');
    expect(await refusalOf({ redirect_uri: 'http://127.0.0.1:9999/' })).toBe('400 invalid_grant');
    expect(await app.refusal(await app.refresh('ABCD'))).toBe('400 invalid_grant');
  });

  test('gives no refresh token without offline_access', async () => {
    const tokens = await app.connect('mock', { scope: 'accounts' });
    expect(tokens).not.toHaveProperty('refresh_token');
  });

  test('keeps the refresh token and lets only the newest access token live', async () => {
    const first = await app.connect();
    const second = (await (await app.refresh(first.refresh_token ?? '')).json()) as Tokens;
    expect(second.refresh_token).toBe(first.refresh_token);
    expect((await app.call(second.access_token, 'me')).status).toBe(200);
    const old = await app.call(first.access_token, 'me');
    expect(await app.refusal(old)).toBe('401 unauthorized');
  });

  test('lets access tokens live as long as the bank says', async () => {
    const tokens = await app.connect('ob-tsb');
    expect(tokens.expires_in).toBe(1500);
    await pass(1500_000 - 1);
    expect((await app.call(tokens.access_token, 'me')).status).toBe(200);
    await pass(1);
    const late = await app.call(tokens.access_token, 'me');
    expect(late.status).toBe(401);
    expect(await late.json()).toEqual({
      error: 'invalid_token',
      error_description: "The token expired at '2026-03-01 09:25:00Z'",
    });
  });

  test('lets a refresh token die after 30 idle days, counted from its last use', async () => {
    const { refresh_token = '' } = await app.connect();
    await pass(30 * DAY);
    expect((await app.refresh(refresh_token)).status).toBe(200);
    await pass(30 * DAY + 1);
    expect(await app.refusal(await app.refresh(refresh_token))).toBe('400 invalid_grant');
  });

  test('ends a consent after 90 days, however often it was refreshed', async () => {
    const { refresh_token = '' } = await app.connect();
    let tokens: Tokens | undefined;
    for (const days of [29, 29, 31]) {
      await pass(days * DAY - (days === 31 ? 1 : 0) * DAY);
      tokens = (await (await app.refresh(refresh_token)).json()) as Tokens;
    }
    await pass(2 * DAY - MINUTE);
    tokens = (await (await app.refresh(refresh_token)).json()) as Tokens;
    await pass(MINUTE);
    expect(await app.refusal(await app.refresh(refresh_token))).toBe('400 invalid_grant');
    const call = await app.call(tokens.access_token, 'accounts');
    expect(await app.refusal(call)).toBe('403 access_denied');
  });

  test('tells of a consent that the user revoked at the bank', async () => {
    const { access_token, refresh_token = '' } = await app.connect();
    app.simulator.revoke(decodeJwt(access_token).sub ?? '');
    expect(await app.refusal(await app.call(access_token, 'accounts'))).toBe('403 access_denied');
    expect(await app.refusal(await app.refresh(refresh_token))).toBe('400 invalid_grant');
  });

  test('deletes a connection by its access token', async () => {
    const { access_token, refresh_token = '' } = await app.connect();
    const remove = () =>
      fetch(`${app.simulator.authUrl}/api/delete`, {
        method: 'DELETE',
        headers: { authorization: `Bearer ${access_token}` },
      });
    expect((await remove()).status).toBe(200);
    expect((await remove()).status).toBe(200);
    expect(await app.refusal(await app.call(access_token, 'me'))).toBe('401 unauthorized');
    expect(await app.refusal(await app.refresh(refresh_token))).toBe('400 invalid_grant');
  });

  test('honours tokens of a process before it, and of a neighbour of the same seed', async () => {
    const { access_token, refresh_token = '' } = await app.connect();
    const options = { clock: app.clock, seed: 'simulator tests', client: CLIENT };
    const neighbour = await startSimulator(options);
    const there = appOf(neighbour);
    expect(await there.list(access_token, 'accounts')).toHaveLength(5);
    const tokens = (await (await there.refresh(refresh_token)).json()) as Tokens;
    expect(tokens.refresh_token).toBe(refresh_token);
    expect((await app.call(tokens.access_token, 'me')).status).toBe(200);
    await neighbour.close();
  });

  test('knows nothing of tokens of another seed', async () => {
    const { access_token, refresh_token = '' } = await app.connect();
    const stranger = await startSimulator({ clock: app.clock, seed: 'another', client: CLIENT });
    const there = appOf(stranger);
    expect(await there.refusal(await there.call(access_token, 'me'))).toBe('401 unauthorized');
    expect(await there.refusal(await there.refresh(refresh_token))).toBe('400 invalid_grant');
    await stranger.close();
  });

  test('makes the same ids again from the same seed and instant', async () => {
    const { access_token } = await app.connect('ob-monzo');
    const again = await openApp(new TestClock(new Date('2026-03-01T09:00:00Z')));
    const { sub, jti } = decodeJwt((await again.connect('ob-monzo')).access_token);
    expect(decodeJwt(access_token)).toMatchObject({ sub, jti });
    await again.simulator.close();
  });

  test('refuses bodies beyond 64 KB', async () => {
    const response = await app.token({
      grant_type: 'refresh_token',
      refresh_token: 'A'.repeat(70_000),
    });
    expect(response.status).toBe(413);
  });
});

test('a simulator leaves a taken port alone', async () => {
  const clock = new TestClock(new Date('2026-03-01T09:00:00Z'));
  const first = await startSimulator({ clock, seed: 's', client: CLIENT });
  const port = Number(new URL(first.url).port);
  const second = startSimulator({ clock, seed: 's', client: CLIENT, port });
  await expect(second).rejects.toMatchObject({ code: 'EADDRINUSE' });
  await first.close();
});
