import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DAY } from '../../src/base/clock.ts';
import { openApp, type App } from './app.ts';
import { readReference, REFERENCE } from './openapi.ts';

type Row = Readonly<Record<string, unknown>>;

interface Transaction extends Row {
  readonly timestamp: string;
  readonly description: string;
  readonly amount: number;
  readonly transaction_id: string;
  readonly transaction_type: string;
  readonly running_balance: { readonly amount: number };
}

const MAIN = 'accounts/56c7b029e0f8ec5a2334fb0ffc2fface';
const CARD = 'cards/2cbf9b6063102763ccbe3ea62f1b3e72';

describe('the mock bank of john/doe', () => {
  let app: App;
  beforeAll(async () => {
    app = await openApp();
  });
  afterAll(() => app.simulator.close());

  const list = async <Kind = Row>(path: string) => {
    const { access_token } = await app.connect('mock');
    return app.list<Kind>(access_token, path);
  };

  describe.skipIf(REFERENCE === undefined)('beside what was recorded in 2021', () => {
    test('has the same accounts', async () => {
      const accounts = await list('accounts');
      expect(accounts.map(withoutMoment)).toMatchObject(recorded('accounts').map(withoutMoment));
      for (const account of recorded('account')) {
        const [one] = await list(`accounts/${String(account['account_id'])}`);
        expect(one).toMatchObject(withoutMoment(account));
      }
    });

    test('has the same cards', async () => {
      const cards = await list('cards');
      expect(cards.map(withoutMoment)).toEqual(recorded('cards').map(withoutMoment));
      const [card] = await list(CARD);
      expect(card).toMatchObject(withoutMoment(recorded('card')[0] ?? {}));
    });

    test('tells the same of a balance', async () => {
      const [balance] = await list(`${MAIN}/balance`);
      const [known] = recorded('account-balance');
      expect(Object.keys(balance ?? {}).toSorted()).toEqual(Object.keys(known ?? {}).toSorted());
      expect(balance).toMatchObject({ currency: 'GBP', overdraft: known?.['overdraft'] });
    });

    test.each([
      [MAIN, 'account-transactions.excerpt'],
      [CARD, 'card-transactions.excerpt'],
    ])(
      'has rows below %s with the same fields, categories, codes and signs',
      async (path, file) => {
        const rows = await list<Transaction>(`${path}/transactions`);
        const known = recorded(file);
        for (const trait of [fieldsOf, signOf]) {
          expect(unionOf(rows, trait)).toEqual(unionOf(known, trait));
        }
        for (const trait of [kindOf, classOf]) {
          expect(unionOf(rows, trait)).toEqual(expect.arrayContaining(unionOf(known, trait)));
        }
      },
    );

    test('has each recorded row again, alike in everything but its day, sum and id', async () => {
      const rows = await list(`${MAIN}/transactions`);
      const known = recorded('account-transactions.excerpt');
      expect(unionOf(rows, contentOf)).toEqual(expect.arrayContaining(unionOf(known, contentOf)));
    });

    test('describes a place in the same words each time', async () => {
      const rows = await list(`${MAIN}/transactions`);
      const known = recorded('account-transactions.excerpt');
      const places = new Set(known.map((row) => row['description']));
      const there = rows.filter((row) => places.has(row['description']));
      expect(unionOf(there, placeOf)).toEqual(unionOf(known, placeOf));
    });

    test('sums up from the newest row to the oldest', async () => {
      const rows = await list<Transaction>(`${MAIN}/transactions`);
      // The recording has the first eighteen rows and the last eight.
      const known = recorded('account-transactions.excerpt').slice(0, 18) as Transaction[];
      expect([known, rows].map(sumsDownwards)).toEqual([true, true]);
    });
  });

  test('has an IBAN since, the same for all five accounts', async () => {
    const numbers = (await list('accounts')).map((account) => account['account_number'] as Row);
    expect(numbers.map(({ iban }) => iban)).toEqual(Array(5).fill('GB08CLRB04066800003435'));
  });

  test('has five balances that are multiples of the first, each with its overdraft', async () => {
    const accounts = await list('accounts');
    const balances: Row[] = [];
    for (const { account_id: id } of accounts) {
      balances.push(...(await list(`accounts/${String(id)}/balance`)));
    }
    const first = Number(balances[0]?.['current']);
    expect(first).toBeGreaterThan(0);
    expect(balances).toMatchObject(
      [1, 2, 3, 4, 5].map((number) => ({
        current: number * first,
        overdraft: number * 100,
        available: number * first + number * 100,
      })),
    );
  });

  test.each([MAIN, CARD])('has rows below %s that roll along with the day', async (path) => {
    for (let count = 0; count < 3; count += 1) {
      const today = new Date(app.clock.now()).toISOString().slice(0, 10);
      const rows = await list<Transaction>(`${path}/transactions`);
      const days = rows.map(({ timestamp }) => timestamp);
      expect(days.every((text) => /^\d{4}-\d\d-\d\dT00:00:00Z$/.test(text))).toBe(true);
      expect(days).toEqual(days.toSorted().toReversed());
      expect(days[0]).toBe(`${today}T00:00:00Z`);
      const span = app.clock.now() - Date.parse(days.at(-1) ?? '');
      expect(Math.floor(span / DAY)).toBeGreaterThanOrEqual(85);
      expect(Math.floor(span / DAY)).toBeLessThanOrEqual(92);
      await app.clock.setTime(app.clock.now() + DAY);
    }
  });

  test('has several rows a day, and some that are equal but for their id', async () => {
    const rows = await list<Transaction>(`${MAIN}/transactions`);
    const perDay = Map.groupBy(rows, ({ timestamp }) => timestamp);
    const days = [...perDay.values()];
    expect(days.slice(0, 14).every((day) => day.length > 2)).toBe(true);
    const equal = days.filter((day) => new Set(day.map(likenessOf)).size < day.length);
    expect(equal.length).toBeGreaterThan(0);
    expect(new Set(rows.map((row) => row.transaction_id)).size).toBe(rows.length);
    expect(rows.every((row) => /^[0-9a-f]{32}$/.test(row.transaction_id))).toBe(true);
  });

  test('shows rows of an account again on a card, debits as credits, under other ids', async () => {
    const ofAccount = await list<Transaction>(`${MAIN}/transactions`);
    const ofCard = await list<Transaction>(`${CARD}/transactions`);
    const known = new Map(ofAccount.map((row) => [likenessOf(row), row]));
    expect(ofCard.length).toBeGreaterThan(0);
    for (const row of ofCard) {
      const twin = known.get(likenessOf(row));
      expect([row.transaction_type, twin?.transaction_type].toSorted()).toEqual([
        'CREDIT',
        'DEBIT',
      ]);
      expect(row.transaction_id).not.toBe(twin?.transaction_id);
    }
  });
});

