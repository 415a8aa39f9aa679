import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { addMonths, parseDay } from '../../src/base/days.ts';
import { openApp, type App, type Tokens } from './app.ts';
import { exactMinor, sumOf } from './exact.ts';

const START = new Date('2026-03-01T09:00:00Z');
const TODAY = parseDay('2026-03-01');
const FIRST = addMonths(TODAY, -72);
const MAIN = 'accounts/56c7b029e0f8ec5a2334fb0ffc2fface';

interface Row {
  readonly transaction_id: string;
  readonly timestamp: string;
  readonly amount: number;
  readonly description: string;
  readonly transaction_type: string;
  readonly running_balance?: { readonly amount: number };
}

describe('the rows of an account', () => {
  let app: App;
  let mock: Tokens;
  beforeAll(async () => {
    app = await openApp();
    mock = await app.connect();
  });
  afterEach(() => app.clock.setTime(START));
  afterAll(() => app.simulator.close());

  test('has six years of rows and nothing before', async () => {
    const rows = await app.list<Row>(
      mock.access_token,
      `${MAIN}/transactions?from=2010-01-01&to=${TODAY}`,
    );
    expect(rows.length).toBeGreaterThan(72 * 30);
    expect(rows.every(({ timestamp }) => timestamp.slice(0, 10) >= FIRST)).toBe(true);
    const times = rows.map(({ timestamp }) => timestamp);
    expect(times).toEqual(times.toSorted().toReversed());
    expect(new Set(rows.map((row) => row.transaction_id)).size).toBe(rows.length);
  });

  test.each([
    'ob-lloyds',
    'ob-hsbc',
    'ob-revolut',
    'ob-barclaycard',
    'ob-quirky',
    'xs2a-boi',
    'xs2a-pko-bank-polski',
  ])('the balance of each account of %s is the sum of its rows, to the last digit', (provider) => {
    app.simulator.adjust(provider, { runningBalance: 'always' });
    const { accounts, cards } = app.simulator.truth('john', provider);
    for (const { balance, transactions } of [...accounts, ...cards]) {
      const rows = transactions as unknown as readonly Row[];
      const { currency } = balance;
      const amounts = rows.map(({ amount }) => exactMinor(amount, currency));
      const last = exactMinor(rows.at(-1)?.running_balance?.amount, currency);
      const sum = sumOf(amounts) - (amounts.at(-1) ?? 0n) + last;
      expect(exactMinor(balance['current'], currency)).toBe(sum);
      expect(rows[0]?.running_balance?.amount).toBe(balance['current']);
      expect(Math.abs(Number(balance['current']))).toBeLessThan(300_000);
    }
  });

  test('the mock bank has standing balances, and sums that run backwards', async () => {
    const before = app.simulator.truth('john', 'mock').accounts;
    expect(before.map(({ balance }) => balance['current'])).toEqual([29, 58, 87, 116, 145]);
    const rows = (before[0]?.transactions ?? []) as unknown as readonly Row[];
    for (const [index, row] of rows.slice(1, 400).entries()) {
      const above = exactMinor(rows[index]?.running_balance?.amount, 'GBP');
      const sum = above + exactMinor(row.amount, 'GBP');
      expect(exactMinor(row.running_balance?.amount, 'GBP')).toBe(sum);
    }
    await app.clock.setTime(new Date('2026-07-09T12:00:00Z'));
    const after = app.simulator.truth('john', 'mock').accounts;
    expect(after.map(({ balance }) => balance['current'])).toEqual([29, 58, 87, 116, 145]);
    expect(after.flatMap(({ pending }) => pending)).toEqual([]);
  });

  test('writes money out as negative on accounts and as positive on cards', () => {
    for (const id of ['mock', 'ob-monzo', 'ob-natwest', 'ob-amex', 'xs2a-sparkasse']) {
      const { accounts, cards } = app.simulator.truth('john2', id);
      const signs = (holdings: typeof accounts) =>
        new Set(
          holdings.flatMap(({ transactions }) =>
            transactions.map(
              (row) => `${String(row['transaction_type'])} ${Math.sign(Number(row['amount']))}`,
            ),
          ),
        );
      expect([...signs(accounts)].toSorted()).toEqual(
        accounts.length > 0 ? ['CREDIT 1', 'DEBIT -1'] : [],
      );
      expect([...signs(cards)].toSorted()).toEqual(
        cards.length > 0 ? ['CREDIT -1', 'DEBIT 1'] : [],
      );
    }
  });

  test('shows both sides of a transfer between own accounts', () => {
    const [main, savings] = app.simulator.truth('john', 'ob-lloyds').accounts;
    const out = main?.transactions.filter((row) => row['description'] === 'TO EASY SAVER') ?? [];
    const into =
      savings?.transactions.filter((row) => String(row['description']).startsWith('FROM LLOYDS')) ??
      [];
    expect(out.length).toBeGreaterThan(60);
    expect(into.map((row) => row['amount'])).toEqual(out.map((row) => -Number(row['amount'])));
  });

  test('keeps two equal coffees of a day apart', () => {
    const rows = app.simulator.truth('john', 'ob-lloyds').accounts[0]?.transactions ?? [];
    const likeness = rows.map((row) =>
      JSON.stringify([row['timestamp'], row['description'], row['amount']]),
    );
    expect(likeness.length - new Set(likeness).size).toBeGreaterThan(10);
  });

  test('books rows of today only once their time has come', async () => {
    const days = `from=2026-02-28&to=2026-03-02`;
    const ids = async () => {
      const { access_token } = await app.connect();
      const now = days.replace('03-02', new Date(app.clock.now()).toISOString().slice(5, 10));
      return (await app.list<Row>(access_token, `${MAIN}/transactions?${now}`)).map(
        (row) => row.transaction_id,
      );
    };
    await app.clock.setTime(new Date('2026-02-28T00:00:01Z'));
    const early = await ids();
    await app.clock.setTime(new Date('2026-03-02T23:59:59Z'));
    const late = await ids();
    expect(early.length).toBeLessThan(late.length);
    expect(late.slice(late.length - early.length)).toEqual(early);
  });

  test('the same days have the same rows whenever they are asked for', async () => {
    const may = (rows: readonly unknown[]) =>
      (rows as Row[]).filter(({ timestamp }) => timestamp.startsWith('2025-05'));
    const before = may(app.simulator.truth('john', 'mock').accounts[0]?.transactions ?? []);
    await app.clock.setTime(new Date('2028-07-09T12:00:00Z'));
    const after = may(app.simulator.truth('john', 'mock').accounts[0]?.transactions ?? []);
    expect(before.length).toBeGreaterThan(20);
    expect(after).toEqual(before);
  });

  test('pending rows are booked some days later under another id', async () => {
    const seen = new Map<string, string>();
    for (let day = 1; day <= 8; day += 1) {
      await app.clock.setTime(new Date(`2026-03-0${day}T21:00:00Z`));
      for (const row of app.simulator.truth('john', 'ob-lloyds').accounts[0]?.pending ?? []) {
        expect(row).not.toHaveProperty('running_balance');
        expect(row).not.toHaveProperty('normalised_provider_transaction_id');
        seen.set(String(row['transaction_id']), String(row['description']));
      }
    }
    await app.clock.setTime(new Date('2026-03-12T21:00:00Z'));
    const booked = app.simulator.truth('john', 'ob-lloyds').accounts[0]?.transactions ?? [];
    expect(seen.size).toBeGreaterThan(4);
    const descriptions = booked.slice(0, 60).map((row) => row['description']);
    for (const [id, description] of seen) {
      expect(descriptions).toContain(description);
      expect(booked.some((row) => row['transaction_id'] === id)).toBe(false);
    }
  });
});
