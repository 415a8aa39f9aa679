import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeJournal } from '../../src/simulator/journal.ts';
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
