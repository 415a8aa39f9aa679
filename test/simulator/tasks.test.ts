import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HOUR, MINUTE, SECOND } from '../../src/base/clock.ts';
import { openApp, type App, type Tokens } from './app.ts';

type Body = Readonly<Record<string, any>>;

describe('a task of the Data API', () => {
  let app: App;
  let tokens: Tokens;
  beforeEach(async () => {
    app = await openApp();
    tokens = await app.connect('ob-lloyds');
  });
  afterEach(() => app.simulator.close());

  const start = async (path: string, accessToken = tokens.access_token): Promise<Body> => {
    const response = await app.call(accessToken, path);
    expect(response.status).toBe(202);
    return (await response.json()) as Body;
  };
  const poll = async (uri: string, accessToken = tokens.access_token) => {
    const response = await fetch(uri, { headers: { authorization: `Bearer ${accessToken}` } });
    return { status: response.status, body: (await response.json()) as Body };
  };
  const mainOf = (provider: string) => {
    const [main] = app.simulator.truth('john', provider).accounts;
    return `accounts/${main?.id}`;
  };
  const shown = ['from=2026-02-01&to=2026-02-28', 'async=true'].join('&');

  test('is queued, runs and succeeds with the answer of its call', async () => {
    const path = `${mainOf('ob-lloyds')}/transactions`;
    const queued = await start(`${path}?${shown}`);
    expect(queued).toEqual({
      results_uri: `${app.simulator.apiUrl}/data/v1/results/${queued['task_id']}`,
      status: 'Queued',
      task_id: expect.stringMatching(/^[\da-f-]{36}$/),
    });
    const uri = queued['results_uri'];
    expect(await poll(uri)).toEqual({ status: 200, body: queued });
    await app.clock.tick(500);
    expect((await poll(uri)).body).toEqual({ ...queued, status: 'Running' });
    await app.clock.tick(180);
    const done = await poll(uri);
    const direct = await app.list(tokens.access_token, `${path}?from=2026-02-01&to=2026-02-28`);
    expect(done).toEqual({ status: 200, body: { results: direct, status: 'Succeeded' } });
    expect(direct.length).toBeGreaterThan(20);
  });

  test('waits as long as it is set to', async () => {
    app.simulator.settings.queuedMilliseconds = 10 * SECOND;
    const { results_uri: uri } = await start('accounts?async=true');
    await app.clock.tick(10 * SECOND - 1);
    expect((await poll(uri)).body['status']).toBe('Queued');
    await app.clock.tick(1);
    expect((await poll(uri)).body['status']).toBe('Running');
  });

  test('knows what was true when it was started', async () => {
    const path = `${mainOf('ob-lloyds')}/balance`;
    const { results_uri: uri } = await start(`${path}?async=true`);
    const [direct] = await app.list(tokens.access_token, path);
    const whose = { user: 'john', providerId: 'ob-lloyds' };
    app.simulator.hand.add(whose, { amount: '-10', description: 'AFTERWARDS' });
    await app.clock.tick(MINUTE);
    expect((await poll(uri)).body['results']).toEqual([direct]);
  });

  test('fails with the refusal of its bank', async () => {
    await app.clock.setTime(app.clock.now() + 46 * MINUTE);
    const old = 'from=2024-01-01&to=2024-02-01&async=true';
    const { results_uri: uri, task_id: task } = await start(
      `${mainOf('ob-lloyds')}/transactions?${old}`,
    );
    await app.clock.tick(SECOND);
    expect(await poll(uri)).toMatchObject({
      status: 200,
      body: { status: 'Failed', error: 'sca_exceeded', task_id: task },
    });
    app.simulator.adjust('ob-lloyds', { healthy: false });
    const { results_uri: down } = await start('cards?async=true');
    await app.clock.tick(SECOND);
    expect((await poll(down)).body).toMatchObject({ status: 'Failed', error: 'provider_error' });
  });

  test('counts as a call without the user', async () => {
    await app.clock.setTime(app.clock.now() + 46 * MINUTE);
    const uris: string[] = [];
    for (let time = 0; time < 5; time += 1) {
      uris.push((await start('accounts?async=true'))['results_uri']);
    }
    await app.clock.tick(SECOND);
    const bodies = await Promise.all(uris.map((uri) => poll(uri)));
    expect(bodies.map(({ body }) => body['error'])).toEqual([
      ...Array(4).fill(undefined),
      'provider_request_limit_exceeded',
    ]);
  });

  test.each([
    ['from=yesterday&to=today', '400 validation_error'],
    ['t=1', '404 account_not_found'],
  ])('is not begun for what is wrong at first sight: %s', async (query, refusal) => {
    const id = refusal.startsWith('404') ? 'accounts/f123' : mainOf('ob-lloyds');
    const response = await app.call(tokens.access_token, `${id}/transactions?${query}&async=true`);
    expect(await app.refusal(response)).toBe(refusal);
  });

  test('is forgotten an hour after its end', async () => {
    const { results_uri: uri } = await start('accounts?async=true');
    await app.clock.tick(HOUR + 679);
    tokens = (await (await app.refresh(tokens.refresh_token ?? '')).json()) as Tokens;
    expect((await poll(uri)).status).toBe(200);
    await app.clock.tick(1);
    expect(await poll(uri)).toMatchObject({ status: 404, body: { error: 'not_found' } });
  });

  test('is nobody else’s', async () => {
    const { results_uri: uri } = await start('accounts?async=true');
    const other = await app.connect('ob-lloyds');
    expect((await poll(uri, other.access_token)).status).toBe(404);
    expect((await poll(uri, 'nonsense')).status).toBe(401);
    const renewed = (await (await app.refresh(tokens.refresh_token ?? '')).json()) as Tokens;
    expect((await poll(uri, renewed.access_token)).status).toBe(200);
  });

  test('is none at banks that ignore the wish, and for /me and /info', async () => {
    const { access_token } = await app.connect('ob-nationwide');
    expect((await app.call(access_token, 'accounts?async=true')).status).toBe(200);
    expect((await app.call(tokens.access_token, 'me?async=true')).status).toBe(200);
    expect((await app.call(tokens.access_token, 'info?async=true')).status).toBe(200);
  });

  test('fails, stays or is lost as ordered', async () => {
    const order = (task: 'failed' | 'stuck' | 'expired') =>
      app.simulator.faults.order({ path: /accounts$/, task });
    order('failed');
    order('stuck');
    order('expired');
    // Only tasks meet such faults.
    expect((await app.call(tokens.access_token, 'accounts')).status).toBe(200);
    const uris: string[] = [];
    for (let time = 0; time < 3; time += 1) {
      uris.push((await start('accounts?async=true'))['results_uri']);
    }
    expect((await poll(uris[2] ?? '')).body['status']).toBe('Queued');
    await app.clock.tick(50 * MINUTE);
    const ends = await Promise.all(uris.map((uri) => poll(uri)));
    expect(ends.map(({ body, status }) => `${status} ${body['status'] ?? body['error']}`)).toEqual([
      '200 Failed',
      '200 Running',
      '404 not_found',
    ]);
  });

  test('of the batch gathers all accounts and cards, or those that are asked for', async () => {
    const batch = async (body: object) => {
      const response = await fetch(`${app.simulator.apiUrl}/data/v1/batch/transactions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${tokens.access_token}` },
        body: JSON.stringify({ from: '2026-02-01', to: '2026-02-28', ...body }),
      });
      if (response.status !== 202) return { error: await app.refusal(response) };
      const { results_uri: uri } = (await response.json()) as Body;
      expect(uri).toContain('/data/v1/batch/results/');
      await app.clock.tick(SECOND);
      return (await poll(uri)).body;
    };
    const { accounts, cards } = app.simulator.truth('john', 'ob-lloyds');
    const all: Body = await batch({ balance: true, pending: true });
    expect(all['results'].accounts.map((one: Body) => one['account_id'])).toEqual(
      accounts.map(({ id }) => id),
    );
    expect(all['results'].cards).toHaveLength(cards.length);
    const february = accounts[0]?.transactions.filter(({ timestamp }) =>
      String(timestamp).startsWith('2026-02'),
    );
    expect(all['results'].accounts[0].transactions).toEqual(february);
    expect(all['results'].accounts[0].balance).toMatchObject({ currency: 'GBP' });
    const one: Body = await batch({ account_ids_whitelist: [accounts[1]?.id] });
    expect(one['results'].accounts).toHaveLength(1);
    expect(one['results'].accounts[0]).not.toHaveProperty('balance');
    expect(one['results'].cards).toEqual([]);
    expect(await batch({ from: 'x' })).toEqual({ error: '400 validation_error' });
    expect(await batch({ to: '2026-05-01' })).toMatchObject({ error: 'invalid_date_range' });
  });
});
