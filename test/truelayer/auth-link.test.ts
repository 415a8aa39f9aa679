import { describe, expect, it } from 'vitest';
import { buildAuthLink, pkceChallenge } from '../../src/truelayer/auth-link.ts';

const LEAST = {
  clientId: 'client-1',
  redirectUri: 'https://app.example/callback?a=1&b=2',
  scopes: ['accounts', 'offline_access'],
};

describe('an auth link', () => {
  it('says what is needed and nothing else', () => {
    expect(buildAuthLink('https://auth.truelayer.com', LEAST)).toBe(
      'https://auth.truelayer.com/?response_type=code&client_id=client-1' +
        '&redirect_uri=https%3A%2F%2Fapp.example%2Fcallback%3Fa%3D1%26b%3D2' +
        '&scope=accounts%20offline_access',
    );
  });

  it('carries every documented parameter', () => {
    const link = new URL(
      buildAuthLink('https://auth.truelayer.com', {
        ...LEAST,
        state: 'state-1',
        providers: ['uk-ob-all', 'uk-cs-mock'],
        providerId: 'ob-monzo',
        responseMode: 'form_post',
        nonce: 'nonce-1',
        codeChallenge: 'challenge-1',
        consentId: 'consent-1',
        trackingId: 'tracking-1',
        enableMock: true,
      }),
    );
    expect(Object.fromEntries(link.searchParams)).toEqual({
      response_type: 'code',
      client_id: 'client-1',
      redirect_uri: LEAST.redirectUri,
      scope: 'accounts offline_access',
      state: 'state-1',
      providers: 'uk-ob-all uk-cs-mock',
      provider_id: 'ob-monzo',
      response_mode: 'form_post',
      nonce: 'nonce-1',
      code_challenge: 'challenge-1',
      code_challenge_method: 'S256',
      consent_id: 'consent-1',
      tracking_id: 'tracking-1',
      enable_mock: 'true',
    });
  });

  it('writes a blank as %20 and a plus sign as %2B, and both come back', () => {
    const link = buildAuthLink('http://127.0.0.1:1234/', { ...LEAST, state: 'a+b c%20&d' });
    expect(link).not.toContain('+');
    expect(link).toContain('state=a%2Bb%20c%2520%26d');
    expect(new URL(link).searchParams.get('state')).toBe('a+b c%20&d');
  });

  it('leaves out an empty list of providers', () => {
    expect(buildAuthLink('https://auth.truelayer.com', { ...LEAST, providers: [] })).not.toContain(
      'providers',
    );
  });

  it('is refused without a scope', () => {
    expect(() => buildAuthLink('https://auth.truelayer.com', { ...LEAST, scopes: [] })).toThrow(
      RangeError,
    );
  });

  it('has the challenge of RFC 7636, appendix B', async () => {
    expect(await pkceChallenge('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk')).toBe(
      'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    );
  });
});
