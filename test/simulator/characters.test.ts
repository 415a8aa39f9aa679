import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { MINUTE } from '../../src/base/clock.ts';
import { BANKS } from '../../src/simulator/banks/banks.ts';
import { openApp, SCOPES, type App } from './app.ts';
import { exactMinor } from './exact.ts';

const START = new Date('2026-03-01T09:00:00Z');
const ALL = { scope: `${SCOPES} direct_debits standing_orders` };

type Row = Readonly<Record<string, unknown>>;

describe('the characters of banks', () => {
  let app: App;
  beforeAll(async () => {
    app = await openApp();
    // Half a year tells as much of a character as six, in a twelfth of the time.
    for (const { id } of BANKS) app.simulator.adjust(id, { maxHistoryMonths: 6 });
  });
  afterEach(() => app.clock.setTime(START));
  afterAll(() => app.simulator.close());

  const mainOf = (provider: string) => {
    const [main] = app.simulator.truth('john', provider).accounts;
    return `accounts/${main?.id}`;
  };
  const truthOf = (provider: string) => {
    const { accounts, cards } = app.simulator.truth('john', provider);
    return [...accounts, ...cards];
  };

  test.each([
    ['ob-revolut', 5, 'accounts'],
    ['ob-lloyds', 45, 'direct_debits'],
    ['ob-lloyds', 45, 'standing_orders'],
    ['ob-bos', 45, 'direct_debits'],
    ['ob-halifax', 5, 'standing_orders'],
    ['xs2a-n26-de', 15, 'info'],
  ])('%s tells for %i minutes only: %s', async (provider, minutes, part) => {
    const { access_token } = await app.connect(provider, ALL);
    const path = part.includes('_') ? `${mainOf(provider)}/${part}` : part;
    await app.clock.setTime(START.getTime() + minutes * MINUTE);
    expect(await app.list(access_token, path)).not.toEqual([]);
    await app.clock.setTime(START.getTime() + minutes * MINUTE + 1);
    app.simulator.forgetAnswers();
    const late = await app.call(access_token, path, { 'x-psu-ip': '192.0.2.1' });
    expect(await late.json()).toMatchObject({
      error: 'sca_exceeded',
      error_details: {
        provider_details: expect.stringContaining(`within ${minutes} minutes`),
      },
    });
    expect(late.status).toBe(403);
    expect((await app.call(access_token, `${mainOf(provider)}/balance`)).status).toBe(200);
    expect((await app.call(access_token, mainOf(provider))).status).toBe(200);
  });

  test.each(['xs2a-boi', 'xs2a-sparkasse', 'ob-quirky'])(
    '%s gives accounts other ids with each consent, and the same numbers',
    async (provider) => {
      const [first, second] = [await app.connect(provider), await app.connect(provider)];
      const before = await app.list(first.access_token, 'accounts');
      const after = await app.list(second.access_token, 'accounts');
      const idsBefore = before.map((account) => account['account_id']);
      const idsAfter = after.map((account) => account['account_id']);
      expect(new Set([...idsBefore, ...idsAfter]).size).toBe(2 * before.length);
      expect(after.map((account) => account['account_number'])).toEqual(
        before.map((account) => account['account_number']),
      );
      const old = await app.call(second.access_token, `accounts/${String(idsBefore[0])}/balance`);
      expect(await app.refusal(old)).toBe('404 account_not_found');
      expect(await app.list(first.access_token, `accounts/${String(idsBefore[0])}`)).toEqual([
        before[0],
      ]);
    },
  );

  test.each(['ob-starling', 'ob-quirky'])(
    '%s changes the id of a transaction from call to call, but not the normalised one',
    async (provider) => {
      const { access_token } = await app.connect(provider);
      const [account] = await app.list(access_token, 'accounts');
      const path = `accounts/${String(account?.['account_id'])}/transactions`;
      const first = await app.list(access_token, path);
      const again = await app.list(access_token, `${path}?t=1`);
      const of = (rows: readonly Row[], name: string) => rows.map((row) => row[name]);
      const ids = [...of(first, 'transaction_id'), ...of(again, 'transaction_id')];
      expect(new Set(ids).size).toBe(2 * first.length);
      const lasting = 'normalised_provider_transaction_id';
      expect(new Set(of(first, lasting)).size).toBe(first.length);
      expect(of(again, lasting)).toEqual(of(first, lasting));
      expect(of(again, 'provider_transaction_id')).toEqual(of(first, 'provider_transaction_id'));
      // Cached, so the same answer.
      expect(await app.list(access_token, path)).toEqual(first);
    },
  );

  test('rows have normalised ids where their bank has them', () => {
    for (const { id, normalisedIds, providerIds } of BANKS) {
      const rows = truthOf(id).flatMap(({ transactions }) => transactions.slice(0, 20));
      const has = (name: string) => rows.some((row) => name in row);
      expect([id, has('normalised_provider_transaction_id')]).toEqual([id, normalisedIds]);
      expect([id, has('provider_transaction_id')]).toEqual([id, providerIds]);
    }
  });

  test('settled rows have another id, and at filling stations another amount', async () => {
    const holds: Row[] = [];
    for (let day = 1; day <= 90; day += 1) {
      await app.clock.setTime(Date.UTC(2025, 10, day, 23));
      holds.push(
        ...truthOf('ob-lloyds').flatMap(({ pending }) =>
          pending.filter(({ amount }) => Math.abs(Number(amount)) === 99),
        ),
      );
    }
    await app.clock.setTime(START);
    const booked = truthOf('ob-lloyds').flatMap(({ transactions }) => transactions);
    const pumps = booked.filter(({ description }) =>
      holds.some((hold) => hold['description'] === description),
    );
    expect(holds.length).toBeGreaterThan(0);
    expect(pumps.length).toBeGreaterThan(0);
    expect(pumps.every(({ amount }) => Math.abs(Number(amount)) < 99)).toBe(true);
    const ids = new Set(booked.map((row) => row['transaction_id']));
    expect(holds.some((hold) => ids.has(hold['transaction_id']))).toBe(false);
  });

  test('amounts are JSON numbers with the digits of their currency and no more', async () => {
    const { access_token } = await app.connect('ob-revolut');
    const digits = new Map<string, number>();
    for (const { id } of app.simulator.truth('john', 'ob-revolut').accounts) {
      const response = await app.call(access_token, `accounts/${id}/transactions`);
      const text = await response.text();
      const { results } = JSON.parse(text) as { results: Row[] };
      for (const { amount, currency } of results) exactMinor(amount, currency);
      const amounts = [...text.matchAll(/"amount":-?\d+(?:\.(\d+))?[,}]/g)];
      expect(amounts.length).toBeGreaterThanOrEqual(results.length);
      const longest = Math.max(...amounts.map(([, fraction]) => fraction?.length ?? 0));
      const currency = String(results[0]?.['currency']);
      digits.set(currency, Math.max(longest, digits.get(currency) ?? 0));
    }
    expect(Object.fromEntries(digits)).toEqual({ GBP: 2, EUR: 2, JPY: 0, KWD: 3 });
  });

  test('both holders of a joint account see it alike, and are both named', async () => {
    const [john, other] = [
      await app.connect('ob-barclays'),
      await app.connect('ob-barclays', {}, { user: 'john1', password: 'doe1' }),
    ];
    const jointOf = (user: string) =>
      app.simulator.truth(user, 'ob-barclays').accounts.find(({ key }) => key === 'joint');
    expect(jointOf('john1')).toEqual(jointOf('john'));
    expect(jointOf('john2')?.id).not.toBe(jointOf('john')?.id);
    const path = `accounts/${jointOf('john')?.id}/transactions?from=2024-01-01&to=2026-03-01`;
    const rows = await app.list(john.access_token, path);
    expect(rows.length).toBeGreaterThan(50);
    expect(await app.list(other.access_token, path)).toEqual(rows);
    const names = await app.list(john.access_token, 'info');
    expect(names.map((name) => name['full_name'])).toEqual(['John Doe', 'Alex Doe']);
    const plan = { accounts: ['Easy Saver'] };
    const alone = await app.connect('ob-barclays', {}, plan);
    expect(await app.list(alone.access_token, 'info')).toHaveLength(1);
  });

  test('access tokens live as long as their bank lets them', async () => {
    for (const [provider, seconds] of [
      ['mock', 3600],
      ['ob-barclays', 1500],
      ['ob-quirky', 300],
    ] as const) {
      await app.clock.setTime(START);
      const { access_token, expires_in } = await app.connect(provider);
      expect(expires_in).toBe(seconds);
      await app.clock.setTime(START.getTime() + seconds * 1000 - 1000);
      expect((await app.call(access_token, 'me')).status).toBe(200);
      await app.clock.setTime(START.getTime() + seconds * 1000);
      const late = await app.call(access_token, 'me');
      expect(await app.refusal(late)).toBe('401 invalid_token');
    }
  });
});
