import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { addDays, addMonths, parseDay, type Day } from '../../src/base/days.ts';
import { openApp, type App, type Tokens } from './app.ts';

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

  test('any range of days within the window equals the truth', async () => {
    const truth = app.simulator.truth('john', 'mock');
    const all = truth.accounts[0]?.transactions ?? [];
    const day = fc
      .integer({ min: -40, max: 72 * 31 })
      .map((back) => addDays(TODAY, -Math.max(back, 0)));
    const range = fc.tuple(day, day).map((days) => days.toSorted() as [Day, Day]);
    const check = fc.asyncProperty(range, async ([from, to]) => {
      const rows = await app.list(mock.access_token, `${MAIN}/transactions?from=${from}&to=${to}`);
      const expected = all.filter((row) => {
        const bookedOn = String(row['timestamp']).slice(0, 10);
        return bookedOn >= from && bookedOn <= to;
      });
      expect(rows).toEqual(expected);
    });
    await fc.assert(check, { seed: 20_260_301, numRuns: 25 });
  });

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

  test.each(['mock', 'ob-lloyds', 'ob-hsbc', 'xs2a-pko-bank-polski', 'ob-barclaycard'])(
    'the balance of each account of %s is the sum of its rows, to the penny',
    (provider) => {
      const { accounts, cards } = app.simulator.truth('john', provider);
      for (const { balance, transactions } of [...accounts, ...cards]) {
        const rows = transactions as unknown as readonly Row[];
        const last = rows.at(-1);
        const before = pence(last?.running_balance?.amount) - pence(last?.amount);
        const sum = rows.reduce((total, row) => total + pence(row.amount), before);
        expect(pence(balance['current'])).toBe(sum);
        expect(rows[0]?.running_balance?.amount).toBe(balance['current']);
        expect(Math.abs(sum)).toBeLessThan(4_000_000);
      }
    },
  );

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
      for (const row of app.simulator.truth('john', 'mock').accounts[0]?.pending ?? []) {
        seen.set(String(row['transaction_id']), String(row['description']));
      }
    }
    await app.clock.setTime(new Date('2026-03-12T21:00:00Z'));
    const booked = app.simulator.truth('john', 'mock').accounts[0]?.transactions ?? [];
    expect(seen.size).toBeGreaterThan(4);
    const descriptions = booked.slice(0, 60).map((row) => row['description']);
    for (const [id, description] of seen) {
      expect(descriptions).toContain(description);
      expect(booked.some((row) => row['transaction_id'] === id)).toBe(false);
    }
  });

  test('six years of an account are made in little time', async () => {
    await app.clock.setTime(new Date('2027-03-01T09:00:00Z'));
    const before = performance.now();
    app.simulator.truth('john99', 'ob-lloyds');
    expect(performance.now() - before).toBeLessThan(1000);
  });
});

function pence(amount: unknown): number {
  return Math.round(Number(amount ?? 0) * 100);
}
