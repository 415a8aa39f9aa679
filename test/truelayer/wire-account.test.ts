import { describe, expect, it } from 'vitest';
import { parseExactJson } from '../../src/truelayer/exact-json.ts';
import { accountShape } from '../../src/truelayer/wire-account.ts';
import { readWire } from './read-wire.ts';

describe('an account', () => {
  it('is read whole', () => {
    expect(
      readWire(accountShape, {
        update_timestamp: '2021-07-05T03:04:02.6349989Z',
        account_id: '56c7b029',
        account_type: 'TRANSACTION',
        display_name: 'Main account ',
        currency: 'gbp',
        account_number: {
          iban: 'GB08CLRB04066800003435',
          number: '10000000',
          sort_code: '01-21-31',
          swift_bic: 'CPBKGB00',
        },
        provider: { display_name: 'MOCK', provider_id: 'mock', logo_uri: 'https://x' },
      }),
    ).toEqual({
      accountId: '56c7b029',
      accountType: 'TRANSACTION',
      displayName: 'Main account',
      currency: 'GBP',
      iban: 'GB08CLRB04066800003435',
      number: '10000000',
      sortCode: '01-21-31',
      bic: 'CPBKGB00',
      routingNumber: null,
      bsb: null,
      providerId: 'mock',
      updatedAt: new Date('2021-07-05T03:04:02.634Z'),
    });
  });

  it.each([{}, { account_number: {}, provider: {} }, { account_number: null, provider: null }])(
    'needs nothing but its id: %j',
    (rest) => {
      expect(readWire(accountShape, { account_id: 'a', ...rest })).toEqual({
        accountId: 'a',
        accountType: 'UNKNOWN',
        displayName: null,
        currency: null,
        iban: null,
        number: null,
        sortCode: null,
        bic: null,
        routingNumber: null,
        bsb: null,
        providerId: null,
        updatedAt: null,
      });
    },
  );

  it.each(['NOT_SUPPORTED_BY_GEO', 'NOT_SUPPORTED_BY_PROVIDER', '', '  ', null])(
    'has no BIC where the bank says %j',
    (bic) => {
      const account = readWire(accountShape, {
        account_id: 'a',
        account_number: { swift_bic: bic },
      });
      expect(account.bic).toBeNull();
    },
  );

  it('keeps numbers given as JSON numbers, and kinds that nobody has heard of', () => {
    const wire = '{"account_id":7,"account_type":"Isa","account_number":{"number":10000000}}';
    expect(readWire(accountShape, wire)).toMatchObject({
      accountId: '7',
      accountType: 'ISA',
      number: '10000000',
    });
  });

  it.each([undefined, null, '', ' ', '.', '..', {}, 'x'.repeat(513)])(
    'is refused with the id %j',
    (account_id) => {
      const wire = parseExactJson(JSON.stringify({ account_id }));
      expect(accountShape.safeParse(wire).success).toBe(false);
    },
  );
});
