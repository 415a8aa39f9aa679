import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { askControl, CLIENT, connectionOf, openApp, type App, type Tokens } from './app.ts';

type Body = Readonly<Record<string, any>>;

const WHOSE = { user: 'john', bank: 'ob-lloyds' };

describe('the control of a simulator', () => {
  let app: App;
  let tokens: Tokens;
  beforeEach(async () => {
    app = await openApp();
    tokens = await app.connect('ob-lloyds');
  });
  afterEach(() => app.simulator.close());

  const ask = (method: string, path: string, body?: unknown) =>
    askControl(app.simulator, method, path, body);
  const done = async (method: string, path: string, body?: unknown) => {
    const answer = await askControl(app.simulator, method, path, body);
    expect(answer).toMatchObject({ status: 200 });
    return answer.body;
  };
  const read = (path: string) => {
    app.simulator.forgetAnswers();
    return app.list(tokens.access_token, path);
  };
  const main = () => {
    const [account] = app.simulator.truth('john', 'ob-lloyds').accounts;
    return `accounts/${account?.id}`;
  };
  test('lists what it can do, and does nothing else', async () => {
    const calls = (await done('GET', '')) as unknown as { call: string }[];
    expect(calls.map(({ call }) => call)).toContain('POST /control/clock');
    expect(await done('GET', '/')).toEqual(calls);
    for (const path of ['/nothing', '/clock/now', '/consents/a/b']) {
      expect((await ask('GET', path)).status).toBe(404);
    }
    expect((await ask('PUT', '/clock')).status).toBe(404);
    expect((await fetch(`${app.simulator.url}/controls`)).status).toBe(404);
  });

  test('is not for pages in browsers', async () => {
    for (const origin of ['https://evil.example', 'null', app.simulator.url]) {
      const headers = { origin };
      const response = await fetch(`${app.simulator.url}/control/clock`, { headers });
      expect(response.status).toBe(403);
    }
  });

  test('moves the clock, stops it and lets it go on', async () => {
    expect(await done('GET', '/clock')).toEqual({ now: '2026-03-01T09:00:00.000Z', runs: true });
    const to = '2026-03-05T10:00:00+01:00';
    expect(await done('POST', '/clock', { to, bySeconds: 60 })).toMatchObject({
      now: '2026-03-05T09:01:00.000Z',
    });
    expect((await app.refresh(tokens.refresh_token ?? '')).headers.get('date')).toBe(
      'Thu, 05 Mar 2026 09:01:00 GMT',
    );
    const back = await done('POST', '/clock', { runs: false, bySeconds: -120 });
    expect(back).toEqual({ now: '2026-03-05T08:59:00.000Z', runs: false });
    await app.clock.tick(60_000);
    expect((await done('GET', '/clock'))['now']).toBe('2026-03-05T08:59:00.000Z');
    await done('POST', '/clock', { runs: true });
    await app.clock.tick(60_000);
    expect(app.simulator.clock.now()).toBe(Date.parse('2026-03-05T09:00:00Z'));
  });

  test.each([
    ['POST', '/clock', { to: 'tomorrow' }, 'to:'],
    ['POST', '/clock', { to: '2026-02-30T00:00:00Z' }, 'to:'],
    ['POST', '/clock', { to: '0001-01-01T00:00:00Z', runs: false }, 'clock'],
    ['POST', '/clock', { bySeconds: 1e300, runs: false }, 'clock'],
    ['POST', '/clock', { seconds: 1 }, 'seconds'],
    ['POST', '/clock', [], 'body:'],
    ['POST', '/faults', {}, 'path:'],
    ['POST', '/faults', { path: '(' }, 'regular expression'],
    ['POST', '/faults', { path: 'x', probability: 2 }, 'probability:'],
    ['POST', '/faults', { path: 'x', status: 99 }, 'status:'],
    ['POST', '/faults', { path: 'x', task: 'lost' }, 'task:'],
    ['PATCH', '/banks/ob-nobody', { pending: false }, 'ob-nobody'],
    ['PATCH', '/banks/ob-lloyds', { windowSeconds: -1 }, 'windowSeconds:'],
    ['PATCH', '/banks/ob-lloyds', { name: 'Mine' }, 'name'],
    ['POST', '/preset', { name: 'toString' }, 'typical'],
    ['PATCH', '/settings', { latency: 'yes' }, 'latency:'],
    ['DELETE', '/consents/nobody', undefined, 'connection'],
    ['DELETE', '/consents/%E0%A4%A', undefined, 'URI'],
    ['POST', '/transactions', { ...WHOSE, description: 'x' }, 'amount:'],
    ['POST', '/transactions', { ...WHOSE, description: 'x', amount: 'much' }, 'decimal'],
    ['POST', '/transactions', { ...WHOSE, description: '', amount: 1 }, 'description:'],
    ['POST', '/transactions', { ...WHOSE, description: 'x', amount: 1, account: 'y' }, 'main'],
    ['POST', '/transactions', { user: 'jane', bank: 'mock', description: 'x', amount: 1 }, 'jane'],
    ['PATCH', '/transactions/nothing', { ...WHOSE, amount: 1 }, 'no such transaction'],
    ['POST', '/transactions/nothing/settle', WHOSE, 'no such transaction'],
    ['DELETE', '/transactions/nothing', undefined, 'user and bank'],
    ['PATCH', '/accounts/attic', { ...WHOSE, closed: true }, 'attic'],
    ['PATCH', '/accounts/main', { ...WHOSE, colour: 'red' }, 'colour'],
    ['PATCH', '/accounts/card', { ...WHOSE, lastDigits: 'x' }, 'digits'],
    ['GET', '/truth', undefined, 'user and bank'],
    ['GET', '/truth?consent=nobody', undefined, 'nobody'],
  ])('refuses %s %s with %j', async (method, path, body, word) => {
    const before = app.simulator.clock.now();
    const answer = await ask(method, path, body);
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid' } });
    expect(answer.body['faults'].join('; ')).toContain(word);
    expect([app.simulator.clock.now(), app.simulator.clock.runs]).toEqual([before, true]);
    expect((await ask('POST', '/clock')).status).toBe(200);
  });

  test('shows an account otherwise, closes it and opens it again', async () => {
    const [before = {}, savings] = await read('accounts');
    const change = { id: 'moved', displayName: 'Plus', currency: 'gbp', withoutIban: true };
    await done('PATCH', '/accounts/main', { ...WHOSE, ...change });
    await done('PATCH', '/accounts/card', { ...WHOSE, lastDigits: '54321' });
    await done('PATCH', '/accounts/savings', { ...WHOSE, closed: true });
    const after = await read('accounts');
    const { iban, ...numbers } = before['account_number'] as Body;
    expect(iban).toMatch(/^GB/);
    expect(after[0]).toMatchObject({ account_id: 'moved', display_name: 'Plus', currency: 'gbp' });
    expect(after[0]?.['account_number']).toEqual(numbers);
    expect(after.map((one) => one['account_id'])).not.toContain(savings?.['account_id']);
    expect((await read('cards'))[0]).toMatchObject({ partial_card_number: '54321' });
    expect(await read('accounts/moved/balance')).toMatchObject([{ currency: 'GBP' }]);
    await done('PATCH', '/accounts/savings', { ...WHOSE, closed: false });
    expect(await read('accounts')).toContainEqual(
      expect.objectContaining({ account_id: savings?.['account_id'] }),
    );
  });

  test('refuses what is no JSON', async () => {
    const url = `${app.simulator.url}/control/clock`;
    expect((await fetch(url, { method: 'POST', body: '{"to":' })).status).toBe(400);
  });

  test('orders faults, shows those that are left, and takes them back', async () => {
    await done('POST', '/faults', { path: 'accounts$', bank: 'ob-lloyds', times: 2, status: 503 });
    await done('POST', '/faults', { path: 'accounts$', user: 'john7', method: 'GET', text: 'x' });
    expect((await app.call(tokens.access_token, 'accounts')).status).toBe(503);
    expect(await done('GET', '/faults')).toEqual([
      { path: 'accounts$', providerId: 'ob-lloyds', times: 2, status: 503, left: 1 },
      { path: 'accounts$', user: 'john7', method: 'GET', text: 'x', left: 1 },
    ]);
    await done('DELETE', '/faults');
    expect((await app.call(tokens.access_token, 'accounts')).status).toBe(200);
  });

  test('has faults of the same seed meet the same requests', async () => {
    const meet = async (seed: string) => {
      await done('DELETE', '/faults');
      const chance = { probability: 0.4, seed, times: 1000 };
      await done('POST', '/faults', { path: 'me$', status: 500, ...chance });
      const statuses: number[] = [];
      for (let count = 0; count < 40; count += 1) {
        statuses.push((await app.call(tokens.access_token, 'me')).status);
      }
      return statuses;
    };
    const first = await meet('one');
    const met = first.filter((status) => status === 500).length;
    expect(met).toBeGreaterThan(8);
    expect(met).toBeLessThan(24);
    expect(await meet('one')).toEqual(first);
    expect(await meet('two')).not.toEqual(first);
  });

  test('takes a consent back as its user would', async () => {
    const id = connectionOf(tokens);
    expect(await done('GET', '/consents')).toMatchObject([
      { credentialsId: id, providerId: 'ob-lloyds', user: 'john', state: 'live' },
    ]);
    await done('DELETE', `/consents/${encodeURIComponent(id)}`);
    const late = await app.call(tokens.access_token, 'accounts');
    expect(await app.refusal(late)).toBe('403 access_denied');
    expect(await done('GET', '/consents')).toMatchObject([{ state: 'revoked-by-user' }]);
  });

  test('changes the character of a bank', async () => {
    const changed = await done('PATCH', '/banks/ob-lloyds', {
      pending: false,
      timestamps: 'instant',
    });
    expect(changed).toMatchObject({ id: 'ob-lloyds', pending: false });
    const banks = (await done('GET', '/banks')) as unknown as Body[];
    expect(banks.find(({ id }) => id === 'ob-lloyds')).toEqual(changed);
    const pending = await app.call(tokens.access_token, `${main()}/transactions/pending`);
    expect(pending.status).toBe(501);
    const [row] = await read(`${main()}/transactions`);
    expect(row?.['timestamp']).toMatch(/T\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  test('gives a bank other accounts, whose rows add up as well', async () => {
    const before = app.simulator.truth('john', 'ob-lloyds').accounts;
    await done('PATCH', '/banks/ob-lloyds', { joint: true, foreignCurrencies: ['KWD'] });
    const { accounts } = app.simulator.truth('john', 'ob-lloyds');
    expect(accounts.map(({ key }) => key)).toEqual([
      ...before.map(({ key }) => key),
      'joint',
      'kwd',
    ]);
    for (const { balance, transactions } of accounts) {
      expect(transactions.length).toBeGreaterThan(100);
      const [newest] = transactions as { running_balance?: { amount: number } }[];
      expect(newest?.running_balance?.amount).toBe(balance['current']);
    }
  });

  test('switches settings', async () => {
    const now = await done('PATCH', '/settings', { rotateRefreshTokens: true });
    expect(now).toEqual({
      rotateRefreshTokens: true,
      latency: false,
      queuedMilliseconds: 500,
      clientSecret: CLIENT.secret,
    });
    const next = (await (await app.refresh(tokens.refresh_token ?? '')).json()) as Tokens;
    expect(next.refresh_token).not.toBe(tokens.refresh_token);
  });

  test('gives the client another secret, and takes the old one no more', async () => {
    const refresh = async () => {
      const answer = await app.refresh(tokens.refresh_token ?? '');
      return [answer.status, ((await answer.json()) as { error?: string }).error];
    };
    await done('PATCH', '/settings', { clientSecret: 'changed in the console' });
    expect(await refresh()).toEqual([400, 'invalid_client']);
    await done('PATCH', '/settings', { clientSecret: CLIENT.secret });
    expect(await refresh()).toEqual([200, undefined]);
  });
});
