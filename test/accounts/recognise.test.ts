import { describe, expect, it } from 'vitest';
import { readFrequency } from '../../src/accounts/frequency.ts';
import { DIRECT_DEBITS, STANDING_ORDERS } from '../../src/accounts/mandates.ts';
import { recognise } from '../../src/accounts/recognise.ts';

const rent = {
  payee: 'J SMITH',
  reference: 'RENT',
  frequency: 'IntrvlMnthDay:01:01',
  status: 'ACTIVE',
};
const orders = (listed: object[], known: object[], ended: readonly number[] = []) =>
  recognise(
    listed.map((row) => STANDING_ORDERS.tell({ ...row })),
    known.map((row, index) => ({
      ...STANDING_ORDERS.tell({ ...row }),
      id: `known ${index}`,
      living: !ended.includes(index),
    })),
  );
const debits = (listed: object[], known: object[]) =>
  recognise(
    listed.map((row) => DIRECT_DEBITS.tell({ ...row })),
    known.map((row, index) => ({
      ...DIRECT_DEBITS.tell({ ...row }),
      id: `known ${index}`,
      living: true,
    })),
  );

describe('a standing order', () => {
  it.each([
    ['that says the same', {}, 'known 0'],
    ['of another amount', { next_payment_amount: '950' }, 'known 0'],
    ['on another day', { frequency: 'IntrvlMnthDay:01:28' }, 'known 0'],
    ['with another reference', { reference: 'FLAT 2' }, 'known 0'],
    ['in other letters', { payee: 'j  smith' }, 'known 0'],
    ['to somebody else', { payee: 'K JONES' }, null],
  ])('%s is known again, or not: %s', (_case, change, id) => {
    const before = { ...rent, next_payment_amount: '900' };
    expect(orders([{ ...before, ...change }], [before])).toEqual([id]);
  });

  it('with an id of the bank’s is known by that, and never by words against it', () => {
    const before = { ...rent, provider_standing_order_id: 'a' };
    expect(orders([{ payee: 'X', provider_standing_order_id: 'a' }], [before])).toEqual([
      'known 0',
    ]);
    expect(orders([{ ...rent, provider_standing_order_id: 'b' }], [before])).toEqual([null]);
  });

  it('and one that says the same are two, each once, in their order', () => {
    expect(orders([rent, rent, rent], [rent, rent])).toEqual(['known 0', 'known 1', null]);
    expect(orders([rent], [rent, rent])).toEqual(['known 0']);
  });

  it('that only may be one of two is neither', () => {
    const two = [
      { ...rent, frequency: 'IntrvlMnthDay:01:02', next_payment_amount: '1' },
      { ...rent, frequency: 'IntrvlMnthDay:01:03', next_payment_amount: '2' },
    ];
    expect(orders([{ ...rent, next_payment_amount: '3' }], two)).toEqual([null]);
  });

  it('that has ended comes back only where it says exactly the same', () => {
    expect(orders([rent], [rent], [0])).toEqual(['known 0']);
    expect(orders([{ ...rent, next_payment_amount: '5' }], [rent], [0])).toEqual([null]);
    expect(orders([rent], [rent, rent], [0])).toEqual(['known 1']);
  });
});

describe('a direct debit', () => {
  const gym = { name: 'GYM LTD', mandate_id: '7', direct_debit_id: 'x', status: 'ACTIVE' };
  it.each([
    ['under another id of TrueLayer’s', { direct_debit_id: 'y' }, 'known 0'],
    ['of a payee that was renamed', { direct_debit_id: 'y', name: 'GYM PLC' }, 'known 0'],
    ['under another mandate', { direct_debit_id: 'y', mandate_id: '8' }, null],
    ['whose mandate is left out', { direct_debit_id: 'y', mandate_id: null }, 'known 0'],
    ['without any word', { name: null, mandate_id: null }, 'known 0'],
  ])('%s is known again, or not: %s', (_case, change, id) => {
    expect(debits([{ ...gym, ...change }], [gym])).toEqual([id]);
  });
});

it.each([
  ['EvryDay', 'DAY', 1, null],
  ['EvryWorkgDay', 'WORKING_DAY', 1, null],
  ['IntrvlDay:15', 'DAY', 15, null],
  ['IntrvlWkDay:02:03', 'WEEK', 2, 3],
  ['IntrvlMnthDay:01:26', 'MONTH', 1, 26],
  ['IntrvlMnthDay:03:-01', 'MONTH', 3, -1],
  ['WkInMnthDay:01:02', 'MONTH', 1, null],
  ['QtrDay', 'QUARTER', 1, null],
  ['QtrDay:ENGLISH', 'QUARTER', 1, null],
  ['when it pleases', 'UNKNOWN', null, null],
])('the frequency %s is every %s × %s, on day %s', (text, unit, interval, day) => {
  expect(readFrequency(text)).toEqual({ unit, interval, day });
});
