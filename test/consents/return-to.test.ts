import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestHouse, type TestHouse } from '../support/house.ts';
import { User } from '../support/user.ts';

const ALLOWED = [
  'https://app.example/done',
  'https://app.example/done?kept=1&also=a%20b',
  'https://app.example:8443/#/done',
  'https://app.example',
  'myapp://done',
];

/** Everything that a parser somewhere takes for the app's address, or for another's. */
const REFUSED = [
  '//evil.example',
  '///evil.example',
  '////evil.example',
  '/\\evil.example',
  '\\\\evil.example',
  '\\/evil.example',
  '/evil',
  'evil.example',
  'https:evil.example',
  'https:/evil.example',
  'https:///evil.example',
  'https:\\\\evil.example',
  'https:/\\evil.example',
  'HTTPS://evil.example',
  'http://app.example/done',
  'HTTPS://app.example/done',
  'https://APP.example/done',
  'https://app.example/Done',
  'https://app.example/done/',
  'https://app.example//done',
  'https://app.example/./done',
  'https://app.example/x/../done',
  'https://app.example/%64one',
  'https://app.example/done%2f',
  'https://app.example/done#',
  'https://app.example/done?',
  'https://app.example/done?kept=2',
  'https://app.example/done?kept=1',
  'https://app.example/done#x',
  'https://app.example/done;x',
  'https://app.example:443/done',
  'https://app.example:444/done',
  'https://app.example:/done',
  'https://app.example./done',
  'https://app.example.evil.example/done',
  'https://app.example.evil.example',
  'https://app.example@evil.example/done',
  'https://user@app.example/done',
  'https://user:pw@app.example/done',
  'https://app.example:pw@evil.example/done',
  'https://app.example%40evil.example/done',
  'https://evil.example/https://app.example/done',
  'https://evil.example?https://app.example/done',
  'https://evil.example#https://app.example/done',
  'https://evil.example\\@app.example/done',
  'https://app.example\\.evil.example/done',
  ' https://app.example/done',
  'https://app.example/done ',
  '\thttps://app.example/done',
  'ht\ttps://app.example/done',
  'https://app.example/do\nne',
  'https://app.example/done\r\nlocation: https://evil.example',
  'https://app.example/done%0d%0ax: y',
  'https://аpp.example/done',
  'https://app。example/done',
  'https://app.example\u200B/done',
  'https://[::1]/done',
  'https://2130706433/done',
  'javascript:alert(1)',
  'data:text/html,x',
  'myapp:done',
  'MYAPP://done',
  'myapp://done/',
  'myapp://evil',
  'myapp:///done',
  'otherapp://done',
  '',
  'null',
];

let test: TestHouse;
let alice: User;

const ASK = `mutation ($input: AuthLinkInput!) { authLink(input: $input) {
  __typename ... on IssuedAuthLink { url } ... on Error { code } } }`;

beforeAll(async () => {
  test = await startTestHouse({ environment: { RETURN_URLS: ALLOWED.join(' ') } });
  alice = new User(test, 'alice');
});
afterAll(() => test.close());

describe('O12: the way on to the app', () => {
  it('is tried with more than sixty addresses', () => {
    expect(new Set(REFUSED).size).toBeGreaterThanOrEqual(60);
  });

  it.each(REFUSED)('is never %j', async (returnTo) => {
    const { data } = await alice.ask(ASK, { input: { providerId: 'ob-lloyds', returnTo } });
    expect(data.authLink).toEqual({ __typename: 'AuthLinkRefused', code: 'RETURN_TO_REFUSED' });
  });

  it.each(ALLOWED)('is %s exactly, whatever comes along with it', async (returnTo) => {
    const link = await alice.beginLink({ providerId: 'ob-lloyds', returnTo });
    const back = new URL(await alice.walk(link));
    for (const name of ['returnTo', 'return_to', 'redirect_uri', 'next']) {
      back.searchParams.set(name, 'https://evil.example');
    }
    for (const browser of [new User(test, 'somebody'), alice]) {
      const location = (await browser.open(back.href)).headers.get('location');
      // Code and state never go to a custom scheme.
      if (location === null) expect([browser === alice, returnTo]).toEqual([false, 'myapp://done']);
      else expect(withoutOurs(location)).toBe(withoutOurs(returnTo));
    }
  });
});

/** An address without the parameters that a way back adds. */
function withoutOurs(address: string): string {
  const url = new URL(address);
  for (const name of ['link', 'result', 'code', 'state']) url.searchParams.delete(name);
  url.searchParams.sort();
  return url.href;
}
