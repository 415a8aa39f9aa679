import { describe, expect, it } from 'vitest';
import { parseExactJson } from '../../src/truelayer/exact-json.ts';
import { directDebitShape } from '../../src/truelayer/wire-direct-debit.ts';
import { readWire } from './read-wire.ts';

describe('a direct debit', () => {
  it('is read whole', () => {
    expect(
      readWire(directDebitShape, {
        direct_debit_id: 'dd-1',
        timestamp: '2026-02-01T17:28:37.798+01:00',
        name: ' WATER CO',
        status: 'Inactive',
        previous_payment_timestamp: '2026-01-17T00:00:00+01:00',
        previous_payment_amount: '16.990',
        currency: 'gbp',
        meta: {
          provider_mandate_identification: 6,
          provider_account_id: '1000000000000000002',
          provider_direct_debit_id: 'bank-dd-1',
        },
      }),
    ).toEqual({
      directDebitId: 'dd-1',
      providerDirectDebitId: 'bank-dd-1',
      providerAccountId: '1000000000000000002',
      mandateId: '6',
      name: 'WATER CO',
      status: 'INACTIVE',
      currency: 'GBP',
      previousPaymentOn: '2026-01-17',
      previousPaymentAmount: '16.990',
      updatedAt: new Date('2026-02-01T16:28:37.798Z'),
    });
  });

  it.each([{}, { meta: null, name: '', status: null }, { meta: 'x', previous_payment_amount: {} }])(
    'needs nothing but its id: %j',
    (rest) => {
      expect(readWire(directDebitShape, { direct_debit_id: 'dd-1', ...rest })).toEqual({
        directDebitId: 'dd-1',
        providerDirectDebitId: null,
        providerAccountId: null,
        mandateId: null,
        name: null,
        status: 'UNKNOWN',
        currency: null,
        previousPaymentOn: null,
        previousPaymentAmount: null,
        updatedAt: null,
      });
    },
  );

  it('reads an amount given as a JSON number to the last digit', () => {
    const wire = '{"direct_debit_id":"dd-1","previous_payment_amount":25.50}';
    expect(readWire(directDebitShape, wire).previousPaymentAmount).toBe('25.50');
  });

  it.each([undefined, null, '', {}])('is refused with the id %j', (direct_debit_id) => {
    const wire = parseExactJson(JSON.stringify({ direct_debit_id }));
    expect(directDebitShape.safeParse(wire).success).toBe(false);
  });
});
