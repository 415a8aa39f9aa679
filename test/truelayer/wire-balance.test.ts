import { describe, expect, it } from 'vitest';
import { parseExactJson } from '../../src/truelayer/exact-json.ts';
import { balanceShape, cardBalanceShape } from '../../src/truelayer/wire-balance.ts';
import { readWire } from './read-wire.ts';

describe('a balance', () => {
  it.each([
    ['12.340', '12.340'],
    ['"12.340"', '12.340'],
    ['0.1', '0.1'],
    ['12345678901234567.89', '12345678901234567.89'],
    ['1E21', '1000000000000000000000'],
    ['-0', '0'],
    ['-0.00', '0.00'],
    ['1e-3', '0.001'],
  ])('is exact: %s is %s', (wire, exact) => {
    expect(readWire(balanceShape, `{"currency":"KWD","current":${wire}}`).current).toBe(exact);
  });

  it.each(['1e400', '1e99', '"1,234.50"', '"£5"', '""', 'null', 'true', '[1]'])(
    'is refused when it is %s, which leaves an optional one null',
    (wire) => {
      const text = (current: string, available: string) =>
        parseExactJson(`{"currency":"GBP","current":${current},"available":${available}}`);
      expect(balanceShape.safeParse(text(wire, '1')).success).toBe(false);
      expect(balanceShape.parse(text('1', wire)).available).toBeNull();
    },
  );

  it('of a card may lack everything but what is owed', () => {
    expect(readWire(cardBalanceShape, { current: 20 })).toEqual({
      currency: null,
      current: '20',
      available: null,
      creditLimit: null,
      lastStatementBalance: null,
      lastStatementDate: null,
      paymentDue: null,
      paymentDueDate: null,
      updatedAt: null,
    });
  });

  it('of a card keeps its days, and drops those that do not exist', () => {
    const balance = readWire(cardBalanceShape, {
      currency: 'GBP',
      current: -20.5,
      available: '3279',
      credit_limit: 3300,
      last_statement_balance: 420,
      last_statement_date: '2017-01-28',
      payment_due: 5,
      payment_due_date: '2017-02-30',
      update_timestamp: '2017-02-247T17:29:24.740802Z',
    });
    expect(balance).toEqual({
      currency: 'GBP',
      current: '-20.5',
      available: '3279',
      creditLimit: '3300',
      lastStatementBalance: '420',
      lastStatementDate: '2017-01-28',
      paymentDue: '5',
      paymentDueDate: null,
      updatedAt: null,
    });
  });
});
