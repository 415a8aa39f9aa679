import { describe, expect, it } from 'vitest';
import { standingOrderShape } from '../../src/truelayer/wire-standing-order.ts';
import { readWire } from './read-wire.ts';

const NOTHING = {
  providerStandingOrderId: null,
  providerAccountId: null,
  frequency: null,
  status: 'UNKNOWN',
  currency: null,
  firstPaymentOn: null,
  firstPaymentAmount: null,
  previousPaymentOn: null,
  previousPaymentAmount: null,
  nextPaymentOn: null,
  nextPaymentAmount: null,
  finalPaymentOn: null,
  finalPaymentAmount: null,
  payee: null,
  reference: null,
  updatedAt: null,
};

describe('a standing order', () => {
  it('is read whole', () => {
    expect(
      readWire(standingOrderShape, {
        frequency: 'IntrvlWkDay:02:05',
        status: 'Active',
        timestamp: '2026-02-01T11:29:47.416+00:00',
        currency: 'GBP',
        meta: { provider_account_id: 'acc-1', provider_standing_order_id: 67020711 },
        first_payment_date: '2025-06-26T00:00:00+01:00',
        first_payment_amount: 0,
        previous_payment_timestamp: '2026-01-26T00:00:00Z',
        previous_payment_amount: 499.5,
        next_payment_date: '2026-02-26T03:04:21.319Z',
        next_payment_amount: '500.10',
        final_payment_date: '2027-06-26',
        final_payment_amount: 12.5,
        payee: 'JANE ROE ',
        reference: 'Rent',
      }),
    ).toEqual({
      providerStandingOrderId: '67020711',
      providerAccountId: 'acc-1',
      frequency: 'IntrvlWkDay:02:05',
      status: 'ACTIVE',
      currency: 'GBP',
      firstPaymentOn: '2025-06-26',
      firstPaymentAmount: '0',
      previousPaymentOn: '2026-01-26',
      previousPaymentAmount: '499.5',
      nextPaymentOn: '2026-02-26',
      nextPaymentAmount: '500.10',
      finalPaymentOn: '2027-06-26',
      finalPaymentAmount: '12.5',
      payee: 'JANE ROE',
      reference: 'Rent',
      updatedAt: new Date('2026-02-01T11:29:47.416Z'),
    });
  });

  it.each([
    {},
    { meta: null, status: null, currency: 'pounds', next_payment_amount: 'much' },
    { meta: [], frequency: ' ', next_payment_date: '2026-02-30', payee: {} },
  ])('may lack everything: %j', (wire) => {
    expect(readWire(standingOrderShape, wire)).toEqual(NOTHING);
  });

  it.each([
    '9999-12-31T00:00:00+00:00',
    '9999-12-31',
    '9999-12-31T23:59:59.9999999Z',
    '0001-01-01T00:00:00Z',
  ])('has no end at %s', (final_payment_date) => {
    expect(readWire(standingOrderShape, { final_payment_date }).finalPaymentOn).toBeNull();
  });

  it.each(['EvryDay', 'EvryWorkgDay', 'IntrvlDay:15', 'QtrDay:ENGLISH', 'WkInMnthDay:02:03'])(
    'keeps the frequency %s as it came',
    (frequency) => {
      expect(readWire(standingOrderShape, { frequency }).frequency).toBe(frequency);
    },
  );
});
