import { describe, expect, it } from 'vitest';
import { cardShape } from '../../src/truelayer/wire-card.ts';
import { readWire } from './read-wire.ts';

describe('a card', () => {
  it('is read with trimmed names and its months', () => {
    const card = readWire(cardShape, {
      account_id: '2cbf9b60',
      card_network: 'MASTERCARD',
      card_type: 'CREDIT',
      currency: 'GBP',
      display_name: 'CREDIT CARD 1',
      partial_card_number: '01000',
      name_on_card: 'John Doe ',
      valid_from: '2017-01',
      valid_to: '2018-01-31T00:00:00',
      update_timestamp: '2021-07-05T00:41:41.1160985Z',
      provider: { provider_id: 'mock' },
    });
    expect(card).toEqual({
      accountId: '2cbf9b60',
      network: 'MASTERCARD',
      cardType: 'CREDIT',
      currency: 'GBP',
      displayName: 'CREDIT CARD 1',
      partialNumber: '01000',
      nameOnCard: 'John Doe',
      validFrom: '2017-01',
      validTo: '2018-01',
      providerId: 'mock',
      updatedAt: new Date('2021-07-05T00:41:41.116Z'),
    });
  });

  it.each(['2017-13', '2017', '01/17', '', null])('has no month in %j', (valid_from) => {
    expect(readWire(cardShape, { account_id: 'a', valid_from }).validFrom).toBeNull();
  });
});
