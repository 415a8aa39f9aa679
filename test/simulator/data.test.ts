import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { addDays, parseDay } from '../../src/base/days.ts';
import { openApp, type App, type Tokens } from './app.ts';

const START = new Date('2026-03-01T09:00:00Z');
const TODAY = parseDay('2026-03-01');
const MAIN = 'accounts/56c7b029e0f8ec5a2334fb0ffc2fface';
const CARD = 'cards/2cbf9b6063102763ccbe3ea62f1b3e72';

interface Row {
  readonly timestamp: string;
}

describe('the Data API', () => {
  let app: App;
  let mock: Tokens;
  beforeAll(async () => {
    app = await openApp();
    mock = await app.connect();
  });
  afterEach(() => app.clock.setTime(START));
  afterAll(() => app.simulator.close());

  test('shows the accounts and cards of john at the mock bank as they are known', async () => {
    const accounts = await app.list(mock.access_token, 'accounts');
    expect(accounts.map((account) => [account['account_id'], account['display_name']])).toEqual([
      ['56c7b029e0f8ec5a2334fb0ffc2fface', 'TRANSACTION ACCOUNT 1'],
      ['3c6edb9484ecd581dc1cedde8bedb1f1', 'SAVINGS ACCOUNT 1'],
      ['89c3139784a055b9b47998f9dce9122e', 'TRANSACTION ACCOUNT 2'],
      ['328df3a40b828340fa4c3100e17de121', 'SAVINGS ACCOUNT 2'],
      ['8de2de9eab01b935b21abcbed11adf26', 'TRANSACTION ACCOUNT 3'],
    ]);
    expect(accounts[0]).toMatchObject({
      account_type: 'TRANSACTION',
      account_number: {
        iban: 'GB08CLRB04066800003435',
        swift_bic: 'CPBKGB00',
        number: '10000000',
        sort_code: '01-21-31',
      },
      provider: { display_name: 'MOCK', provider_id: 'mock' },
    });
    const cards = await app.list(mock.access_token, 'cards');
    expect(cards).toMatchObject([
      {
        account_id: '2cbf9b6063102763ccbe3ea62f1b3e72',
        card_network: 'MASTERCARD',
        name_on_card: 'John Doe ',
        partial_card_number: '1000',
      },
      {
        account_id: '328f557c68aebd532cbbd05ce5bcb6c8',
        card_network: 'VISA',
        partial_card_number: '2000',
      },
    ]);
  });

  test('gives the iban users a valid IBAN for each account', async () => {
    const { access_token } = await app.connect('mock', {}, { password: 'iban' });
    const accounts = await app.list<{ account_number: { iban: string } }>(access_token, 'accounts');
    const ibans = accounts.map(({ account_number }) => account_number.iban);
    expect(new Set(ibans).size).toBe(5);
    expect(ibans.map(remainder97)).toEqual([1, 1, 1, 1, 1]);
  });

  test('knows who it is and what was allowed', async () => {
    const [me] = await app.list(mock.access_token, 'me');
    expect(me).toMatchObject({
      client_id: 'sandbox-consentry-test',
      consent_created_at: START.toISOString(),
      consent_expires_at: '2026-05-30T09:00:00.000Z',
      provider: { provider_id: 'mock' },
    });
    const [info] = await app.list(mock.access_token, 'info');
    expect(info).toMatchObject({ full_name: 'John Doe' });
  });

  test('answers with the headers of the service', async () => {
    const response = await app.call(mock.access_token, 'me');
    expect(response.headers.get('x-credentials-id')).toMatch(/=$/);
    expect(response.headers.get('x-tl-correlation-id')).toBeTruthy();
    expect(response.headers.get('date')).toBe('Sun, 01 Mar 2026 09:00:00 GMT');
  });

  test('reads from and to as the real service does', async () => {
    const rows = (query: string) =>
      app.list<Row>(mock.access_token, `${MAIN}/transactions${query}`);
    const usual = await rows('');
    expect(usual.at(-1)?.timestamp.slice(0, 10).localeCompare('2025-11-30')).toBeGreaterThanOrEqual(
      0,
    );
    expect(await rows('?from=2026-02-20')).toEqual(usual);
    const day = await rows('?from=2026-02-20&to=2026-02-21');
    expect(await rows('?from=2026-02-20T00:00:00Z&to=2026-02-21T10:00:00%2B01:00')).toEqual(day);
  });

  test.each([
    ['from=2026-02-30&to=2026-03-01', '400 validation_error'],
    ['from=yesterday&to=today', '400 validation_error'],
    ['from=2026-02-01T25:00:00Z&to=2026-03-01', '400 validation_error'],
    ['from=&to=2026-03-01', '400 validation_error'],
    ['from=2026-03-01&to=2026-02-28', '400 invalid_date_range'],
    ['from=2026-02-01&to=2026-03-02', '400 invalid_date_range'],
  ])('refuses %s with %s', async (query, refusal) => {
    const response = await app.call(mock.access_token, `${MAIN}/transactions?${query}`);
    expect(await app.refusal(response)).toBe(refusal);
  });

  test.each([
    ['ob-monzo', 5, 88, 2000, '403 access_denied'],
    ['ob-lloyds', 45, 90, 2000, '403 sca_exceeded'],
    ['ob-halifax', 5, 90, 729, '400 invalid_date_range'],
  ])(
    '%s gives old rows for %i minutes, later only %i days',
    async (provider, minutes, days, old, refusal) => {
      const { access_token } = await app.connect(provider);
      const [account] = await app.list(access_token, 'accounts');
      const path = `accounts/${String(account?.['account_id'])}/transactions`;
      const ask = (back: number) =>
        app.call(access_token, `${path}?from=${addDays(TODAY, -back)}&to=${TODAY}`);
      await app.clock.setTime(START.getTime() + minutes * 60_000);
      expect((await ask(old)).status).toBe(200);
      await app.clock.setTime(START.getTime() + minutes * 60_000 + 1);
      expect(await app.refusal(await ask(days + 1))).toBe(refusal);
      expect((await ask(days)).status).toBe(200);
    },
  );

  test.each([
    ['ob-halifax', 730],
    ['ob-quirky', 190],
  ])('%s refuses any range of %i days, also within its window', async (provider, days) => {
    const { access_token } = await app.connect(provider);
    const [account] = await app.list(access_token, 'accounts');
    const path = `accounts/${String(account?.['account_id'])}/transactions`;
    const ask = (from: number, to: number) =>
      app.call(access_token, `${path}?from=${addDays(TODAY, -from)}&to=${addDays(TODAY, -to)}`);
    expect((await ask(days - 1, 0)).status).toBe(200);
    expect(await app.refusal(await ask(days, 0))).toBe('400 invalid_date_range');
    expect((await ask(days + 500, 501)).status).toBe(200);
    expect(await app.refusal(await ask(days + 500, 500))).toBe('400 invalid_date_range');
  });

  test('answers 501 where a bank lacks accounts, cards, names or pending rows', async () => {
    const refusal = async (provider: string, path: string) => {
      const { access_token } = await app.connect(provider);
      return app.refusal(await app.call(access_token, path));
    };
    expect(await refusal('ob-amex', 'accounts')).toBe('501 endpoint_not_supported');
    expect(await refusal('ob-monzo', 'cards')).toBe('501 endpoint_not_supported');
    expect(await refusal('ob-danske', 'info')).toBe('501 endpoint_not_supported');
    const [account] = app.simulator.truth('john', 'ob-nationwide').accounts;
    const pending = `accounts/${account?.id}/transactions/pending`;
    expect(await refusal('ob-nationwide', pending)).toBe('501 endpoint_not_supported');
  });

  test('opens only what the scopes open', async () => {
    const { access_token } = await app.connect('mock', { scope: 'accounts' });
    const status = async (path: string) => (await app.call(access_token, path)).status;
    expect(await status('me')).toBe(200);
    expect(await status(MAIN)).toBe(200);
    for (const path of ['info', 'cards', `${MAIN}/balance`, `${MAIN}/transactions`]) {
      expect(await app.refusal(await app.call(access_token, path))).toBe('403 access_denied');
    }
  });

  test('refuses what is no token', async () => {
    expect(await app.refusal(await app.call('nonsense', 'me'))).toBe('401 unauthorized');
    const bare = await fetch(`${app.simulator.apiUrl}/data/v1/me`);
    expect(await app.refusal(bare)).toBe('401 unauthorized');
  });

  test('fails every call of an error user with that error', async () => {
    const plan = { user: 'error.account_temporarily_locked', password: 'error' };
    const { access_token } = await app.connect('mock', {}, plan);
    const response = await app.call(access_token, 'accounts');
    expect(await app.refusal(response)).toBe('403 account_temporarily_locked');
    const batch = await fetch(`${app.simulator.apiUrl}/data/v1/batch/transactions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${access_token}` },
      body: JSON.stringify({ from: '2026-02-01', to: '2026-02-02' }),
    });
    expect(await app.refusal(batch)).toBe('403 account_temporarily_locked');
  });

  test('a card owes what is positive, and has the rest of its limit', async () => {
    const [balance] = await app.list<Record<string, number>>(mock.access_token, `${CARD}/balance`);
    expect(balance?.['current']).toBeGreaterThan(0);
    expect(pence(balance?.['available'])).toBe(
      pence(balance?.['credit_limit']) - pence(balance?.['current']),
    );
    expect(balance?.['last_statement_date']).toBe('2026-02-10');
  });
});

function pence(amount: unknown): number {
  return Math.round(Number(amount ?? 0) * 100);
}

function remainder97(iban: string): number {
  const digits = (iban.slice(4) + iban.slice(0, 4))
    .split('')
    .map((letter) => Number.parseInt(letter, 36));
  return Number(BigInt(digits.join('')) % 97n);
}
