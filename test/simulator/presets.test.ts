import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DAY, MINUTE } from '../../src/base/clock.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { appOf, CLIENT, openApp, type App, type Tokens } from './app.ts';

describe('the prepared worlds', () => {
  let app: App;
  beforeEach(async () => {
    app = await openApp();
  });
  afterEach(() => app.simulator.close());

  const holdingsOf = (provider: string) => {
    const { accounts, cards } = app.simulator.truth('john', provider);
    return [...accounts, ...cards];
  };

  test.each(['mock', 'ob-lloyds', 'ob-barclays', 'ob-revolut', 'ob-amex'])(
    'empty: accounts of %s without rows and with balances of zero',
    async (provider) => {
      app.simulator.apply('empty');
      for (const { balance, pending, transactions } of holdingsOf(provider)) {
        expect([balance['current'], pending, transactions]).toEqual([0, [], []]);
      }
      const { access_token } = await app.connect(provider);
      const kind = provider === 'ob-amex' ? 'cards' : 'accounts';
      expect(await app.list(access_token, kind)).not.toEqual([]);
    },
  );

  test('typical: the same as none', () => {
    const before = holdingsOf('ob-lloyds');
    app.simulator.apply('typical');
    expect(holdingsOf('ob-lloyds')).toEqual(before);
  });

  test('expiring: consents of three days, tokens of five minutes', async () => {
    app.simulator.apply('expiring');
    const { expires_in, refresh_token = '' } = await app.connect('ob-lloyds');
    expect(expires_in).toBe(300);
    await app.clock.setTime(app.clock.now() + 3 * DAY - 1);
    expect((await app.refresh(refresh_token)).status).toBe(200);
    await app.clock.setTime(app.clock.now() + 1);
    expect(await app.refusal(await app.refresh(refresh_token))).toBe('400 invalid_grant');
  });

  test('bank-down: two that answer nothing, and one every second time', async () => {
    app.simulator.apply('bank-down');
    const statusesAt = async (provider: string) => {
      const { access_token } = await app.connect(provider);
      const statuses: number[] = [];
      for (let count = 0; count < 30; count += 1) {
        statuses.push((await app.call(access_token, `accounts?t=${count}`)).status);
      }
      return statuses;
    };
    expect(new Set(await statusesAt('ob-lloyds'))).toEqual(new Set([503]));
    expect(new Set(await statusesAt('ob-monzo'))).toEqual(new Set([503]));
    expect(new Set(await statusesAt('ob-hsbc'))).toEqual(new Set([200]));
    const barclays = await statusesAt('ob-barclays');
    expect(barclays.filter((status) => status === 504).length).toBeGreaterThan(7);
    expect(barclays.filter((status) => status === 200).length).toBeGreaterThan(7);
    const providers = await fetch(`${app.simulator.authUrl}/api/providers`);
    const list = (await providers.json()) as {
      provider_id: string;
      availability: { recommended_status: string };
    }[];
    const ill = list.filter(({ availability }) => availability.recommended_status !== 'healthy');
    expect(ill.map(({ provider_id }) => provider_id)).toEqual(['ob-monzo', 'ob-lloyds']);
  });

  test('re-consent: consents of ten minutes, and other ids after a new one', async () => {
    app.simulator.apply('re-consent');
    const first = await app.connect('ob-lloyds');
    const [before] = await app.list(first.access_token, 'accounts');
    await app.clock.setTime(app.clock.now() + 10 * MINUTE);
    const late = await app.call(first.access_token, 'accounts');
    expect(await app.refusal(late)).toBe('403 access_denied');
    const second = await app.connect('ob-lloyds');
    const [after] = await app.list(second.access_token, 'accounts');
    expect(after?.['account_id']).not.toBe(before?.['account_id']);
    expect(after?.['account_number']).toEqual(before?.['account_number']);
  });

  test('busy: five times as much, and a joint account everywhere', () => {
    const purchases = () =>
      holdingsOf('ob-lloyds').flatMap(({ transactions }) =>
        transactions.filter((row) => row['transaction_category'] === 'PURCHASE'),
      ).length;
    const before = purchases();
    app.simulator.apply('busy');
    expect(purchases()).toBeGreaterThan(3 * before);
    expect(holdingsOf('xs2a-erste-at').map(({ key }) => key)).toContain('joint');
  });

  test.each(['typical', 'busy'] as const)('%s: nobody spends what is not there', (preset) => {
    app.simulator.apply(preset);
    const overdrawn = Array.from({ length: 6 }, (_, index) => `user${index + 1}`).flatMap(
      (user) => {
        const { accounts, cards } = app.simulator.truth(user, 'ob-hsbc');
        const left = [...accounts, ...cards].flatMap(({ balance, transactions }) =>
          transactions.map((row) => {
            const { amount = 0 } = row['running_balance'] as { amount?: number };
            const limit = balance['credit_limit'];
            return typeof limit === 'number'
              ? limit - amount
              : amount + Number(balance['overdraft']);
          }),
        );
        return left.filter((amount) => amount < 0);
      },
    );
    expect(overdrawn).toEqual([]);
  });

  test('can be there from the start', async () => {
    const { clock } = app;
    const simulator = await startSimulator({
      clock,
      seed: 'simulator tests',
      client: CLIENT,
      preset: 'expiring',
    });
    const tokens: Tokens = await appOf(simulator).connect('ob-lloyds');
    expect(tokens.expires_in).toBe(300);
    await simulator.close();
  });
});
