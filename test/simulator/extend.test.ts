import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { walkDialog } from '../../src/simulator/walk.ts';
import { CLIENT, connectionOf, openApp, SCOPES, type App, type Tokens } from './app.ts';

const DAY = 24 * 60 * 60_000;
const ETERNAL = { password: 'eternal' };

interface Extension extends Tokens {
  readonly action_needed: string;
  readonly user_input_link: string;
}

describe('extending a connection', () => {
  let app: App;
  beforeEach(async () => {
    app = await openApp();
  });
  afterEach(() => app.simulator.close());

  const pass = (milliseconds: number) => app.clock.setTime(app.clock.now() + milliseconds);
  const bodyFor = (refreshToken: string | undefined) => ({
    user_has_reconfirmed_consent: true,
    client_id: CLIENT.id,
    client_secret: CLIENT.secret,
    user: { id: 'u-1', name: 'John Doe', email: 'john@example.com' },
    refresh_token: refreshToken,
    redirect_uri: CLIENT.redirectUris[0],
    state: 'state-2',
  });
  const ask = (tokens: Tokens, more: object = {}) =>
    app.post('/connections/extend', { ...bodyFor(tokens.refresh_token), ...more });
  const extend = async (tokens: Tokens, more: object = {}) => {
    const response = await ask(tokens, more);
    expect(response.status).toBe(200);
    return (await response.json()) as Extension;
  };
  const consentEnd = async (tokens: Tokens) => {
    const [me] = await app.list(tokens.access_token, 'me');
    return me?.['consent_expires_at'];
  };
  const readOldRows = async (tokens: Tokens, day: string) => {
    const [account] = await app.list(tokens.access_token, 'accounts');
    const path = `accounts/${String(account?.['account_id'])}/transactions`;
    const response = await app.call(tokens.access_token, `${path}?from=${day}&to=${day}`);
    return response.status;
  };

  test('needs nothing more for a user whose bank wants no login', async () => {
    const before = await app.connect('mock', {}, ETERNAL);
    await pass(80 * DAY);
    const { action_needed, ...after } = await extend(before);
    expect(action_needed).toBe('no_action_needed');
    expect(Object.keys(after).toSorted()).toEqual([
      'access_token',
      'expires_in',
      'refresh_token',
      'token_type',
    ]);
    expect(connectionOf(after)).toBe(connectionOf(before));
    expect(await consentEnd(after)).toBe('2026-08-18T09:00:00.000Z');
    expect(await app.list(after.access_token, 'accounts')).toHaveLength(5);
  });

  test('without a login opens no new window on old rows', async () => {
    const before = await app.connect('ob-monzo', {}, ETERNAL);
    expect(await readOldRows(before, '2024-01-01')).toBe(200);
    await pass(10 * 60_000);
    expect(await readOldRows(await extend(before), '2024-01-02')).toBe(403);
  });

  test('leads other users to their bank, and back with a code for the same connection', async () => {
    const before = await app.connect('ob-monzo', {}, { accounts: ['Easy Saver'] });
    await pass(DAY);
    const { action_needed, user_input_link } = await extend(before);
    expect(action_needed).toBe('authentication_needed');
    expect(await (await fetch(user_input_link)).text()).toContain('data-step="login"');
    const { fields } = await walkDialog(user_input_link, { user: 'john', password: 'doe' });
    expect(fields).toMatchObject({ state: 'state-2', scope: SCOPES });
    const after = (await (await app.exchange(fields['code'] ?? '')).json()) as Tokens;
    expect(connectionOf(after)).toBe(connectionOf(before));
    expect(await consentEnd(after)).toBe('2026-05-31T09:00:00.000Z');
    const accounts = await app.list(after.access_token, 'accounts');
    expect(accounts.map((account) => account['display_name'])).toEqual(['Easy Saver']);
    expect(await readOldRows(after, '2024-01-01')).toBe(200);
  });

  test('asks for the consent again where the app has not', async () => {
    const before = await app.connect('ob-monzo', {}, ETERNAL);
    const again = { user_has_reconfirmed_consent: false };
    const { action_needed, user_input_link } = await extend(before, again);
    expect(action_needed).toBe('reconfirmation_of_consent_needed');
    const page = await (await fetch(user_input_link)).text();
    expect(page).toContain('data-step="permissions"');
    expect(page).toContain('Keep sharing your Monzo data');
    expect(connectionOf(await app.renew(user_input_link))).toBe(connectionOf(before));
  });

  test('ends nothing when the user turns back', async () => {
    const before = await app.connect('ob-monzo');
    const { user_input_link } = await extend(before);
    const walk = { user: 'john', password: 'doe', deny: 'login' } as const;
    const { fields } = await walkDialog(user_input_link, walk);
    expect(fields).toMatchObject({ error: 'access_denied', state: 'state-2' });
    expect((await app.call(before.access_token, 'me')).status).toBe(200);
  });

  test('lets nobody else log in', async () => {
    const before = await app.connect('ob-monzo');
    const { user_input_link } = await extend(before);
    const stranger = walkDialog(user_input_link, { user: 'john7', password: 'doe7' });
    await expect(stranger).rejects.toThrow('This connection belongs to another customer.');
  });

  test('takes form_post and a challenge', async () => {
    const before = await app.connect('ob-monzo');
    const code_challenge = 'a'.repeat(43);
    const more = { response_mode: 'form_post', code_challenge };
    const { user_input_link } = await extend(before, more);
    const end = await walkDialog(user_input_link, { user: 'john', password: 'doe' });
    expect(end.method).toBe('POST');
    const unproved = await app.exchange(end.fields['code'] ?? '');
    expect(await app.refusal(unproved)).toBe('400 invalid_grant');
  });

  test('leaves the old refresh token good until the new one is used', async () => {
    const before = await app.connect('mock', {}, ETERNAL);
    await pass(60_000);
    const after = await extend(before);
    const old = await app.call(before.access_token, 'me');
    expect(await app.refusal(old)).toBe('401 unauthorized');
    expect((await app.refresh(before.refresh_token ?? '')).status).toBe(200);
    expect((await app.refresh(after.refresh_token ?? '')).status).toBe(200);
    const late = await app.refresh(before.refresh_token ?? '');
    expect(await app.refusal(late)).toBe('400 invalid_grant');
  });

  test('gives good tokens also while the clock stands still', async () => {
    app.simulator.settings.rotateRefreshTokens = true;
    const before = await app.connect('mock', {}, ETERNAL);
    const refreshed = (await (await app.refresh(before.refresh_token ?? '')).json()) as Tokens;
    const again = (await (await app.refresh(refreshed.refresh_token ?? '')).json()) as Tokens;
    const after = await extend(again);
    expect((await app.refresh(after.refresh_token ?? '')).status).toBe(200);
  });

  test('revives a connection until 90 days after its end', async () => {
    const before = await app.connect('ob-monzo');
    await pass(90 * DAY);
    expect(await app.refusal(await app.refresh(before.refresh_token ?? ''))).toBe(
      '400 invalid_grant',
    );
    await pass(90 * DAY - 1);
    const { user_input_link } = await extend(before);
    const after = await app.renew(user_input_link);
    expect((await app.refresh(after.refresh_token ?? '')).status).toBe(200);
    const another = await app.connect('ob-monzo');
    await pass(180 * DAY);
    expect((await ask(another)).status).toBe(422);
  });

  test('is refused for connections abroad, revoked or deleted', async () => {
    const abroad = await app.connect('xs2a-n26-de');
    const revoked = await app.connect('ob-monzo');
    app.simulator.revoke(connectionOf(revoked));
    const deleted = await app.connect('ob-monzo');
    await fetch(`${app.simulator.authUrl}/api/delete`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${deleted.access_token}` },
    });
    for (const tokens of [abroad, revoked, deleted]) {
      const response = await ask(tokens);
      expect(response.status).toBe(422);
      expect(response.headers.get('content-type')).toContain('application/problem+json');
      expect(await response.json()).toEqual({
        type: 'https://docs.truelayer.com/#connection-api-errors',
        title: 'No way to extend this connection',
        status: 422,
        detail: 'This connection cannot be extended',
        instance: '/connections/extend',
        trace_id: expect.stringMatching(/^[\da-f-]{36}$/),
      });
    }
  });

  test('fails as ordered for its bank', async () => {
    const [monzo, lloyds] = [await app.connect('ob-monzo'), await app.connect('ob-lloyds')];
    app.simulator.faults.order({ path: /extend$/, providerId: 'ob-monzo', status: 503 });
    expect((await ask(lloyds)).status).toBe(200);
    expect((await ask(monzo)).status).toBe(503);
    expect(app.simulator.journal.entries.at(-1)).toMatchObject({
      path: '/connections/extend',
      credentialsId: connectionOf(monzo),
    });
  });

  test('is worth nothing if the connection is deleted while the user is away', async () => {
    const before = await app.connect('ob-monzo');
    const { user_input_link } = await extend(before);
    const { fields } = await walkDialog(user_input_link, { user: 'john', password: 'doe' });
    app.simulator.revoke(connectionOf(before));
    const response = await app.exchange(fields['code'] ?? '');
    expect(await app.refusal(response)).toBe('400 invalid_grant');
  });

  test.each([
    ['a refresh token that was never issued', { refresh_token: 'ABCD' }],
    ['a wrong secret', { client_secret: 'wrong' }],
    ['another client', { client_id: 'somebody' }],
  ])('is refused with 401 for %s', async (_name, more) => {
    const response = await ask(await app.connect('ob-monzo'), more);
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ title: 'Unauthorized', status: 401 });
  });

  test.each([
    ['client_id', { client_id: undefined }, 'ClientId', 'required'],
    ['client_secret', { client_secret: '' }, 'ClientSecret', 'required'],
    ['refresh_token', { refresh_token: null }, 'RefreshToken', 'required'],
    ['redirect_uri', { redirect_uri: 'https://elsewhere.example' }, 'RedirectUri', 'invalid'],
    [
      'user_has_reconfirmed_consent',
      { user_has_reconfirmed_consent: 'yes' },
      'UserHasReconfirmedConsent',
      'invalid',
    ],
    ['response_mode', { response_mode: 'query' }, 'ResponseMode', 'invalid'],
    ['code_challenge', { code_challenge: 'short' }, 'CodeChallenge', 'invalid'],
    ['user', { user: undefined }, 'User', 'required'],
    ['name of the user', { user: { phone: '+447700900000' } }, 'User.Name', 'required'],
    ['email or phone of the user', { user: { name: 'John Doe' } }, 'User.Email', 'required'],
  ])('names a bad %s', async (_name, more, field, kind) => {
    const response = await ask(await app.connect('ob-monzo'), more);
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    expect(await response.json()).toMatchObject({
      title: 'One or more validation errors occurred.',
      status: 400,
      instance: '/connections/extend',
      errors: { [field]: [`The ${field} field is ${kind}.`] },
    });
  });

  test('names everything that is missing at once', async () => {
    const response = await app.post('/connections/extend', { user: {} });
    const { errors } = (await response.json()) as { errors: object };
    expect(Object.keys(errors).toSorted()).toEqual([
      'ClientId',
      'ClientSecret',
      'RedirectUri',
      'RefreshToken',
      'User.Email',
      'User.Name',
      'UserHasReconfirmedConsent',
    ]);
  });
});
