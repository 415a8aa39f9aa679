import { describe, expect, it } from 'vitest';
import { identify, signedForHolder } from '../../src/accounts/identity.ts';
import { parseDecimal } from '../../src/base/money.ts';
import { wireTransaction } from '../support/wire.ts';

describe('the identity of a transaction', () => {
  it('is the normalised id, else the bank’s, else its content', () => {
    const identities = identify('BANK_ACCOUNT', [
      wireTransaction({ normalisedId: 'txn-1', providerTransactionId: 'p1' }),
      wireTransaction({ providerTransactionId: 'p1' }),
      wireTransaction({}),
    ]).map((row) => row.identity);
    expect(identities).toEqual(['n:txn-1', 'p:p1', expect.stringMatching(/^c:[\w-]{43}:1$/)]);
  });

  it('lets two equal coffees on a day stay two, whatever TrueLayer calls them', () => {
    const coffee = wireTransaction({ transactionId: 'a' });
    const rows = identify('BANK_ACCOUNT', [coffee, { ...coffee, transactionId: 'b' }]);
    const again = identify('BANK_ACCOUNT', [coffee, { ...coffee, transactionId: 'c' }]);
    expect(new Set(rows.map((row) => row.identity)).size).toBe(2);
    expect(again.map((row) => row.identity)).toEqual(rows.map((row) => row.identity));
  });

  it('keeps a pending coffee apart from an equal one that is booked', () => {
    const [pending] = identify('BANK_ACCOUNT', [wireTransaction({})], 'PENDING');
    const [booked] = identify('BANK_ACCOUNT', [wireTransaction({})]);
    expect(pending?.identity).not.toBe(booked?.identity);
  });

  it('makes one of a row that stands twice under one id', () => {
    const row = wireTransaction({ normalisedId: 'txn-1' });
    expect(identify('BANK_ACCOUNT', [row, row])).toHaveLength(1);
  });
});

describe('the sign of an amount', () => {
  it.each([
    ['BANK_ACCOUNT', 'DEBIT', '-2.99', '-2.99', false],
    ['BANK_ACCOUNT', 'CREDIT', '2.99', '2.99', false],
    ['BANK_ACCOUNT', 'DEBIT', '2.99', '-2.99', true],
    ['BANK_ACCOUNT', 'CREDIT', '-2.99', '2.99', true],
    ['CARD', 'DEBIT', '24.25', '-24.25', false],
    ['CARD', 'CREDIT', '-24.25', '24.25', false],
    ['CARD', 'DEBIT', '-24.25', '-24.25', true],
    ['BANK_ACCOUNT', 'UNKNOWN', '-1', '-1', false],
    ['CARD', 'UNKNOWN', '1', '-1', false],
    ['BANK_ACCOUNT', 'DEBIT', '0.00', '0.00', false],
  ] as const)('of a %s, %s %s is %s to the holder', (kind, type, wire, amount, signDisputed) => {
    expect(signedForHolder(kind, { type, amount: parseDecimal(wire) })).toEqual({
      amount,
      signDisputed,
    });
  });
});
