import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import * as client from 'openid-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CLIENT, openApp, SCOPES, type App, type Tokens } from './app.ts';

const run = promisify(execFile);
const REDIRECT_URI = CLIENT.redirectUris[0];

const HAS_CURL = await run('curl', ['--version']).then(
  () => true,
  () => false,
);

type Fields = Readonly<Record<string, string>>;

/** What a way of asking the token endpoint brings: tokens, or a status and an error. */
type Outcome = Partial<Tokens> & { readonly status: number; readonly error?: string };

interface TokenClient {
  exchange(code: string, verifier: string): Promise<Outcome>;
  refresh(refreshToken: string): Promise<Outcome>;
}

/** How curl sends the same fields: the way of the documentation, and two others that are in use. */
const CURLS: readonly (readonly [name: string, argumentsOf: (fields: Fields) => string[]])[] = [
  ['a form', (fields) => pairs(fields).flatMap((pair) => ['--data-urlencode', pair])],
  ['JSON', (fields) => ['-H', 'content-type: application/json', '-d', JSON.stringify(fields)]],
  ['multipart', (fields) => pairs(fields).flatMap((pair) => ['--form-string', pair])],
];

const CLIENTS: readonly (readonly [string, (app: App, secret?: string) => TokenClient])[] = [
  ['openid-client', openidClient],
  ...CURLS.map(
    ([name, argumentsOf]) =>
      [
        `curl with ${name}`,
        (app: App, secret?: string) => curlClient(app, argumentsOf, secret),
      ] as const,
  ),
];

describe.each(CLIENTS)('the token endpoint, asked by %s', (name, openClient) => {
  const needsCurl = name.startsWith('curl') && !HAS_CURL;
  let app: App;
  beforeEach(async () => {
    app = await openApp();
  });
  afterEach(() => app.simulator.close());

  async function allow() {
    const verifier = client.randomPKCECodeVerifier();
    const code_challenge = await client.calculatePKCECodeChallenge(verifier);
    const parameters = { code_challenge, code_challenge_method: 'S256' };
    return { verifier, code: await app.allow('mock', parameters) };
  }

  test.skipIf(needsCurl)('exchanges a code with its verifier, and refreshes', async () => {
    const { code, verifier } = await allow();
    const exchanged = await openClient(app).exchange(code, verifier);
    const refreshed = await openClient(app).refresh(exchanged.refresh_token ?? '');
    for (const outcome of [exchanged, refreshed]) {
      expect(outcome).toEqual({
        status: 200,
        access_token: expect.stringMatching(/^eyJ[\w-]+\.[\w-]+\.[\w-]+$/),
        expires_in: 3600,
        refresh_token: expect.stringMatching(/^[0-9A-F]{64,}$/),
        scope: SCOPES,
        token_type: expect.stringMatching(/^bearer$/i),
      });
    }
    expect(refreshed.refresh_token).toBe(exchanged.refresh_token);
    expect(refreshed.access_token).not.toBe(exchanged.access_token);
    const [old, now] = [exchanged.access_token ?? '', refreshed.access_token ?? ''];
    expect((await app.call(old, 'me')).status).toBe(401);
    expect((await app.call(now, 'me')).status).toBe(200);
  });

  test.skipIf(needsCurl)('refuses what is wrong, with the same errors', async () => {
    const [one, other] = [await allow(), await allow()];
    const wrongVerifier = await openClient(app).exchange(one.code, other.verifier);
    expect(wrongVerifier).toEqual({ status: 400, error: 'invalid_grant' });
    const usedCode = await openClient(app).exchange(one.code, one.verifier);
    expect(usedCode).toEqual({ status: 400, error: 'invalid_authorization_code' });
    const wrongToken = await openClient(app).refresh('AB12');
    expect(wrongToken).toEqual({ status: 400, error: 'invalid_grant' });
    const wrongSecret = await openClient(app, 'wrong').exchange(other.code, other.verifier);
    expect(wrongSecret).toEqual({ status: 400, error: 'invalid_client' });
    // A client that could not say who it is has not used up the code.
    expect((await openClient(app).exchange(other.code, other.verifier)).status).toBe(200);
  });
});

function openidClient(app: App, secret: string = CLIENT.secret): TokenClient {
  const { authUrl } = app.simulator;
  const server = {
    issuer: authUrl,
    authorization_endpoint: `${authUrl}/`,
    token_endpoint: `${authUrl}/connect/token`,
  };
  const authentication = client.ClientSecretPost(secret);
  const configuration = new client.Configuration(server, CLIENT.id, {}, authentication);
  client.allowInsecureRequests(configuration);
  return {
    async exchange(code, pkceCodeVerifier) {
      const back = new URL(REDIRECT_URI);
      back.searchParams.set('code', code);
      return outcomeOf(client.authorizationCodeGrant(configuration, back, { pkceCodeVerifier }));
    },
    refresh: (token) => outcomeOf(client.refreshTokenGrant(configuration, token)),
  };
}

async function outcomeOf(grant: Promise<client.TokenEndpointResponse>): Promise<Outcome> {
  try {
    return { status: 200, ...((await grant) as unknown as Tokens) };
  } catch (error) {
    if (error instanceof client.ResponseBodyError) {
      return { status: error.status, ...(error.cause as { error: string }) };
    }
    throw error;
  }
}

function curlClient(
  app: App,
  argumentsOf: (fields: Fields) => string[],
  secret: string = CLIENT.secret,
): TokenClient {
  async function ask(fields: Fields): Promise<Outcome> {
    const all = { client_id: CLIENT.id, client_secret: secret, ...fields };
    const url = `${app.simulator.authUrl}/connect/token`;
    const how = ['-sS', '--noproxy', '*', '-w', String.raw`\n%{http_code}`];
    const { stdout } = await run('curl', [...how, ...argumentsOf(all), url]);
    const [body = '', status] = stdout.split('\n');
    return { status: Number(status), ...(JSON.parse(body) as object) };
  }
  return {
    exchange: (code, code_verifier) =>
      ask({
        grant_type: 'authorization_code',
        code,
        code_verifier,
        redirect_uri: REDIRECT_URI,
      }),
    refresh: (refresh_token) => ask({ grant_type: 'refresh_token', refresh_token }),
  };
}

function pairs(fields: Fields): readonly string[] {
  return Object.entries(fields).map(([name, value]) => `${name}=${value}`);
}
