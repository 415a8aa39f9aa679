import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openApp, type App } from './app.ts';

describe('ordered faults', () => {
  let app: App;
  beforeEach(async () => {
    app = await openApp();
  });
  afterEach(() => app.simulator.close());

  test('meet as many requests as ordered, the first match first', async () => {
    const { access_token } = await app.connect();
    app.simulator.faults.order({ path: /\/accounts$/, times: 2, status: 503 });
    app.simulator.faults.order({ path: /./, status: 429, headers: { 'retry-after': '7' } });
    const refusals = [];
    for (let count = 0; count < 2; count += 1) {
      refusals.push(await app.refusal(await app.call(access_token, 'accounts')));
    }
    expect(refusals).toEqual(['503 provider_error', '503 provider_error']);
    const limited = await app.call(access_token, 'accounts');
    expect(limited.headers.get('retry-after')).toBe('7');
    expect(await app.refusal(limited)).toBe('429 provider_too_many_requests');
    expect((await app.call(access_token, 'accounts')).status).toBe(200);
  });

  test('can be for one bank alone, at the token endpoint too', async () => {
    const [monzo, mock] = [await app.connect('ob-monzo'), await app.connect()];
    app.simulator.faults.order({ path: /./, providerId: 'ob-monzo', times: 2, status: 500 });
    expect((await app.call(mock.access_token, 'accounts')).status).toBe(200);
    expect((await app.refresh(mock.refresh_token ?? '')).status).toBe(200);
    expect((await app.call(monzo.access_token, 'accounts')).status).toBe(500);
    expect((await app.refresh(monzo.refresh_token ?? '')).status).toBe(500);
  });

  test('answer with a body of one’s own, or with JSON that breaks off', async () => {
    const { access_token } = await app.connect();
    app.simulator.faults.order({
      path: /me$/,
      status: 400,
      body: { error: 'deprecated_provider' },
    });
    app.simulator.faults.order({ path: /me$/, malformed: true });
    expect(await app.refusal(await app.call(access_token, 'me'))).toBe('400 deprecated_provider');
    await expect((await app.call(access_token, 'me')).json()).rejects.toThrow(SyntaxError);
  });

  test('cut the line without any effect', async () => {
    const code = await app.allow();
    app.simulator.faults.order({ path: /connect\/token/, reset: true });
    await expect(app.exchange(code)).rejects.toThrow('fetch failed');
    expect((await app.exchange(code)).status).toBe(200);
    expect(app.simulator.journal.entries.map(({ status }) => status).slice(-2)).toEqual([0, 200]);
  });

  test('delay, and a close does not wait for them', async () => {
    const { access_token } = await app.connect();
    app.simulator.faults.order({ path: /me$/, delayMilliseconds: 30 });
    expect((await app.call(access_token, 'me')).status).toBe(200);
    app.simulator.faults.order({ path: /me$/, delayMilliseconds: 60_000 });
    const waiting = expect(app.call(access_token, 'me')).rejects.toThrow('fetch failed');
    await new Promise((resolve) => setImmediate(resolve));
    await app.simulator.close();
    await waiting;
  });

  test('are forgotten when cleared', async () => {
    const { access_token } = await app.connect();
    app.simulator.faults.order({ path: /./, times: 100, status: 500 });
    app.simulator.faults.clear();
    expect((await app.call(access_token, 'me')).status).toBe(200);
  });
});
