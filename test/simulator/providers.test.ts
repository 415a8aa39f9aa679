import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openApp, type App } from './app.ts';

interface Provider {
  readonly provider_id: string;
  readonly country: string;
  readonly scopes: readonly string[];
  readonly logo_url: string;
  readonly steps?: readonly unknown[];
}

describe('the list of providers', () => {
  let app: App;
  beforeAll(async () => {
    app = await openApp();
  });
  afterAll(() => app.simulator.close());

  const find = async (query = '') => {
    const response = await fetch(`${app.simulator.authUrl}/api/providers${query}`);
    return (await response.json()) as Provider[];
  };

  test('is a bare array of at least thirty banks in the documented shape', async () => {
    const providers = await find();
    expect(providers.length).toBeGreaterThanOrEqual(30);
    expect(new Set(providers.map((provider) => provider.provider_id)).size).toBe(providers.length);
    expect(providers[0]).toEqual({
      provider_id: 'mock',
      display_name: 'Mock',
      country: 'uk',
      logo_url: `${app.simulator.url}/logos/mock.svg`,
      scopes: [
        'info',
        'accounts',
        'balance',
        'transactions',
        'offline_access',
        'cards',
        'direct_debits',
        'standing_orders',
      ],
      availability: { recommended_status: 'healthy', updated_at: '2026-03-01T00:00:00.000Z' },
    });
  });

  test('is cut by scopes, all of them', async () => {
    const both = await find('?scopes=accounts%20cards');
    expect(both.map((provider) => provider.provider_id)).toContain('ob-lloyds');
    expect(
      both.every(({ scopes }) => scopes.includes('accounts') && scopes.includes('cards')),
    ).toBe(true);
    const cardsOnly = (await find('?scopes=cards')).filter(
      ({ scopes }) => !scopes.includes('accounts'),
    );
    expect(cardsOnly.map((provider) => provider.provider_id)).toContain('ob-amex');
  });

  test('is cut by countries, any of them', async () => {
    const countries = new Set((await find('?country=de+fr')).map(({ country }) => country));
    expect([...countries].toSorted()).toEqual(['de', 'fr']);
  });

  test('is empty for a client that is not known', async () => {
    expect(await find('?clientId=somebody')).toEqual([]);
    expect(await find('?clientId=sandbox-consentry-test')).not.toEqual([]);
  });

  test('comes in the three older parts, which have no bank in common', async () => {
    const parts = await Promise.all(
      ['/oauth/openbanking', '/oauth', '/credentialssharing'].map((part) => find(part)),
    );
    const ids = parts.map((part) => part.map((provider) => provider.provider_id));
    expect(ids[0]).toContain('ob-monzo');
    expect(ids[1]).toContain('xs2a-n26-de');
    expect(ids[2]).toEqual(['mock']);
    const all = (await find()).map((provider) => provider.provider_id);
    expect(ids.flat().toSorted()).toEqual(all.toSorted());
    const [cut] = await find('/oauth?country=fr&scopes=accounts&clientId=sandbox-consentry-test');
    expect(cut?.country).toBe('fr');
    expect(await find('/oauth?clientId=somebody')).toEqual([]);
  });

  test('asks for a branch where a bank is many banks', async () => {
    const [bank] = (await find('?country=fr')).filter(({ steps }) => steps !== undefined);
    expect(bank?.provider_id).toBe('stet-credit-agricole');
    expect(bank?.steps).toMatchObject([
      { title: 'OAuthRedirect', fields: [{ id: 'branch-name' }] },
    ]);
  });

  test('has a picture for each bank', async () => {
    for (const { logo_url } of await find('?country=uk')) {
      const response = await fetch(logo_url);
      expect(response.headers.get('content-type')).toContain('image/svg+xml');
      expect(await response.text()).toContain('<svg');
    }
    expect((await fetch(`${app.simulator.url}/logos/nobody.svg`)).status).toBe(404);
  });
});
