import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../src/base/config.ts';
import { StartError } from '../../src/base/errors.ts';
import { freePort, startTestHouse, type TestHouse } from '../support/house.ts';

const ONE = Array.from({ length: 32 }, () => 'AB').join(':');
const TWO = Array.from({ length: 32 }, () => 'cd').join(':');
const AASA = '/.well-known/apple-app-site-association';
const LINKS = '/.well-known/assetlinks.json';

let test: TestHouse;
const get = (path: string, method = 'GET') =>
  fetch(`${test.house.url}${path}`, { method, redirect: 'manual' });

describe('where apps are configured', () => {
  beforeAll(async () => {
    const port = await freePort();
    const own = `http://localhost:${port}`;
    test = await startTestHouse({
      environment: {
        PORT: String(port),
        PUBLIC_URL: own,
        REDIRECT_URIS: `${own}/callback ${own}/app/bank https://app.example/landing`,
        RETURN_URLS: `${own}/app/done?kept=1 ${own}/app/done https://app.example/done myapp://done`,
        APPLE_APP_IDS: 'TEAMID1234.com.example.app TEAMID1234.com.example.beta',
        ANDROID_APPS: `com.example.app=${ONE} com.example.app=${TWO} com.example.beta=${ONE}`,
      },
    });
  });
  afterAll(() => test.close());

  it('iOS is told which paths are whose, at once and as JSON', async () => {
    const answer = await get(AASA);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(await answer.json()).toEqual({
      applinks: {
        details: [
          {
            appIDs: ['TEAMID1234.com.example.app', 'TEAMID1234.com.example.beta'],
            components: [{ '/': '/app/bank' }, { '/': '/app/done' }],
          },
        ],
      },
    });
  });

  it('Android is told of each package with its certificates', async () => {
    const answer = await get(LINKS);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/json');
    const statement = (name: string, fingerprints: string[]) => ({
      relation: ['delegate_permission/common.handle_all_urls'],
      target: {
        namespace: 'android_app',
        package_name: name,
        sha256_cert_fingerprints: fingerprints,
      },
    });
    expect(await answer.json()).toEqual([
      statement('com.example.app', [ONE, TWO.toUpperCase()]),
      statement('com.example.beta', [ONE]),
    ]);
  });

  it('a phone without the app reads to go back to it, and nothing is shown of the address', async () => {
    const answer = await get('/app/bank?code=canary&state=canary');
    const page = await answer.text();
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(page).toContain('Go back to your app');
    expect(page).not.toContain('canary');
  });

  it('can be looked up and not written to', async () => {
    for (const path of [AASA, LINKS, '/app/bank']) {
      expect((await get(path, 'HEAD')).status).toBe(200);
      expect((await get(path, 'POST')).status).toBe(405);
    }
  });
});

describe('where none is configured', () => {
  beforeAll(async () => {
    test = await startTestHouse();
  });
  afterAll(() => test.close());

  it('there is no such file', async () => {
    for (const path of [AASA, LINKS]) expect((await get(path)).status).toBe(404);
  });
});

describe('the configuration of apps', () => {
  const base = { PUBLIC_URL: 'http://localhost:1', RETURN_URLS: 'http://localhost:1/app' };
  const read = (environment: Record<string, string>) =>
    readConfig({ ...base, ...environment }, () => '');

  it.each([
    ['APPLE_APP_IDS', 'com.example.app'],
    ['APPLE_APP_IDS', 'TEAMID1234.'],
    ['APPLE_APP_IDS', 'TEAMID1234.com/example'],
    ['ANDROID_APPS', 'com.example.app'],
    ['ANDROID_APPS', `app=${ONE}`],
    ['ANDROID_APPS', `com.example.app=${ONE.slice(3)}`],
    ['ANDROID_APPS', `com.example.app=${ONE.replaceAll(':', '')}`],
  ])('refuses %s=%s', (name, value) => {
    expect(() => read({ [name]: value })).toThrow(StartError);
    expect(() => read({ [name]: value })).toThrow(name);
  });

  it('refuses apps that have nothing to claim', () => {
    const apple = { APPLE_APP_IDS: 'TEAMID1234.com.example.app' };
    expect(read(apple).apps.paths).toEqual(['/app']);
    expect(() => read({ ...apple, RETURN_URLS: 'https://app.example/app' })).toThrow(
      'nothing to claim',
    );
    expect(() => read({ ...apple, REDIRECT_URIS: 'http://localhost:1/callback' })).not.toThrow();
    expect(() => read({ ...apple, RETURN_URLS: 'http://localhost:1/callback' })).toThrow('claim');
  });
});
