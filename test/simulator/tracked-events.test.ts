import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { walkDialog } from '../../src/simulator/walk.ts';
import { connectionOf, openApp, type App, type Tokens } from './app.ts';

const DAY = 24 * 60 * 60_000;

interface Events {
  readonly results: readonly {
    readonly name: string;
    readonly time: string;
    readonly flow_id: string;
    readonly reauth: boolean;
    readonly provider_id?: string;
    readonly credentials_id?: string;
    readonly consent_id?: string;
  }[];
}

describe('tracked events', () => {
  let app: App;
  let clientToken: string;
  beforeEach(async () => {
    app = await openApp();
    clientToken = await identify();
  });
  afterEach(() => app.simulator.close());

  const identify = async () => {
    const asked = { grant_type: 'client_credentials', scope: 'payments' };
    return ((await (await app.token(asked)).json()) as Tokens).access_token;
  };
  const ask = (trackingId: string, accessToken = clientToken) =>
    fetch(`${app.simulator.authUrl}/v1/tracked-events?tracking_id=${trackingId}`, {
      headers: { authorization: `Bearer ${accessToken}` },
    });
  const events = async (trackingId: string) =>
    ((await (await ask(trackingId)).json()) as Events).results;
  const names = async (trackingId: string) => (await events(trackingId)).map(({ name }) => name);

  test('tell the whole way through the dialog to the exchange of the code', async () => {
    const tokens = await app.connect('ob-monzo', { tracking_id: 'way-1' });
    const results = await events('way-1');
    expect(results.map(({ name }) => name)).toEqual([
      'dialog_started',
      'consent_granted',
      'provider_selected',
      'provider_auth_started',
      'provider_authorized',
      'code_exchanged',
    ]);
    expect(results[0]).toEqual({
      name: 'dialog_started',
      time: '2026-03-01T09:00:00.0000000Z',
      flow_id: expect.stringMatching(/^auth-[\w-]{43}$/),
      reauth: false,
    });
    const exchanged = results.at(-1);
    expect(exchanged).toMatchObject({
      provider_id: 'ob-monzo',
      credentials_id: connectionOf(tokens),
      consent_id: expect.stringMatching(/^[\da-f-]{36}$/),
    });
    expect(new Set(results.map(({ flow_id }) => flow_id)).size).toBe(1);
  });

  test('stop where the user did', async () => {
    const plan = { user: 'john', password: 'doe', provider: 'ob-monzo' };
    await walkDialog(app.link({ tracking_id: 'left-early' }), { ...plan, deny: 'bank' });
    expect(await names('left-early')).toEqual(['dialog_started', 'consent_granted']);
    await walkDialog(app.link({ tracking_id: 'left-late' }), { ...plan, deny: 'login' });
    expect((await names('left-late')).at(-1)).toBe('provider_auth_started');
  });

  test('count what the link has settled as done from the start', async () => {
    await fetch(app.link({ tracking_id: 'direct', provider_id: 'ob-monzo', consent_id: 'c-1' }));
    expect(await names('direct')).toEqual([
      'dialog_started',
      'consent_granted',
      'provider_selected',
      'provider_auth_started',
    ]);
  });

  test('are opened by any good access token of the client, and by no other', async () => {
    const { access_token } = await app.connect('mock', { tracking_id: 'way-2' });
    expect((await ask('way-2', access_token)).status).toBe(200);
    expect((await ask('way-2', 'made-up')).status).toBe(401);
    await app.clock.setTime(app.clock.now() + DAY);
    expect((await ask('way-2', access_token)).status).toBe(401);
  });

  test('want a tracking_id, and one that has been used', async () => {
    const response = await ask('');
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toContain('text/plain');
    expect(await response.text()).toBe('tracking_id query parameter is required');
    expect((await ask('never-used')).status).toBe(404);
  });

  test('go on under the same id when the connection is renewed', async () => {
    const { refresh_token = '' } = await app.connect('ob-monzo', { tracking_id: 'way-3' });
    const [redirect_uri] = ['http://127.0.0.1:9999/callback'];
    const body = { response_type: 'code', refresh_token, redirect_uri };
    const { result } = (await (await app.post('/v1/reauthuri', body)).json()) as { result: string };
    await app.renew(result);
    const renewal = (await events('way-3')).filter(({ reauth }) => reauth);
    expect(renewal.map(({ name }) => name)).toContain('code_exchanged');
    expect(new Set((await events('way-3')).map(({ flow_id }) => flow_id)).size).toBe(2);
  });

  test('are kept for 60 days', async () => {
    await fetch(app.link({ tracking_id: 'old' }));
    await app.clock.setTime(app.clock.now() + 60 * DAY);
    clientToken = await identify();
    expect((await ask('old')).status).toBe(200);
    await app.clock.setTime(app.clock.now() + 1);
    expect((await ask('old')).status).toBe(404);
  });
});