function recorded(file: string): readonly Row[] {
  const { results } = readReference(`examples/mock-bank-2021/${file}.json`) as { results: Row[] };
  return results;
}

/** All but the instant of the request, and the address where the bank's picture was in 2021. */
function withoutMoment(row: Row): Row {
  const { update_timestamp: _moment, provider, ...rest } = row;
  const { logo_uri: _picture, ...names } = provider as Row;
  return { ...rest, provider: names };
}

/** The names of all fields, those of `meta` too. */
function fieldsOf(row: Row): string[] {
  return [...Object.keys(row), ...Object.keys(row['meta'] ?? {}).map((name) => `meta.${name}`)];
}

function kindOf(row: Row): string[] {
  const { provider_transaction_category: code } = row['meta'] as Row;
  return [`${String(row['transaction_category'])} ${String(code)}`];
}

function classOf(row: Row): string[] {
  return [JSON.stringify(row['transaction_classification'])];
}

function contentOf(row: Row): string[] {
  const { timestamp: _day, running_balance: _sum, transaction_id: _id, ...content } = row;
  return [JSON.stringify(Object.entries(content).toSorted())];
}

function placeOf(row: Row): string[] {
  const { description, merchant_name: merchant, transaction_classification: classes } = row;
  return [JSON.stringify([description, merchant, classes])];
}

function signOf(row: Row): string[] {
  return [`${String(row['transaction_type'])} ${Math.sign(Number(row['amount']))}`];
}

function likenessOf({ timestamp, description, amount }: Transaction): string {
  return JSON.stringify([timestamp, description, amount]);
}

function unionOf(rows: readonly Row[], traits: (row: Row) => readonly string[]): string[] {
  return [...new Set(rows.flatMap(traits))].toSorted();
}

function sumsDownwards(rows: readonly Transaction[]): boolean {
  return rows.every((row, index) => {
    const above = rows[index - 1];
    if (above === undefined) return true;
    const sum = above.running_balance.amount + row.amount;
    return Math.round(sum * 100) === Math.round(row.running_balance.amount * 100);
  });
}
