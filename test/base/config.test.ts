import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/base/config.ts';
import { StartError } from '../../src/base/errors.ts';

const noFile = () => {
  throw new Error('no such file');
};
const production = {
  NODE_ENV: 'production',
  PUBLIC_URL: 'https://bank.example.com/',
  DATABASE_URL: 'postgresql://u:p@db/x',
  TRUELAYER_ENV: 'live',
  TRUELAYER_CLIENT_ID: 'budget-1',
  TRUELAYER_CLIENT_SECRET: 's',
  AUTH_ISSUER: 'https://id.example.com',
  AUTH_AUDIENCE: 'consentry',
  ENCRYPTION_KEYS: `k1:${randomBytes(32).toString('base64')}`,
};

function faultsOf(environment: Record<string, string>): string[] {
  try {
    readConfig(environment, noFile);
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(StartError);
    return (error as Error).message.split('\n').map((line) => line.split(/[ :]/, 1)[0] ?? '');
  }
}

describe('the configuration', () => {
  it('with nothing set is for development on this machine', () => {
    expect(readConfig({}, noFile)).toMatchObject({
      production: false,
      role: 'all',
      host: '127.0.0.1',
      port: 4000,
      publicUrl: 'http://localhost:4000',
      databaseUrl: null,
      truelayer: null,
      identity: null,
      encryptionKeys: null,
      redirectUris: ['http://localhost:4000/callback'],
      corsOrigins: [],
    });
  });

  it('in production is whole, or names everything that is missing at once', () => {
    expect(readConfig(production, noFile)).toMatchObject({
      production: true,
      publicUrl: 'https://bank.example.com',
      truelayer: { environment: 'live', authUrl: 'https://auth.truelayer.com' },
      redirectUris: ['https://bank.example.com/callback'],
    });
    expect(faultsOf({ NODE_ENV: 'production' })).toEqual([
      'PUBLIC_URL',
      'DATABASE_URL',
      'TRUELAYER_ENV',
      'AUTH_ISSUER',
      'ENCRYPTION_KEYS',
    ]);
  });

  it.each([
    ['PORT', '70000'],
    ['PORT', 'abc'],
    ['ROLE', 'boss'],
    ['LOG_LEVEL', 'loud'],
    ['PUBLIC_URL', 'ftp://x'],
    ['DATABASE_URL', 'mysql://x'],
    ['ENCRYPTION_KEYS', 'short'],
    ['REDIRECT_URIS', 'nonsense'],
    ['CORS_ORIGINS', 'https://app.example.com/'],
    ['CORS_ORIGINS', '*'],
    ['TRUSTED_PROXIES', '-1'],
    ['ALERT_DAYS_BEFORE', '61'],
    ['ALERT_DAYS_BEFORE', '7,7'],
    ['ALERT_DAYS_BEFORE', '1,3'],
    ['ALERT_DAYS_BEFORE', '7,x'],
    ['CONSENT_DAYS', 'uk'],
    ['CONSENT_DAYS', 'uk:0'],
    ['CONSENT_DAYS', 'uk:366'],
    ['TIME_ZONE', 'Europe/Atlantis'],
    ['TIME_ZONE', '+01:00'],
    ['TRUELAYER_CLIENT_SECRET_FILE', '/nowhere'],
  ])('refuses %s=%s', (name, value) => {
    expect(
      faultsOf({ TRUELAYER_CLIENT_ID: 'x', TRUELAYER_ENV: 'sandbox', [name]: value }),
    ).toContain(name);
  });

  it('knows when consents are announced, how long they last, and where users live', () => {
    const read = (environment: Record<string, string>) => readConfig(environment, noFile);
    expect(read({})).toMatchObject({
      alertDaysBefore: [14, 7, 3, 1, 0],
      consentDays: new Map(),
      timeZone: 'Europe/London',
    });
    expect(
      read({
        ALERT_DAYS_BEFORE: '30, 0',
        CONSENT_DAYS: 'uk:90,EEA:180,ob-monzo:60',
        TIME_ZONE: 'Asia/Kolkata',
      }),
    ).toMatchObject({
      alertDaysBefore: [30, 0],
      consentDays: new Map([
        ['uk', 90],
        ['eea', 180],
        ['ob-monzo', 60],
      ]),
      timeZone: 'Asia/Kolkata',
    });
    expect(read({ ALERT_DAYS_BEFORE: '7' }).alertDaysBefore).toEqual([7]);
    expect(read({ ALERT_DAYS_BEFORE: '0' }).alertDaysBefore).toEqual([0]);
  });

  it.each([
    'javascript:alert(1)',
    'data:text/html,x',
    'http://evil.example',
    '//evil.example',
    'https://user@evil.example',
    '/done',
  ])('refuses to send users on to %s', (url) => {
    expect(new Set(faultsOf({ RETURN_URLS: url }))).toEqual(new Set(['RETURN_URLS']));
  });

  it('refuses plain http in production unless that is allowed loudly', () => {
    const plain = { ...production, PUBLIC_URL: 'http://127.0.0.1:4000' };
    expect(faultsOf(plain)).toEqual(['PUBLIC_URL']);
    expect(faultsOf({ ...plain, ALLOW_PLAIN_HTTP: '1' })).toEqual([]);
  });

  it('reads a secret from the file that its variable names, and refuses both at once', () => {
    const { TRUELAYER_CLIENT_SECRET: _secret, ...rest } = production;
    const environment = { ...rest, TRUELAYER_CLIENT_SECRET_FILE: '/run/secrets/tl' };
    const config = readConfig(environment, (path) => (path === '/run/secrets/tl' ? 'sec\n' : ''));
    expect(config.truelayer?.clientSecret).toBe('sec');
    expect(() => readConfig({ ...environment, TRUELAYER_CLIENT_SECRET: 'x' }, () => 'sec')).toThrow(
      'both set',
    );
  });

  it('needs no client in the environment, for the database may hold it', () => {
    const { TRUELAYER_CLIENT_ID: _id, TRUELAYER_CLIENT_SECRET: _secret, ...rest } = production;
    expect(readConfig(rest, noFile).truelayer).toMatchObject({
      environment: 'live',
      clientId: null,
      clientSecret: null,
    });
    expect(
      readConfig({ ...rest, TRUELAYER_CLIENT_ID: 'budget-1' }, noFile).truelayer,
    ).toMatchObject({ clientId: 'budget-1', clientSecret: null });
    expect(faultsOf({ ...rest, TRUELAYER_CLIENT_SECRET: 's' })).toEqual(['TRUELAYER_CLIENT_ID']);
    expect(faultsOf({ TRUELAYER_CLIENT_ID: 'budget-1' })).toEqual(['TRUELAYER_ENV']);
  });

  it('keeps explicit addresses of TrueLayer apart as an environment of their own', () => {
    const config = readConfig(
      {
        TRUELAYER_CLIENT_ID: 'a',
        TRUELAYER_CLIENT_SECRET: 'b',
        TRUELAYER_AUTH_URL: 'http://127.0.0.1:9/',
        TRUELAYER_API_URL: 'http://127.0.0.1:9',
      },
      noFile,
    );
    expect(config.truelayer).toMatchObject({
      environment: '127.0.0.1:9',
      authUrl: 'http://127.0.0.1:9',
    });
  });

  it('knows operators by a claim that clients and users have no say in', () => {
    const claimOf = (environment: Record<string, string>) =>
      readConfig(environment, noFile).operatorClaim;
    expect(claimOf({})).toEqual({ name: 'roles', value: 'operator' });
    expect(claimOf({ AUTH_ISSUER: 'https://id.example.com', AUTH_AUDIENCE: 'x' })).toBeNull();
    expect(claimOf(production)).toBeNull();
    expect(claimOf({ ...production, OPERATOR_CLAIM: 'https://a.example/role=bank=ops' })).toEqual({
      name: 'https://a.example/role',
      value: 'bank=ops',
    });
    for (const name of ['scope', 'scp', 'sub', 'iss', 'aud', 'client_id', 'azp']) {
      expect(faultsOf({ ...production, OPERATOR_CLAIM: `${name}=x` })).toEqual(['OPERATOR_CLAIM']);
    }
    for (const text of ['roles', 'roles=', '=operator', 'my roles=operator']) {
      expect(faultsOf({ ...production, OPERATOR_CLAIM: text })).toEqual(['OPERATOR_CLAIM']);
    }
  });
});
