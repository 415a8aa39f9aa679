import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { walkDialog, WalkError } from '../../src/simulator/walk.ts';
import { CLIENT, openApp, SCOPES, type App } from './app.ts';

const JOHN = { user: 'john', password: 'doe' };

describe('the auth dialog', () => {
  let app: App;
  beforeAll(async () => {
    app = await openApp();
  });
  afterAll(() => app.simulator.close());

  test('leads an allowing user back with code, scope and state', async () => {
    const end = await walkDialog(app.link(), { ...JOHN, provider: 'ob-lloyds' });
    expect(end.method).toBe('GET');
    expect(end.url).toMatch(
      /^http:\/\/127\.0\.0\.1:9999\/callback\?code=[\w-]+&scope=info%20accounts/,
    );
    expect(end.fields).toMatchObject({ scope: SCOPES, state: 'state-1' });
  });

  test.each(['permissions', 'bank', 'login', 'accounts'] as const)(
    'answers access_denied when the user cancels at %s',
    async (deny) => {
      const end = await walkDialog(app.link(), { ...JOHN, provider: 'ob-lloyds', deny });
      expect(end.fields).toMatchObject({ error: 'access_denied', state: 'state-1' });
      expect(end.fields).not.toHaveProperty('code');
    },
  );

  test('shows the login again after a wrong password', async () => {
    const walk = walkDialog(app.link(), { user: 'john', password: 'nope', provider: 'mock' });
    await expect(walk).rejects.toThrow('Username and password do not belong together.');
  });

  test.each([
    ['john7', 'doe7'],
    ['john100', 'doe100'],
    ['john', 'iban'],
    ['john3', 'iban3'],
    ['john', 'eternal'],
    ['error.provider_error', 'error'],
    ['user1', 'pass1'],
    ['user10000', 'pass10000'],
  ])('lets %s in with %s', async (user, password) => {
    const end = await walkDialog(app.link(), { user, password, provider: 'mock' });
    expect(end.fields).toHaveProperty('code');
  });

  test.each([
    ['john1', 'doe2'],
    ['john101', 'doe101'],
    ['john01', 'doe01'],
    ['error.unheard_of', 'error'],
    ['user10001', 'pass10001'],
  ])('keeps %s with %s out', async (user, password) => {
    await expect(walkDialog(app.link(), { user, password, provider: 'mock' })).rejects.toThrow(
      WalkError,
    );
  });

  test.each([
    ['another client', { client_id: 'somebody' }],
    ['another redirect_uri', { redirect_uri: 'http://127.0.0.1:9999/callback/' }],
    ['no redirect_uri', { redirect_uri: '' }],
  ])('shows a page and never redirects for %s', async (_name, parameters) => {
    const response = await fetch(app.link(parameters), { redirect: 'manual' });
    expect(response.status).toBe(400);
    expect(response.headers.get('location')).toBeNull();
    expect(await response.text()).not.toContain('<form');
  });

  test.each([
    ['an unknown scope', { scope: 'accounts everything' }, 'invalid_scope'],
    ['no scope', { scope: '' }, 'invalid_scope'],
    ['another response type', { response_type: 'token' }, 'invalid_request'],
    [
      'a plain challenge',
      { code_challenge: 'abc', code_challenge_method: 'plain' },
      'invalid_request',
    ],
    ['an unknown provider', { providers: 'uk-ob-all nobody' }, 'invalid_request'],
    [
      'a provider_id outside providers',
      { providers: 'uk-ob-all', provider_id: 'mock' },
      'invalid_request',
    ],
  ])('tells the app of %s', async (_name, parameters, error) => {
    const end = await walkDialog(app.link(parameters), JOHN);
    expect(end.fields).toMatchObject({ error, state: 'state-1' });
  });

  test('skips the picker for provider_id and the permissions for consent_id', async () => {
    const provider = await fetch(app.link({ provider_id: 'ob-monzo', consent_id: 'c-1' }));
    expect(await provider.text()).toContain('data-step="login"');
    const consent = await fetch(app.link({ consent_id: 'c-1' }));
    expect(await consent.text()).toContain('data-step="bank"');
  });

  test.each([
    ['uk-ob-monzo uk-cs-mock', ['mock', 'ob-monzo']],
    ['uk-oauth-all', ['ob-amex', 'ob-starling']],
    ['de-xs2a-all', ['xs2a-deutsche-bank', 'xs2a-commerzbank', 'xs2a-sparkasse', 'xs2a-n26-de']],
    ['es-ob-all', ['ob-caixabank-es']],
    ['no-xs2a-all', []],
  ])('offers the banks of providers=%s', async (providers, ids) => {
    for (const separator of [' ', '+']) {
      const list = providers.replaceAll(' ', separator);
      const response = await fetch(app.link({ providers: list, consent_id: 'c-1' }));
      expect(offered(await response.text())).toEqual(ids);
    }
  });

  test.each([
    [{ enable_open_banking_providers: 'true' }, 'ob-monzo', 'mock'],
    [{ enable_oauth_providers: 'true' }, 'xs2a-n26-de', 'ob-monzo'],
    [{ enable_credentials_sharing_providers: 'true' }, 'mock', 'ob-monzo'],
    [{ enable_oauth_providers: 'true', enable_mock: 'true' }, 'mock', 'ob-monzo'],
    [{ providers: 'uk-ob-all', enable_mock: 'true' }, 'mock', 'xs2a-n26-de'],
    [{ providers: 'uk-ob-all', enable_oauth_providers: 'true' }, 'ob-monzo', 'xs2a-n26-de'],
    [{ disable_providers: 'ob-monzo uk-cs-mock' }, 'ob-lloyds', 'ob-monzo'],
    [{ enable_mock: 'false' }, 'ob-monzo', 'nobody'],
  ])('offers by the old parameters %j the bank %s and not %s', async (parameters, has, lacks) => {
    const page = await (await fetch(app.link({ consent_id: 'c-1', ...parameters }))).text();
    expect(offered(page)).toContain(has);
    expect(offered(page)).not.toContain(lacks);
  });

  test('does not lead to a bank that was disabled', async () => {
    const parameters = { provider_id: 'ob-monzo', disable_providers: 'ob-monzo' };
    const end = await walkDialog(app.link(parameters), JOHN);
    expect(end.fields).toMatchObject({ error: 'invalid_request' });
  });

  test('passes over what it does not know', async () => {
    const parameters = { nonce: 'n-1', language_id: 'en', dark_mode: 'true' };
    const end = await walkDialog(app.link(parameters), { ...JOHN, provider: 'mock' });
    expect(end.fields).toHaveProperty('code');
  });

  test('asks for a branch where a bank is many banks', async () => {
    const link = () => app.link({ provider_id: 'stet-credit-agricole' });
    const alsace = { ...JOHN, branch: 'Crédit Agricole Alsace Vosges' };
    expect((await walkDialog(link(), alsace)).fields).toHaveProperty('code');
    expect((await walkDialog(link(), JOHN)).fields).toHaveProperty('code');
    const nowhere = walkDialog(link(), { ...JOHN, branch: 'nowhere' });
    await expect(nowhere).rejects.toThrow('no branch is called nowhere');
    const end = await walkDialog(link(), { ...JOHN, deny: 'branch' });
    expect(end.fields).toMatchObject({ error: 'access_denied' });
  });

  test('takes no branch that is not on its list', async () => {
    const page = await fetch(app.link({ provider_id: 'stet-credit-agricole', consent_id: 'c-1' }));
    const session = /name="session" value="([^"]+)"/.exec(await page.text())?.[1] ?? '';
    const answer = await fetch(`${app.simulator.url}/dialog`, {
      method: 'POST',
      body: new URLSearchParams({ session, branch: 'nowhere' }),
    });
    expect(await answer.text()).toContain('Choose a branch of the list.');
  });

  test('finds banks by a part of their name', async () => {
    const page = await (await fetch(app.link({ consent_id: 'c-1' }))).text();
    const session = /name="session" value="([^"]+)"/.exec(page)?.[1] ?? '';
    const query = new URLSearchParams({ session, search: ' SANT' });
    const found = await fetch(`${app.simulator.url}/dialog?${query}`);
    expect(offered(await found.text())).toEqual(['ob-santander']);
  });

  test('answers form_post with a form to the app, sent by itself or by hand', async () => {
    const end = await walkDialog(app.link({ response_mode: 'form_post' }), {
      ...JOHN,
      provider: 'mock',
    });
    expect(end).toMatchObject({ method: 'POST', url: CLIENT.redirectUris[0] });
    expect(end.fields).toMatchObject({ scope: SCOPES, state: 'state-1' });
    expect(end.fields).toHaveProperty('code');
  });

  test('shares only what was chosen', async () => {
    const plan = { accounts: ['SAVINGS ACCOUNT 1', '328f557c68aebd532cbbd05ce5bcb6c8'] };
    const { access_token } = await app.connect('mock', {}, plan);
    const accounts = await app.list(access_token, 'accounts');
    const cards = await app.list(access_token, 'cards');
    expect(accounts.map((account) => account['display_name'])).toEqual(['SAVINGS ACCOUNT 1']);
    expect(cards.map((card) => card['display_name'])).toEqual(['CREDIT CARD 2']);
    const hidden = await app.call(access_token, 'accounts/56c7b029e0f8ec5a2334fb0ffc2fface');
    expect(await app.refusal(hidden)).toBe('404 account_not_found');
  });

  test('insists on something to share', async () => {
    const walk = walkDialog(app.link(), { ...JOHN, provider: 'mock', accounts: [] });
    await expect(walk).rejects.toThrow('Choose at least one to share.');
  });

  test('escapes what the link brings along', async () => {
    const state = '"><script>alert(1)</script>&#39;';
    const parameters = { state, response_mode: 'form_post' };
    const end = await walkDialog(app.link(parameters), { ...JOHN, provider: 'mock' });
    expect(end.fields['state']).toBe(state);
  });

  test('keeps its pages out of frames and caches, and runs nothing foreign', async () => {
    const { headers } = await fetch(app.link());
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; .*frame-ancestors 'none'/,
    );
    expect(headers.get('content-security-policy')).not.toContain('form-action');
  });

  test('forgets a page that was left open too long or altered', async () => {
    const page = await (await fetch(app.link())).text();
    const session = /name="session" value="([^"]+)"/.exec(page)?.[1] ?? '';
    const post = (value: string) =>
      fetch(`${app.simulator.url}/dialog`, {
        method: 'POST',
        body: new URLSearchParams({ session: value }),
      });
    expect((await post(session)).status).toBe(200);
    expect((await post(`A${session.slice(1)}`)).status).toBe(400);
    await app.clock.setTime(app.clock.now() + 61 * 60_000);
    expect((await post(session)).status).toBe(400);
  });
});

function offered(page: string): string[] {
  return [...page.matchAll(/name="provider" value="([^"]+)"/g)].map(([, id]) => id ?? '');
}
