import { describe, expect, it } from 'vitest';
import { later, SECOND } from '../../src/base/clock.ts';
import {
  ACCESS_TOKEN,
  clientOf,
  CLIENT_SECRET,
  CODE,
  errorOf,
  NOW,
  REFRESH_TOKEN,
} from './client-of.ts';
import { serve, serveAlways } from './http-server.ts';

const REDIRECT_URI = 'https://app.example?from=bank';
const TOKENS = {
  access_token: ACCESS_TOKEN,
  expires_in: 3600,
  token_type: 'Bearer',
  refresh_token: REFRESH_TOKEN,
  scope: 'info  accounts',
};

function jwt(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'RS256' })}.${part(claims)}.c2lnbmF0dXJl`;
}

describe('exchanging a code', () => {
  it('sends secret, exact redirect URI and PKCE verifier in the body, and only there', async () => {
    await using server = await serveAlways(200, TOKENS);
    await clientOf(server, { correlationId: () => 'ours-1' }).exchangeCode({
      code: CODE,
      redirectUri: REDIRECT_URI,
      codeVerifier: 'verifier-1',
    });
    const [request] = server.received;
    expect([request?.method, request?.path]).toEqual(['POST', '/connect/token']);
    expect(request?.headers).toMatchObject({
      'content-type': 'application/x-www-form-urlencoded;charset=UTF-8',
      accept: 'application/json',
      'x-client-correlation-id': 'ours-1',
    });
    expect(JSON.stringify(request?.headers)).not.toContain(CLIENT_SECRET);
    expect(Object.fromEntries(new URLSearchParams(request?.body))).toEqual({
      grant_type: 'authorization_code',
      client_id: 'client-1',
      client_secret: CLIENT_SECRET,
      code: CODE,
      redirect_uri: REDIRECT_URI,
      code_verifier: 'verifier-1',
    });
  });

  it('gives tokens, scopes and the ids within the access token', async () => {
    const accessToken = jwt({ sub: 'JbJ+/0o=', consent_id: 'consent-1' });
    await using server = await serveAlways(200, { ...TOKENS, access_token: accessToken });
    expect(await clientOf(server).exchangeCode({ code: CODE, redirectUri: REDIRECT_URI })).toEqual({
      accessToken,
      refreshToken: REFRESH_TOKEN,
      expiresAt: later(NOW, 3600 * SECOND),
      scopes: ['info', 'accounts'],
      credentialsId: 'JbJ+/0o=',
      consentId: 'consent-1',
    });
  });

  it('leaves null what the answer lacks', async () => {
    await using server = await serveAlways(200, { access_token: ACCESS_TOKEN });
    expect(
      await clientOf(server).exchangeCode({ code: CODE, redirectUri: REDIRECT_URI }),
    ).toMatchObject({ refreshToken: null, scopes: null, credentialsId: null, consentId: null });
  });

  it('tells a refused code from an ended grant', async () => {
    await using server = await serveAlways(400, { error: 'invalid_grant' });
    const client = clientOf(server);
    const exchange = client.exchangeCode({ code: CODE, redirectUri: REDIRECT_URI });
    expect((await errorOf(exchange)).meaning).toBe('CODE_REFUSED');
    expect((await errorOf(client.refresh(REFRESH_TOKEN))).meaning).toBe('GRANT_ENDED');
  });
});

describe('refreshing', () => {
  it('sends the refresh token and the secret in the body', async () => {
    await using server = await serveAlways(200, TOKENS);
    const answer = await clientOf(server).refresh(REFRESH_TOKEN);
    expect(answer).toMatchObject({ accessToken: ACCESS_TOKEN, refreshToken: REFRESH_TOKEN });
    expect(Object.fromEntries(new URLSearchParams(server.received[0]?.body))).toEqual({
      grant_type: 'refresh_token',
      client_id: 'client-1',
      client_secret: CLIENT_SECRET,
      refresh_token: REFRESH_TOKEN,
    });
  });

  it('asks for the credentials at each call', async () => {
    await using server = await serveAlways(200, TOKENS);
    let count = 0;
    const client = clientOf(server, {
      credentials: () => Promise.resolve({ clientId: 'c', clientSecret: `secret-${++count}` }),
    });
    await client.refresh(REFRESH_TOKEN);
    await client.refresh(REFRESH_TOKEN);
    expect(
      server.received.map((request) => new URLSearchParams(request.body).get('client_secret')),
    ).toEqual(['secret-1', 'secret-2']);
  });

  it('mixes up nothing when many run side by side', async () => {
    await using server = await serve((request, response) => {
      const token = new URLSearchParams(request.body).get('refresh_token');
      setTimeout(
        () =>
          token === 'r-7'
            ? response.writeHead(400).end('{"error":"invalid_grant"}')
            : response.end(JSON.stringify({ access_token: `for-${token}`, token_type: 'Bearer' })),
        token?.endsWith('3') ? 20 : 0,
      );
    });
    const client = clientOf(server);
    const answers = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) => client.refresh(`r-${index}`)),
    );
    const told = answers.map((answer) =>
      answer.status === 'fulfilled'
        ? answer.value.accessToken
        : (answer.reason as { meaning: string }).meaning,
    );
    expect(told).toEqual(
      Array.from({ length: 20 }, (_, index) => (index === 7 ? 'GRANT_ENDED' : `for-r-${index}`)),
    );
  });

  it.each([
    ['3600', 3600],
    ['1500', 1500],
    ['"1500"', 1500],
    ['1500.9', 1500],
    ['60', 60],
    ['59', 60],
    ['0.5', 60],
    ['3601', 3600],
    ['1e308', 3600],
    ['1e400', 3600],
    ['0', 300],
    ['-1', 300],
    ['-0', 300],
    ['"soon"', 300],
    ['""', 300],
    ['null', 300],
    ['[3600]', 300],
    ['true', 300],
  ])('takes expires_in %s as %i seconds', async (wire, seconds) => {
    await using server = await serveAlways(
      200,
      `{"access_token":"${ACCESS_TOKEN}","token_type":"Bearer","expires_in":${wire}}`,
    );
    const { expiresAt } = await clientOf(server).refresh(REFRESH_TOKEN);
    expect(expiresAt).toEqual(later(NOW, seconds * SECOND));
  });

  it.each([
    ['no token type', { token_type: undefined }],
    ['an odd token type', { token_type: 'JWT' }],
    ['an id token that is none', { id_token: 'nonsense' }],
    ['scopes that are no text', { scope: ['info'] }],
    ['no expires_in', { expires_in: undefined }],
  ])('does not lose a changed refresh token over %s', async (_what, change) => {
    await using server = await serveAlways(200, { ...TOKENS, refresh_token: 'new', ...change });
    expect((await clientOf(server).refresh(REFRESH_TOKEN)).refreshToken).toBe('new');
  });

  it.each([[null], [''], [7.5]])('takes a refresh token %j for none or text', async (wire) => {
    await using server = await serveAlways(200, { ...TOKENS, refresh_token: wire });
    const { refreshToken } = await clientOf(server).refresh(REFRESH_TOKEN);
    expect(refreshToken).toBe(wire === 7.5 ? '7.5' : null);
  });

  it.each([
    ['HTML', '<!doctype html><p>Sorry', 'HTML'],
    ['nothing', ' ', 'EMPTY'],
    ['half of JSON', `{"access_token":"${ACCESS_TOKEN}`, 'MALFORMED'],
    ['a list', '[]', 'MALFORMED'],
    ['no access token', JSON.stringify({ refresh_token: REFRESH_TOKEN }), 'MALFORMED'],
    [
      'an unspeakable access token',
      JSON.stringify({ access_token: `${ACCESS_TOKEN}\n` }),
      'MALFORMED',
    ],
    ['too much', JSON.stringify({ ...TOKENS, padding: 'x'.repeat(65_536) }), 'TOO_LARGE'],
  ])('is UNAVAILABLE when a 200 brings %s', async (_what, body, reason) => {
    await using server = await serveAlways(200, body);
    const error = await errorOf(clientOf(server).refresh(REFRESH_TOKEN));
    expect([error.meaning, error.reason, error.status]).toEqual(['UNAVAILABLE', reason, 200]);
  });

  it.each([
    ['plays the request back', (body: string) => [500, body] as const],
    ['answers 401 with a challenge', () => [401, '{"error":"invalid_client"}'] as const],
    ['redirects', () => [302, ''] as const],
  ])('tells no secret when the server %s', async (_what, answer) => {
    await using server = await serve((request, response) => {
      const [status, body] = answer(request.body);
      const headers = { 'www-authenticate': `Bearer error="${REFRESH_TOKEN}"`, location: '/' };
      response.writeHead(status, headers).end(body);
    });
    await errorOf(clientOf(server).refresh(REFRESH_TOKEN));
    await errorOf(clientOf(server).exchangeCode({ code: CODE, redirectUri: REDIRECT_URI }));
    expect(server.received).toHaveLength(2);
  });

  it('ends in time', async () => {
    await using server = await serve(() => undefined);
    const client = clientOf(server, { limits: { timeoutMilliseconds: 100 } });
    expect((await errorOf(client.refresh(REFRESH_TOKEN))).reason).toBe('TIMEOUT');
  });
});
