import { describe, expect, it } from 'vitest';
import { infoShape } from '../../src/truelayer/wire-info.ts';
import { readWire } from './read-wire.ts';

describe('a holder', () => {
  it('is read with what names and reaches them, in the old shape as well', () => {
    expect(
      readWire(infoShape, {
        full_name: 'Jane Roe ',
        emails: ['jane@example.com', ''],
        phones: ['+447700900123'],
        branch_id: 'a-branch',
        update_timestamp: '2026-01-19T09:30:00Z',
        addresses: [
          { address: '1 Market Street', city: 'Bath', zip: 'BA1', country: 'UK', state: ' ' },
          {},
          'Bath',
        ],
        date_of_birth: '1980-01-01T00:00:00Z',
      }),
    ).toEqual({
      fullName: 'Jane Roe',
      emails: ['jane@example.com'],
      phones: ['+447700900123'],
      addresses: [
        { street: '1 Market Street', city: 'Bath', postCode: 'BA1', region: null, country: 'UK' },
      ],
      dateOfBirth: '1980-01-01',
      branchId: 'a-branch',
      updatedAt: new Date('2026-01-19T09:30:00Z'),
    });
  });

  it.each([{}, { full_name: null, emails: null, phones: {}, addresses: {}, branch_id: ' ' }])(
    'may be anybody: %j',
    (wire) => {
      expect(readWire(infoShape, { ...wire, update_timestamp: '0001-01-01T00:00:00Z' })).toEqual({
        fullName: null,
        emails: [],
        phones: [],
        addresses: [],
        dateOfBirth: null,
        branchId: null,
        updatedAt: null,
      });
    },
  );
});
