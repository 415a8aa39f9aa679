import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openApp, type App, type Tokens } from './app.ts';

const MAIN = 'accounts/56c7b029e0f8ec5a2334fb0ffc2fface';

describe('ordered faults', () => {
  let app: App;
  beforeEach(async () => {
    app = await openApp();
  });
  afterEach(() => app.simulator.close());

  test('send half of the answer and then nothing more, or cut the line there', async () => {
    const { access_token } = await app.connect();
    app.simulator.faults.order({ path: /me$/, stall: true });
    const stop = new AbortController();
    const stalled = await fetch(`${app.simulator.apiUrl}/data/v1/me`, {
      headers: { authorization: `Bearer ${access_token}` },
      signal: stop.signal,
    });
    const reader = stalled.body?.getReader();
    const { value } = (await reader?.read()) ?? {};
    const half = new TextDecoder().decode(value);
    expect(half).toMatch(/^\{"results":\[/);
    const length = Number(stalled.headers.get('content-length'));
    expect(half.length).toBe(Math.ceil(length / 2));
    stop.abort();
    await expect(reader?.read()).rejects.toThrow('aborted');
    app.simulator.faults.order({ path: /me$/, reset: 'mid-answer' });
    const broken = app.call(access_token, 'me').then((response) => response.text());
    await expect(broken).rejects.toThrow(TypeError);
    expect(app.simulator.journal.entries.at(-1)?.status).toBe(200);
  });

  test('go on and on, with an answer that stays good', async () => {
    const { access_token } = await app.connect();
    app.simulator.faults.order({ path: /me$/, hugeBytes: 3_000_000 });
    const response = await app.call(access_token, 'me');
    const text = await response.text();
    expect(text.length).toBeGreaterThan(3_000_000);
    expect(response.headers.get('content-length')).toBe(String(text.length));
    expect(JSON.parse(text)).toMatchObject({ status: 'Succeeded' });
  });

  test('spoil the types of a true answer', async () => {
    const { access_token } = await app.connect();
    app.simulator.faults.order({ path: /./, times: 3, mistyped: true });
    const [account] = await app.list(access_token, 'accounts');
    expect(account).toMatchObject({ account_id: null, display_name: 'TRANSACTION ACCOUNT 1' });
    expect(account).not.toHaveProperty('currency');
    const [row] = await app.list(access_token, `${MAIN}/transactions`);
    expect(row?.['amount']).toMatch(/^about -?\d/);
    // What is no JSON has no types.
    expect((await fetch(app.link())).status).toBe(200);
  });

  test('swap the two kinds of 403', async () => {
    const tokens = await app.connect('ob-lloyds', { scope: 'accounts transactions' });
    const [account] = await app.list(tokens.access_token, 'accounts');
    const path = `accounts/${String(account?.['account_id'])}`;
    const old = `${path}/transactions?from=2024-01-01&to=2024-01-31`;
    await app.clock.setTime(app.clock.now() + 46 * 60_000);
    app.simulator.faults.order({ path: /./, times: 3, swapped403: true });
    const refusal = async (asked: string) =>
      app.refusal(await app.call(tokens.access_token, asked));
    expect(await refusal(`${path}/balance`)).toBe('403 sca_exceeded');
    expect(await refusal(old)).toBe('403 access_denied');
    expect((await app.call(tokens.access_token, path)).status).toBe(200);
    expect(await refusal(old)).toBe('403 sca_exceeded');
  });

  test('answer with a text, as HTML or as whatever its headers say', async () => {
    const { access_token } = await app.connect();
    app.simulator.faults.order({ path: /me$/, status: 502, text: '<h1>Bad gateway</h1>' });
    const page = await app.call(access_token, 'me');
    expect([page.status, page.headers.get('content-type'), await page.text()]).toEqual([
      502,
      'text/html; charset=utf-8',
      '<h1>Bad gateway</h1>',
    ]);
    const headers = { 'content-type': 'text/plain' };
    app.simulator.faults.order({ path: /me$/, status: 200, text: 'nothing', headers });
    const plain = await app.call(access_token, 'me');
    expect(plain.headers.get('content-type')).toBe('text/plain');
    expect(await plain.text()).toBe('nothing');
  });

  test.each([['120'], ['Sun, 01 Mar 2026 09:02:00 GMT'], [undefined]])(
    'limit with Retry-After: %s',
    async (after) => {
      const { access_token } = await app.connect();
      const headers = after === undefined ? {} : { headers: { 'Retry-After': after } };
      app.simulator.faults.order({ path: /accounts$/, status: 429, ...headers });
      const limited = await app.call(access_token, 'accounts');
      expect(limited.headers.get('retry-after')).toBe(after ?? null);
      expect(await app.refusal(limited)).toBe('429 provider_too_many_requests');
    },
  );

  test('redirect', async () => {
    const headers = { location: `${app.simulator.url}/elsewhere` };
    app.simulator.faults.order({ path: /providers$/, status: 302, headers });
    const url = `${app.simulator.authUrl}/api/providers`;
    const moved = await fetch(url, { redirect: 'manual' });
    expect([moved.status, moved.headers.get('location')]).toEqual([302, headers.location]);
  });

  test('add headers to a true answer', async () => {
    const { access_token } = await app.connect();
    const headers = { 'X-Extra': 'yes', 'content-type': 'text/plain' };
    app.simulator.faults.order({ path: /me$/, headers });
    const response = await app.call(access_token, 'me');
    expect(response.status).toBe(200);
    expect(response.headers.get('x-extra')).toBe('yes');
    expect(response.headers.get('content-type')).toBe('text/plain');
  });

  test('can be for one user alone, however they signed in, or for one method', async () => {
    const [john, iban, other] = [
      await app.connect(),
      await app.connect('mock', {}, { password: 'iban' }),
      await app.connect('mock', {}, { user: 'john7', password: 'doe7' }),
    ];
    app.simulator.faults.order({ path: /./, user: 'john', method: 'GET', times: 2, status: 500 });
    const status = async ({ access_token }: Tokens) =>
      (await app.call(access_token, 'accounts')).status;
    expect(await status(other)).toBe(200);
    expect((await app.refresh(other.refresh_token ?? '')).status).toBe(200);
    expect([await status(iban), await status(john), await status(john)]).toEqual([500, 500, 200]);
    app.simulator.faults.order({ path: /connect.token$/, method: 'PUT', status: 500 });
    expect((await app.refresh(john.refresh_token ?? '')).status).toBe(200);
  });

  test('meet by chance, the same requests for the same seed', async () => {
    const { access_token } = await app.connect();
    const meet = async (seed: string) => {
      app.simulator.faults.clear();
      const times = Infinity;
      app.simulator.faults.order({ path: /me$/, probability: 0.3, seed, times, status: 503 });
      const met: number[] = [];
      for (let count = 0; count < 50; count += 1) {
        if ((await app.call(access_token, 'me')).status === 503) met.push(count);
      }
      return met;
    };
    const first = await meet('one');
    expect(first.length).toBeGreaterThan(5);
    expect(first.length).toBeLessThan(30);
    expect(await meet('one')).toEqual(first);
    expect(await meet('two')).not.toEqual(first);
    app.simulator.faults.clear();
    app.simulator.faults.order({ path: /me$/, probability: 0, times: Infinity, status: 503 });
    expect((await app.call(access_token, 'me')).status).toBe(200);
  });
});
