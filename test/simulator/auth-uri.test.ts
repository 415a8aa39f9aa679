import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { walkDialog } from '../../src/simulator/walk.ts';
import { CLIENT, connectionOf, openApp, type App, type Tokens } from './app.ts';

const DAY = 24 * 60 * 60_000;
const JOHN = { user: 'john', password: 'doe' };
const BANKS = 'stet-credit-agricole';

interface LinkAnswer {
  readonly result: string;
  readonly success: boolean;
}

let app: App;
beforeEach(async () => {
  app = await openApp();
});
afterEach(() => app.simulator.close());

const linkFrom = async (response: Response) => {
  expect(response.status).toBe(200);
  const { result, success } = (await response.json()) as LinkAnswer;
  expect(success).toBe(true);
  return result;
};
const pageOf = async (url: string) => (await fetch(url)).text();

describe('a direct link to a bank', () => {
  const ask = (more: object = {}) =>
    app.post('/v1/authuri', {
      response_type: 'code',
      client_id: CLIENT.id,
      redirect_uri: CLIENT.redirectUris[0],
      scope: 'info accounts offline_access',
      consent_id: 'consent-1',
      provider_id: 'ob-monzo',
      state: 'state-3',
      ...more,
    });

  test('begins at the bank, and leads back with a code', async () => {
    const url = await linkFrom(await ask());
    expect(await pageOf(url)).toContain('Log in to Monzo');
    const { fields } = await walkDialog(url, JOHN);
    expect(fields).toMatchObject({ state: 'state-3', scope: 'info accounts offline_access' });
    const tokens = (await (await app.exchange(fields['code'] ?? '')).json()) as Tokens;
    expect(await app.list(tokens.access_token, 'accounts')).not.toEqual([]);
  });

  test('takes all that the documents name', async () => {
    const response = await ask({
      user: { name: 'John Doe', phone: '+447700900000' },
      data_use_description: 'To show your spending.',
      code_challenge: 'a'.repeat(43),
      code_challenge_method: 'S256',
      response_mode: 'form_post',
      tracking_id: 'way-1',
    });
    const end = await walkDialog(await linkFrom(response), JOHN);
    expect(end).toMatchObject({ method: 'POST', url: CLIENT.redirectUris[0] });
  });

  test.each([
    ['a list', [{ 'branch-name': 'stet-credit-agricole-ile-de-france' }]],
    ['an object', { 'branch-name': 'stet-credit-agricole-ile-de-france' }],
  ])('skips the choice of a branch given in %s', async (_name, auth_inputs) => {
    const url = await linkFrom(await ask({ provider_id: BANKS, auth_inputs }));
    expect(await pageOf(url)).toContain('data-step="login"');
  });

  test('asks for a branch that is not given', async () => {
    const url = await linkFrom(await ask({ provider_id: BANKS }));
    expect(await pageOf(url)).toContain('data-step="branch"');
  });

  test.each([
    ['no consent_id', { consent_id: undefined }, 'consent_id is required'],
    ['no provider_id', { provider_id: '' }, 'provider_id is required'],
    ['another response type', { response_type: 'token' }, 'response_type is invalid'],
    ['a user without a name', { user: { email: 'a@example.com' } }, 'user.name is required'],
    [
      'a challenge without its method',
      { code_challenge: 'a'.repeat(43) },
      'code_challenge_method is required',
    ],
    ['an unknown scope', { scope: 'everything' }, 'scope is empty or has an unknown word'],
    ['an unknown bank', { provider_id: 'nobody' }, 'provider_id is not among the providers'],
    [
      'an unknown branch',
      { provider_id: BANKS, auth_inputs: [{ 'branch-name': 'nowhere' }] },
      'auth_inputs has no branch of this provider',
    ],
  ])('is refused for %s', async (_name, more, reason) => {
    const response = await ask(more);
    expect(response.status).toBe(401);
    expect(await response.json()).toEqual({
      error_description: 'Invalid request',
      error: 'invalid_request',
      error_details: { reason },
    });
  });

  test.each([
    ['client', { client_id: 'somebody' }],
    ['redirect_uri', { redirect_uri: 'https://elsewhere.example' }],
  ])('is refused for a %s that is not registered', async (_name, more) => {
    expect(await app.refusal(await ask(more))).toBe('401 unauthorized_client');
  });

  test('is no longer good after an hour', async () => {
    const url = await linkFrom(await ask());
    await app.clock.setTime(app.clock.now() + 61 * 60_000);
    expect((await fetch(url)).status).toBe(400);
  });
});

describe('a link to authenticate again', () => {
  const ask = (refreshToken: string | undefined, more: object = {}) =>
    app.post('/v1/reauthuri', {
      response_type: 'code',
      refresh_token: refreshToken,
      redirect_uri: CLIENT.redirectUris[0],
      ...more,
    });

  test('leads through the login alone, and keeps connection, consent and choice', async () => {
    const choice = { accounts: ['Easy Saver'] };
    const before = await app.connect('ob-monzo', { consent_id: 'consent-1' }, choice);
    await app.clock.setTime(app.clock.now() + 80 * DAY);
    const url = await linkFrom(await ask(before.refresh_token, { state: 'state-4' }));
    expect(await pageOf(url)).toContain('data-step="login"');
    const { fields } = await walkDialog(url, JOHN);
    expect(fields).toMatchObject({ state: 'state-4' });
    const after = (await (await app.exchange(fields['code'] ?? '')).json()) as Tokens;
    expect(connectionOf(after)).toBe(connectionOf(before));
    const accounts = await app.list(after.access_token, 'accounts');
    expect(accounts.map((account) => account['display_name'])).toEqual(['Easy Saver']);
    const [me] = await app.list(after.access_token, 'me');
    expect(me).toMatchObject({ consent_created_at: '2026-05-20T09:00:00.000Z' });
  });

  test('works until 90 days after the consent has ended', async () => {
    const { refresh_token } = await app.connect('ob-monzo');
    await app.clock.setTime(app.clock.now() + 180 * DAY - 1);
    expect((await ask(refresh_token)).status).toBe(200);
    await app.clock.setTime(app.clock.now() + 1);
    expect((await ask(refresh_token)).status).toBe(401);
  });

  test('is refused abroad, after a revocation, and for a token that is no good', async () => {
    const abroad = await app.connect('xs2a-n26-de');
    const revoked = await app.connect('ob-monzo');
    app.simulator.revoke(connectionOf(revoked));
    for (const refreshToken of [abroad.refresh_token, revoked.refresh_token, 'ABCD']) {
      const response = await ask(refreshToken);
      expect(response.status).toBe(401);
      expect(await response.json()).toEqual({
        error_description: 'Invalid request',
        error: 'invalid_request',
        error_details: { reason: 'Invalid refresh_token' },
      });
    }
  });

  test('is refused for a refresh token that another has followed', async () => {
    app.simulator.settings.rotateRefreshTokens = true;
    const { refresh_token = '' } = await app.connect('ob-monzo');
    const second = (await (await app.refresh(refresh_token)).json()) as Tokens;
    expect((await ask(refresh_token)).status).toBe(200);
    await app.refresh(second.refresh_token ?? '');
    expect((await ask(refresh_token)).status).toBe(401);
  });

  test('is refused for a redirect_uri that is not registered', async () => {
    const { refresh_token } = await app.connect('ob-monzo');
    const response = await ask(refresh_token, { redirect_uri: 'https://elsewhere.example' });
    expect(await app.refusal(response)).toBe('401 unauthorized_client');
  });
});
