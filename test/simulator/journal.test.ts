import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeJournal } from '../../src/simulator/journal.ts';
import { walkDialog, WalkError } from '../../src/simulator/walk.ts';
import { CLIENT, openApp, type App, type Tokens } from './app.ts';

describe('the journal', () => {
  let app: App;
  beforeEach(async () => {
    app = await openApp();
  });
  afterEach(() => app.simulator.close());

  test('tells who asked what, and no secret', async () => {
    const { access_token, refresh_token = '' } = await app.connect();
    const path = 'accounts/56c7b029e0f8ec5a2334fb0ffc2fface/transactions';
    const headers = { 'x-psu-ip': '192.0.2.1', 'x-client-correlation-id': 'mine' };
    const query = '?from=2026-02-01&to=2026-02-02&access_token=leak';
    const response = await app.call(access_token, `${path}${query}`, headers);
    await app.refresh(refresh_token);
    const { entries } = app.simulator.journal;
    expect(entries.at(-2)).toEqual({
      at: new Date('2026-03-01T09:00:00Z'),
      method: 'GET',
      path: `/data/v1/${path}`,
      query: { from: '2026-02-01', to: '2026-02-02' },
      credentialsId: response.headers.get('x-credentials-id'),
      status: 200,
      correlationId: response.headers.get('x-tl-correlation-id'),
      clientCorrelationId: 'mine',
      attended: true,
    });
    expect(entries.at(-1)?.credentialsId).toBe(entries.at(-2)?.credentialsId);
    const text = JSON.stringify(entries);
    for (const secret of [access_token, refresh_token, 'not-a-secret', 'leak', 'state-1']) {
      expect(text).not.toContain(secret);
    }
  });

  test('has no secret of a whole flow, whatever goes wrong in it', async () => {
    const state = 'canary-state';
    const walk = { user: 'john', password: 'doe', provider: 'ob-lloyds' };
    const wrong = walkDialog(app.link({ state }), { ...walk, password: 'canary-password' });
    await expect(wrong).rejects.toThrow(WalkError);
    const { fields } = await walkDialog(app.link({ state, nonce: 'canary-nonce' }), walk);
    const code = fields['code'] ?? '';
    await app.exchange(code, { client_secret: 'canary-secret' });
    const tokens = (await (await app.exchange(code)).json()) as Tokens;
    await app.exchange(code);
    const refreshToken = tokens.refresh_token ?? '';
    const renewed = (await (await app.refresh(refreshToken)).json()) as Tokens;
    await app.call(tokens.access_token, 'accounts?from=x&to=y&token=canary-query');
    await app.call(renewed.access_token, 'accounts?async=true&webhook_uri=http://canary.invalid/');
    await app.call('canary-bearer', 'me');
    const { access_token } = renewed;
    await app.post('/api/debug', { access_token });
    await app.post('/v1/reauthuri', { refresh_token: refreshToken, client_secret: CLIENT.secret });
    await app.post('/connections/extend', {
      refresh_token: refreshToken,
      client_secret: 'canary-secret',
      user: { id: 'canary-user', name: 'Canary Name', email: 'canary@example.com' },
    });
    await fetch(`${app.simulator.authUrl}/api/delete`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${access_token}`, cookie: 'canary-cookie' },
    });
    expect(app.simulator.journal.entries.length).toBeGreaterThan(15);
    const shown = await (await fetch(`${app.simulator.url}/control/journal`)).text();
    for (const text of [shown, JSON.stringify(app.simulator.journal.entries)]) {
      for (const secret of [code, refreshToken, tokens.access_token, access_token]) {
        expect(text).not.toContain(secret);
      }
      expect(text).not.toMatch(/canary|not-a-secret/i);
    }
    await fetch(`${app.simulator.url}/control/journal`, { method: 'DELETE' });
    expect(app.simulator.journal.entries).toEqual([]);
  });

  test('keeps the newest ten thousand', () => {
    const journal = makeJournal();
    const sample = {
      at: new Date(0),
      method: 'GET',
      query: {},
      credentialsId: null,
      status: 200,
      correlationId: '',
      clientCorrelationId: null,
      attended: false,
    };
    for (let count = 0; count < 25_000; count += 1) journal.add({ ...sample, path: String(count) });
    expect(journal.entries).toHaveLength(10_000);
    expect(journal.entries.at(0)?.path).toBe('15000');
    journal.clear();
    expect(journal.entries).toEqual([]);
  });
});
