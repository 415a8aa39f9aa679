import { expect, test } from 'vitest';
import { fillPath, type Walk } from './contract-walk.ts';

/** The walk over what the Data API answers at once. */
export function walkDataApi(walk: () => Walk): void {
  test('/me tells what a consent is', async () => {
    const { access_token: token } = await walk().connect();
    expect(await walk().list(token, 'me')).toHaveLength(1);
  });

  test('/info tells the holder of the accounts', async () => {
    const { access_token: token } = await walk().connect();
    expect(await walk().list(token, 'info')).toHaveLength(1);
  });

  test.each(['mock', 'ob-lloyds'])('/accounts and all below it, at %s', async (provider) => {
    const { access_token: token } = await walk().connect(provider);
    const accounts = await walk().list(token, 'accounts');
    expect(accounts.length).toBeGreaterThan(0);
    for (const { account_id: id } of accounts) {
      expect(await walk().list(token, `accounts/${id}`)).toMatchObject([{ account_id: id }]);
      expect(await walk().list(token, `accounts/${id}/balance`)).toHaveLength(1);
      const rows = `accounts/${id}/transactions?from=${walk().day(700)}&to=${walk().day()}`;
      expect(await walk().list(token, rows)).not.toEqual([]);
      await walk().list(token, `accounts/${id}/transactions`);
      await walk().list(token, `accounts/${id}/transactions/pending`);
    }
  });

  test.each(['mock', 'ob-amex'])('/cards and all below it, at %s', async (provider) => {
    const { access_token: token } = await walk().connect(provider);
    const cards = await walk().list(token, 'cards');
    expect(cards.length).toBeGreaterThan(0);
    for (const { account_id: id } of cards) {
      expect(await walk().list(token, `cards/${id}`)).toMatchObject([{ account_id: id }]);
      expect(await walk().list(token, `cards/${id}/balance`)).toHaveLength(1);
      const rows = `cards/${id}/transactions?from=${walk().day(700)}&to=${walk().day()}`;
      expect(await walk().list(token, rows)).not.toEqual([]);
      await walk().list(token, `cards/${id}/transactions`);
      await walk().list(token, `cards/${id}/transactions/pending`);
    }
  });

  test.each(['standing_orders', 'direct_debits'])('/%s of an account', async (part) => {
    const { access_token: token } = await walk().connect('ob-lloyds');
    const accounts = await walk().list(token, 'accounts');
    const rows = [];
    for (const { account_id: id } of accounts) {
      rows.push(...(await walk().list(token, `accounts/${id}/${part}`)));
    }
    expect(rows).not.toEqual([]);
  });

  test('every bank of the list answers in the documented shapes, or with 501', async () => {
    const providers = await walk().ask(200, 'GET', '/api/providers');
    expect(providers['length']).toBeGreaterThan(30);
    for (const { provider_id: provider, scopes } of providers as unknown as ProviderRow[]) {
      const { access_token: token } = await walk().connect(provider);
      const read = async (scope: string, path: string) => {
        if (scopes.includes(scope)) return walk().list(token, path);
        await walk().ask(501, 'GET', `/data/v1/${path}`, { token });
        return [];
      };
      await read('info', 'info');
      for (const kind of ['accounts', 'cards']) {
        for (const { account_id: id } of await read(kind, kind)) {
          await read('balance', `${kind}/${id}/balance`);
          await read('transactions', `${kind}/${id}/transactions`);
          if (kind === 'cards') continue;
          await read('standing_orders', `accounts/${id}/standing_orders`);
          await read('direct_debits', `accounts/${id}/direct_debits`);
        }
      }
    }
  });

  test('packs what is large, and tells nothing of who asked', async () => {
    const { access_token: token } = await walk().connect();
    const path = await fillPath(walk(), '/data/v1/accounts/{account_id}/transactions', token);
    const query = `?from=${walk().day(2000)}&to=${walk().day()}`;
    const headers = { 'accept-encoding': 'gzip', 'x-client-correlation-id': 'of-my-own' };
    const asked = `${path.slice('/data/v1/'.length)}${query}`;
    const { headers: answered } = await walk().app.call(token, asked, headers);
    expect(answered.get('content-encoding')).toBe('gzip');
    expect(answered.get('cache-control')).toMatch(/max-age=\d+/);
    expect(JSON.stringify(Object.fromEntries(answered))).not.toContain('of-my-own');
    const plainly = await walk().app.call(token, asked, { 'accept-encoding': 'identity' });
    expect(plainly.headers.get('content-encoding')).toBeNull();
  });
}

interface ProviderRow {
  readonly provider_id: string;
  readonly scopes: readonly string[];
}
