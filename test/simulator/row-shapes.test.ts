import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BANKS } from '../../src/simulator/banks/banks.ts';
import { openApp, type App } from './app.ts';

type Row = Readonly<Record<string, unknown>>;

describe('the rows of banks', () => {
  let app: App;
  beforeAll(async () => {
    app = await openApp();
    for (const { id } of BANKS) app.simulator.adjust(id, { maxHistoryMonths: 13 });
  });
  afterAll(() => app.simulator.close());

  const rowsOf = (provider: string): readonly Row[] => {
    const { accounts, cards } = app.simulator.truth('john', provider);
    return [...accounts, ...cards].flatMap(({ transactions }) => transactions);
  };

  test.each([
    ['mock', /^\d{4}-\d\d-\d\dT00:00:00Z$/],
    ['ob-lloyds', /^\d{4}-\d\d-\d\dT00:00:00$/],
    ['ob-barclays', /^\d{4}-\d\d-\d\dT00:00:00\+00:00$/],
    ['ob-monzo', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/],
    ['ob-natwest', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$/],
  ])('have times at %s like %s', (provider, shape) => {
    const times = rowsOf(provider).map(({ timestamp }) => String(timestamp));
    expect(times.filter((time) => !shape.test(time))).toEqual([]);
  });

  test.each([
    ['xs2a-erste-at', '2025-03-30', '+01:00', '2025-04-02', '+02:00'],
    ['xs2a-boi', '2025-03-25', '+00:00', '2025-10-20', '+01:00'],
    ['xs2a-s-pankki-fi', '2025-12-10', '+02:00', '2025-07-10', '+03:00'],
  ])('have midnights of their country at %s', (provider, winter, east, summer, further) => {
    const zones = (day: string) =>
      new Set(
        rowsOf(provider)
          .map(({ timestamp }) => String(timestamp))
          .filter((time) => Math.abs(Date.parse(time) - Date.parse(`${day}T00:00:00Z`)) < 864e5 / 4)
          .map((time) => time.slice(10)),
      );
    expect([...zones(winter)]).toEqual([`T00:00:00${east}`]);
    expect([...zones(summer)]).toEqual([`T00:00:00${further}`]);
  });

  test('lack now and then what may be lacking, always the same ones', () => {
    const rows = rowsOf('ob-natwest');
    const having = (name: string) => rows.filter((row) => name in row).length;
    for (const name of ['merchant_name', 'meta', 'running_balance']) {
      expect(having(name)).toBeGreaterThan(0);
      expect(having(name)).toBeLessThan(rows.length);
    }
    const sums = rows.map((row) => row['running_balance']);
    expect(sums).toContainEqual({});
    expect(rows.some((row) => (row['transaction_classification'] as string[]).length === 0)).toBe(
      true,
    );
    expect(rowsOf('ob-natwest')).toEqual(rows);
  });

  test('never lack what must be there', () => {
    for (const provider of ['ob-quirky', 'ob-natwest', 'xs2a-boi', 'ob-amex', 'mock']) {
      for (const row of rowsOf(provider)) {
        expect(row).toMatchObject({
          transaction_id: expect.stringMatching(/^[0-9a-f]{32}$/),
          timestamp: expect.stringMatching(/^\d{4}-/),
          description: expect.stringMatching(/./),
          amount: expect.any(Number),
          currency: expect.stringMatching(/^[A-Z]{3}$/),
          transaction_type: expect.stringMatching(/^(?:DEBIT|CREDIT)$/),
          transaction_category: expect.stringMatching(/^[A-Z_]+$/),
          transaction_classification: expect.any(Array),
        });
      }
    }
  });

  test.each(['ob-monzo', 'ob-starling', 'ob-amex', 'xs2a-sparkasse'])(
    'have no running balance at %s',
    (provider) => {
      expect(rowsOf(provider).some((row) => 'running_balance' in row)).toBe(false);
    },
  );

  test('are classified in some countries only', () => {
    const classified = (provider: string) =>
      rowsOf(provider).some((row) => (row['transaction_classification'] as string[]).length > 0);
    expect(['ob-lloyds', 'xs2a-boi', 'stet-bnp-paribas'].map(classified)).toEqual([
      true,
      true,
      true,
    ]);
    expect(['xs2a-erste-at', 'xs2a-pko-bank-polski'].map(classified)).toEqual([false, false]);
  });

  test('name the merchant of a card only in the meta of some', () => {
    const rows = rowsOf('ob-barclaycard');
    const bare = rows.filter((row) => !('merchant_name' in row) && 'meta' in row);
    expect(bare.length).toBeGreaterThan(0);
    expect(rows.some((row) => 'cardNumber' in ((row['meta'] ?? {}) as Row))).toBe(true);
  });
});
