import { describe, expect, it } from 'vitest';
import { providerShape } from '../../src/truelayer/wire-provider.ts';
import { readWire } from './read-wire.ts';

describe('a provider', () => {
  it('is read whole, its steps as they came', () => {
    const steps = [{ title: 'OAuthRedirect', fields: [{ id: 'branch-name', mandatory: true }] }];
    expect(
      readWire(providerShape, {
        provider_id: 'stet-bank',
        display_name: 'Crédit ',
        country: 'FR',
        logo_url: 'https://logos.example/x.svg',
        scopes: ['accounts', 'offline_access'],
        availability: { recommended_status: 'Healthy', updated_at: '2023-05-23T10:11:54.501Z' },
        steps,
      }),
    ).toEqual({
      providerId: 'stet-bank',
      displayName: 'Crédit',
      country: 'fr',
      logoUrl: 'https://logos.example/x.svg',
      scopes: ['accounts', 'offline_access'],
      availability: { status: 'healthy', updatedAt: new Date('2023-05-23T10:11:54.501Z') },
      steps,
    });
  });

  it.each([
    {},
    { availability: null, scopes: null },
    { availability: {}, logo_url: 'javascript:x' },
  ])('needs nothing but its id: %j', (rest) => {
    expect(readWire(providerShape, { provider_id: 'mock', ...rest })).toEqual({
      providerId: 'mock',
      displayName: 'mock',
      country: null,
      logoUrl: null,
      scopes: [],
      availability: null,
      steps: null,
    });
  });

  it('may give its scopes as one text', () => {
    const wire = { provider_id: 'mock', scopes: 'info  accounts' };
    expect(readWire(providerShape, wire).scopes).toEqual(['info', 'accounts']);
  });
});
