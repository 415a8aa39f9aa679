import { describe, expect, it } from 'vitest';
import { meShape } from '../../src/truelayer/wire-me.ts';
import { readWire } from './read-wire.ts';

describe('the bank on a consent', () => {
  it('says what it says, and nothing is needed', () => {
    expect(
      readWire(meShape, {
        client_id: 'test',
        credentials_id: '6L7RxyPKX0THy1tw93PB4V+8DB+KjnX9Pxa451yXPu0=',
        consent_status: 'Authorised',
        consent_status_updated_at: '2020-05-24T15:44:40.077Z',
        consent_created_at: '2020-05-24T14:44:40.077Z',
        consent_expires_at: '2020-08-24T14:44:40.077',
        provider: { display_name: 'Lloyds Bank', provider_id: 'lloyds' },
        scopes: ['info', 'offline_access'],
      }),
    ).toEqual({
      clientId: 'test',
      credentialsId: '6L7RxyPKX0THy1tw93PB4V+8DB+KjnX9Pxa451yXPu0=',
      consentStatus: 'Authorised',
      consentStatusUpdatedAt: new Date('2020-05-24T15:44:40.077Z'),
      consentCreatedAt: new Date('2020-05-24T14:44:40.077Z'),
      consentExpiresAt: new Date('2020-08-24T14:44:40.077Z'),
      provider: { providerId: 'lloyds', displayName: 'Lloyds Bank' },
      scopes: ['info', 'offline_access'],
    });
    expect(
      readWire(meShape, { provider: null, consent_expires_at: '0001-01-01T00:00:00Z' }),
    ).toEqual({
      clientId: null,
      credentialsId: null,
      consentStatus: null,
      consentStatusUpdatedAt: null,
      consentCreatedAt: null,
      consentExpiresAt: null,
      provider: null,
      scopes: [],
    });
  });
});
