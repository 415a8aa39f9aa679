import { decodeJwt } from 'jose';
import { expect, test } from 'vitest';
import { walkDialog } from '../../src/simulator/walk.ts';
import { CLIENT } from './app.ts';
import { ALL_SCOPES, type Body, type Walk } from './contract-walk.ts';

const JOHN = { user: 'john', password: 'doe' };
const SECRETS = { client_id: CLIENT.id, client_secret: CLIENT.secret };
const REDIRECT_URI = CLIENT.redirectUris[0];
const EXTEND = '/connections/extend';

/** The walk over what leads users to their bank without an auth link, and tells how far they came. */
export function walkLinks(walk: () => Walk): void {
  test('/v1/authuri leads to a bank', async () => {
    const json = {
      response_type: 'code',
      client_id: CLIENT.id,
      redirect_uri: REDIRECT_URI,
      scope: ALL_SCOPES,
      consent_id: 'of-the-app',
      provider_id: 'ob-monzo',
      state: 'state-2',
      user: { id: '1', name: 'John Doe', email: 'john@example.com' },
    };
    const { result, success } = await walk().ask(200, 'POST', '/v1/authuri', { json });
    expect(success).toBe(true);
    const { fields } = await walkDialog(result, JOHN);
    expect(fields).toMatchObject({ state: 'state-2', scope: ALL_SCOPES });
    const stranger = { ...json, client_id: 'somebody' };
    const refused = await walk().ask(401, 'POST', '/v1/authuri', { json: stranger });
    expect(refused['error']).toBe('unauthorized_client');
  });

  test('/v1/reauthuri leads to the same connection again', async () => {
    const { access_token, refresh_token } = await walk().connect('ob-monzo');
    const json = { response_type: 'code', refresh_token, redirect_uri: REDIRECT_URI };
    const { result } = await walk().ask(200, 'POST', '/v1/reauthuri', { json });
    expect(await subjectAfter(walk(), result)).toBe(decodeJwt(access_token).sub);
    const wrong = { ...json, refresh_token: 'AB12' };
    const refused = await walk().ask(401, 'POST', '/v1/reauthuri', { json: wrong });
    expect(refused).toMatchObject({ error_details: { reason: 'Invalid refresh_token' } });
  });

  test('/connections/extend needs nothing where the bank asks for nothing', async () => {
    const { refresh_token } = await walk().connect('mock', { password: 'eternal' });
    const json = extension(refresh_token);
    const { action_needed, access_token } = await walk().ask(200, 'POST', EXTEND, { json });
    expect(action_needed).toBe('no_action_needed');
    await walk().list(access_token, 'me');
  });

  test('/connections/extend leads to the bank where it asks again', async () => {
    const { access_token, refresh_token } = await walk().connect();
    const json = extension(refresh_token);
    const { action_needed, user_input_link } = await walk().ask(200, 'POST', EXTEND, { json });
    expect(action_needed).toBe('authentication_needed');
    expect(await subjectAfter(walk(), user_input_link)).toBe(decodeJwt(access_token).sub);
  });

  test('/connections/extend leads to the dialog where the app has not asked', async () => {
    const { access_token, refresh_token } = await walk().connect();
    const json = { ...extension(refresh_token), user_has_reconfirmed_consent: false };
    const { action_needed, user_input_link } = await walk().ask(200, 'POST', EXTEND, { json });
    expect(action_needed).toBe('reconfirmation_of_consent_needed');
    expect(await subjectAfter(walk(), user_input_link)).toBe(decodeJwt(access_token).sub);
  });

  test('/connections/extend refuses what is missing, unknown, or not to be extended', async () => {
    const { refresh_token } = await walk().connect();
    const { client_id: _, ...nameless } = extension(refresh_token);
    const missing = await walk().ask(400, 'POST', EXTEND, { json: nameless });
    expect(missing).toMatchObject({
      title: 'One or more validation errors occurred.',
      instance: EXTEND,
      errors: { ClientId: ['The ClientId field is required.'] },
    });
    const unknown = await walk().ask(401, 'POST', EXTEND, { json: extension('AB12') });
    expect(unknown['detail']).toBe('Refresh token missing or invalid.');
    // Only British connections can be extended.
    const abroad = await walk().connect('xs2a-sparkasse');
    const refused = await walk().ask(422, 'POST', EXTEND, {
      json: extension(abroad.refresh_token),
    });
    expect(refused['title']).toBe('No way to extend this connection');
  });

  test('tracked events tell how far a user came', async () => {
    const tracking_id = 'track-1';
    const code = await walk().app.allow('ob-lloyds', { tracking_id });
    const { access_token: token } = (await (await walk().app.exchange(code)).json()) as Body;
    const path = '/v1/tracked-events';
    const { results } = await walk().ask(200, 'GET', `${path}?tracking_id=track-1`, { token });
    const names = (results as Body[]).map(({ name }) => String(name));
    expect(names[0]).toBe('dialog_started');
    expect(names.at(-1)).toBe('code_exchanged');
    expect(await walk().ask(400, 'GET', path, { token })).toBe(
      'tracking_id query parameter is required',
    );
    await walk().ask(401, 'GET', `${path}?tracking_id=track-1`);
    await walk().ask(404, 'GET', `${path}?tracking_id=nobody`, { token });
  });
}

function extension(refresh_token: string) {
  return {
    ...SECRETS,
    refresh_token,
    user_has_reconfirmed_consent: true,
    user: { id: '1', name: 'John Doe', email: 'john@example.com' },
    redirect_uri: REDIRECT_URI,
  };
}

/** Whose token the code is worth with which a user comes back from an address. */
async function subjectAfter(walk: Walk, url: string): Promise<string | undefined> {
  const { fields } = await walkDialog(url, JOHN);
  const response = await walk.app.exchange(fields['code'] ?? '');
  const { access_token } = (await response.json()) as { access_token: string };
  return decodeJwt(access_token).sub;
}
