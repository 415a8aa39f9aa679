import { describe, expect, it } from 'vitest';
import { parseExactJson } from '../../src/truelayer/exact-json.ts';
import { transactionShape } from '../../src/truelayer/wire-transaction.ts';
import { readWire } from './read-wire.ts';

const LEAST = {
  transaction_id: 't1',
  timestamp: '2018-03-06T00:00:00',
  amount: -2.99,
  currency: 'GBP',
};

describe('a transaction', () => {
  it('is read whole', () => {
    expect(
      readWire(transactionShape, {
        ...LEAST,
        normalised_provider_transaction_id: 'txn-1',
        provider_transaction_id: '9882ks-00js',
        description: ' GOOGLE PLAY STORE',
        transaction_type: 'DEBIT',
        transaction_category: 'PURCHASE',
        transaction_classification: ['Bills and Utilities', 'Games'],
        merchant_name: 'Google play',
        running_balance: { amount: 1238.6, currency: 'GBP' },
        meta: {
          provider_reference: 'REF 1',
          counter_party_preferred_name: 'Google',
          counter_party_iban: 'GB35LOYD12345678901234',
          provider_transaction_category: 'DEB',
          provider_category: 'fun',
          provider_merchant_name: 'GOOGLE*PLAY',
          address: '1 Market Street',
          user_comments: 'oops',
          rate: 1.1,
        },
      }),
    ).toEqual({
      transactionId: 't1',
      normalisedId: 'txn-1',
      providerTransactionId: '9882ks-00js',
      timestamp: { day: '2018-03-06', instant: null },
      description: 'GOOGLE PLAY STORE',
      amount: '-2.99',
      currency: 'GBP',
      type: 'DEBIT',
      category: 'PURCHASE',
      classification: ['Bills and Utilities', 'Games'],
      merchantName: 'Google play',
      runningBalance: { amount: '1238.6', currency: 'GBP' },
      meta: {
        reference: 'REF 1',
        counterpartyName: 'Google',
        counterpartyIban: 'GB35LOYD12345678901234',
        providerTransactionCategory: 'DEB',
        providerCategory: 'fun',
        providerMerchantName: 'GOOGLE*PLAY',
        address: '1 Market Street',
        userComments: 'oops',
      },
    });
  });

  it.each([
    {},
    {
      description: '',
      transaction_classification: null,
      running_balance: {},
      meta: null,
      merchant_name: ' ',
    },
    { running_balance: null, meta: [], transaction_type: 7.5, transaction_classification: {} },
  ])('may lack everything but id, time, amount and currency: %j', (rest) => {
    const transaction = readWire(transactionShape, { ...LEAST, ...rest });
    expect(transaction).toMatchObject({
      normalisedId: null,
      providerTransactionId: null,
      description: '',
      type: 'transaction_type' in rest ? '7.5' : 'UNKNOWN',
      category: 'UNKNOWN',
      classification: [],
      merchantName: null,
      runningBalance: null,
      meta: { reference: null, counterpartyName: null },
    });
  });

  it.each([
    ['2018-03-06T00:00:00', '2018-03-06', null],
    ['2018-03-06T00:00:00Z', '2018-03-06', null],
    ['2018-01-16T00:00:00+00:00', '2018-01-16', null],
    ['2019-07-01T00:00:00+01:00', '2019-07-01', null],
    ['2018-03-06', '2018-03-06', null],
    ['2018-03-06T17:33:30.001222Z', '2018-03-06', '2018-03-06T17:33:30.001Z'],
    ['2018-03-06T17:33:30', '2018-03-06', '2018-03-06T17:33:30.000Z'],
    ['2018-03-06 17:33', '2018-03-06', '2018-03-06T17:33:00.000Z'],
    ['2019-07-19T00:28:37.79+01:00', '2019-07-19', '2019-07-18T23:28:37.790Z'],
    ['2019-07-19T23:30:00-0500', '2019-07-19', '2019-07-20T04:30:00.000Z'],
    ['2021-07-05T03:04:02.6349989Z', '2021-07-05', '2021-07-05T03:04:02.634Z'],
    ['2024-02-29T12:00:00z', '2024-02-29', '2024-02-29T12:00:00.000Z'],
  ])('at %s lies on %s, at %s', (timestamp, day, instant) => {
    expect(readWire(transactionShape, { ...LEAST, timestamp }).timestamp).toEqual({
      day,
      instant: instant === null ? null : new Date(instant),
    });
  });

  it.each([
    '2017-02-247T17:29:24Z',
    '2023-02-29T00:00:00Z',
    '2018-03-06T25:00:00Z',
    '0001-01-01T00:00:00Z',
    '9999-12-31T00:00:00Z',
    '2017-01',
    '06/03/2018',
    '1520294400',
    '',
    null,
  ])('is refused at %j', (timestamp) => {
    const wire = parseExactJson(JSON.stringify({ ...LEAST, timestamp }));
    expect(transactionShape.safeParse(wire).success).toBe(false);
  });

  it('keeps only a running balance that has both parts', () => {
    const running = (running_balance: unknown) =>
      readWire(transactionShape, { ...LEAST, running_balance }).runningBalance;
    expect(running({ amount: '-5.10', currency: 'gbp' })).toEqual({
      amount: '-5.10',
      currency: 'GBP',
    });
    expect(running({ amount: 5 })).toBeNull();
    expect(running({ currency: 'GBP' })).toBeNull();
    expect(running({ amount: 'x', currency: 'GBP' })).toBeNull();
  });

  it('takes the payer that Monzo names for the counterparty', () => {
    const meta = { debtor_account_name: 'Jane Roe' };
    expect(readWire(transactionShape, { ...LEAST, meta }).meta.counterpartyName).toBe('Jane Roe');
  });

  it('takes the location that cards give for the address', () => {
    const address = (meta: object) => readWire(transactionShape, { ...LEAST, meta }).meta.address;
    expect(address({ location: 'INTERNET' })).toBe('INTERNET');
    expect(address({ location: 'INTERNET', address: '1 Market Street' })).toBe('1 Market Street');
  });
});
