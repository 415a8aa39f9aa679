import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestHouse, type TestHouse } from '../support/house.ts';
import { User } from '../support/user.ts';
import { launchChromium, openVisitor, type Visitor, withoutBrowser } from './chromium.ts';
import { arriveAt, press, write } from './keyboard.ts';
import { passOn, startTlsFront, type TlsFront } from './tls-front.ts';

const SCREEN = { width: 1_000, height: 800 };
const OPERATIONS = new URL('../../schema/operations/', import.meta.url);
const AUTH_LINK = readFileSync(new URL('auth-link.graphql', OPERATIONS), 'utf8');
const COMPLETE = readFileSync(new URL('complete-consent.graphql', OPERATIONS), 'utf8');
const HOLDINGS = '{ consents { nodes { id } } accounts { nodes { id } } }';
const NOTHING = { consents: { nodes: [] }, accounts: { nodes: [] } };

/** The server, the app that users are sent on to, and somebody's host beside the server. */
const SERVER = 'consentry.bank.test';
const APP = 'done.app.test';
const SIBLING = 'evil.bank.test';

let browser: Browser;
let front: TlsFront;
let test: TestHouse;
let holdsBack = false;
let sibling: (response: ServerResponse) => void;
const referrers: (string | undefined)[] = [];

let attacker: Visitor;
let victim: Visitor;
let alice: User;
let mallory: User;
let round = 0;

describe.skipIf(withoutBrowser)('two browsers over https', () => {
  beforeAll(async () => {
    browser = await launchChromium(['bank.test', 'app.test']);
    const house = passOn(() => test.house.url);
    front = await startTlsFront((host) => {
      if (host === SERVER) return holdsBack ? holdBack : house;
      if (host === APP) return showApp;
      return host === SIBLING ? (_request, response) => sibling(response) : undefined;
    });
    test = await startTestHouse({
      publicUrl: `https://${SERVER}:${front.port}`,
      environment: { RETURN_URLS: `https://${APP}:${front.port}/done` },
    });
  });
  afterAll(async () => {
    await browser?.close();
    await front?.close();
    await test?.close();
  });
  beforeEach(async () => {
    round += 1;
    mallory = new User(test, `mallory-${round}`);
    alice = new User(test, `alice-${round}`);
    attacker = await openVisitor(browser, SCREEN);
    victim = await openVisitor(browser, SCREEN);
    referrers.length = 0;
  });
  afterEach(async () => {
    await attacker.context.close();
    await victim.context.close();
  });

  it('O7: a link that the victim finishes never shows the victim’s accounts to who began it', async () => {
    const before = exchanges();
    const link = await beginLink(attacker, `mallory-${round}`);
    const page = await victim.openPage();
    await page.goto(link);
    await giveConsent(page);
    const { code, state } = await arriveAtApp(page);
    // The victim's browser has nothing that would let anybody complete.
    expect(await victim.context.cookies(ownUrl())).toEqual([]);
    expect(await complete(alice, { code, state })).toMatchObject({
      code: 'AUTH_LINK_OF_ANOTHER_VIEWER',
    });
    expect(exchanges()).toBe(before);

    // Who began it knows the state, never the code.
    const own = await attacker.openPage();
    const answer = await own.goto(`${ownUrl()}/callback?state=${state}`);
    expect(answer?.status()).toBe(400);
    expect(await complete(mallory, { state })).toMatchObject({ code: 'ANSWER_INCOMPLETE' });
    expect(await complete(mallory, { state, code: 'guessed' })).toMatchObject({
      code: 'CODE_REFUSED',
    });
    expect(await holdingsOf(mallory)).toEqual(NOTHING);
    expect(await holdingsOf(alice)).toEqual(NOTHING);
  });

  it('O7: an attacker’s own way back, opened by the victim, connects the attacker’s bank to nobody', async () => {
    const before = exchanges();
    const page = await attacker.openPage();
    await page.goto(await beginLink(attacker, `mallory-${round}`));
    holdsBack = true;
    await giveConsent(page);
    await arriveAt(page, 'Held back');
    holdsBack = false;
    const back = page.url();
    expect(back).toContain('/callback?code=');
    // The victim is on a way of their own, whose cookie must not serve for another.
    const own = await beginLink(victim, `alice-${round}`);
    const lured = await victim.openPage();
    await lured.goto(back);
    const { code, state } = await arriveAtApp(lured);
    expect(await complete(alice, { code, state })).toMatchObject({
      code: 'AUTH_LINK_OF_ANOTHER_VIEWER',
    });
    expect(exchanges()).toBe(before);
    expect(await holdingsOf(alice)).toEqual(NOTHING);
    expect(await holdingsOf(mallory)).toEqual(NOTHING);
    await lured.goto(own);
    await giveConsent(lured);
    expect(await arriveAtApp(lured)).toMatchObject({ result: 'completed' });
    expect((await holdingsOf(alice)).consents.nodes).toHaveLength(1);
  });

  it('O7: a cookie planted from beside the server, or of another link, does not help', async () => {
    const before = exchanges();
    const link = await beginLink(attacker, `mallory-${round}`);
    const [cookie] = await attacker.context.cookies(ownUrl());
    expect(cookie).toMatchObject({
      name: expect.stringMatching(/^__Host-consentry-link-/),
      httpOnly: true,
      secure: true,
      sameSite: 'Lax',
    });
    const { name = '', value = '' } = cookie ?? {};
    const plain = name.replace('__Host-', '');
    const planted = [
      `${name}=${value}; Path=/; Secure; Domain=bank.test`,
      `${name}=${value}; Path=/; Secure`,
      `${name.toLowerCase()}=${value}; Path=/; Secure; Domain=bank.test`,
      `=${name}=${value}; Path=/; Secure; Domain=bank.test`,
      `${plain}=${value}; Path=/; Secure; Domain=bank.test`,
    ];
    sibling = (response) => response.writeHead(200, { 'set-cookie': planted }).end('planted');
    const page = await victim.openPage();
    await page.goto(`https://${SIBLING}:${front.port}/`);
    for (const line of planted) {
      await page.evaluate(`document.cookie = ${JSON.stringify(line)}`);
    }
    const sent = await victim.context.cookies(ownUrl());
    expect(sent.map((one) => one.name)).toContain(plain);
    expect(sent.map((one) => one.name)).not.toContain(name);
    await page.goto(link);
    await giveConsent(page);
    expect(await arriveAtApp(page)).toHaveProperty('code');

    // Even under the right name: the secret of a link of the victim's own is another one.
    await beginLink(victim, `alice-${round}`);
    const own = (await victim.context.cookies(ownUrl())).find((one) =>
      one.name.startsWith('__Host-'),
    );
    await victim.context.addCookies([
      { name, value: own?.value ?? '', url: ownUrl(), secure: true, sameSite: 'Lax' },
    ]);
    await page.goto(link);
    await giveConsent(page);
    const { code, state } = await arriveAtApp(page);
    expect(await complete(alice, { code, state })).toMatchObject({
      code: 'AUTH_LINK_OF_ANOTHER_VIEWER',
    });
    expect(exchanges()).toBe(before);
    expect(await holdingsOf(mallory)).toEqual(NOTHING);

    // The browser that asked needs no more than its cookie.
    const asked = await attacker.openPage();
    await asked.goto(link);
    await giveConsent(asked);
    expect(await arriveAtApp(asked)).toMatchObject({ result: 'completed' });
  });

  it('O7: form_post comes without the cookie, so only the signed-in app can finish', async () => {
    const before = exchanges();
    const page = await victim.openPage();
    await page.goto(await beginLink(victim, `alice-${round}`));
    const posted = page.waitForRequest(
      (request) => request.method() === 'POST' && request.url() === `${ownUrl()}/callback`,
    );
    await page.goto(`${page.url()}&response_mode=form_post`);
    await giveConsent(page);
    const { code, state } = await arriveAtApp(page);
    expect(await (await posted).allHeaders()).not.toHaveProperty('cookie');
    expect(await victim.context.cookies(ownUrl())).toHaveLength(1);
    expect(exchanges()).toBe(before);
    expect(await holdingsOf(alice)).toEqual(NOTHING);
    expect(await complete(mallory, { code, state })).toMatchObject({
      code: 'AUTH_LINK_OF_ANOTHER_VIEWER',
    });
    expect(exchanges()).toBe(before);
    expect(await complete(alice, { code, state })).toMatchObject({
      __typename: 'CompletedConsent',
    });
    expect((await holdingsOf(alice)).consents.nodes).toHaveLength(1);
    expect(await holdingsOf(mallory)).toEqual(NOTHING);
  });

  it('O14: the app that the user is sent on to hears of no address before', async () => {
    const page = await victim.openPage();
    await page.goto(await beginLink(victim, `alice-${round}`));
    await giveConsent(page);
    expect(await arriveAtApp(page)).toMatchObject({ result: 'completed' });
    expect(await page.evaluate<string>('document.referrer')).toBe('');
    // Also where the page before tells everybody all of its address, and the app is only handed the code.
    const stranger = await attacker.openPage();
    await stranger.goto(await beginLink(victim, `alice-${round}`));
    holdsBack = true;
    await giveConsent(stranger);
    await arriveAt(stranger, 'Held back');
    holdsBack = false;
    const link = `<a href="${stranger.url().replaceAll('&', '&amp;')}">Go on</a>`;
    sibling = (response) => showPage(response, 'Talkative', link, 'unsafe-url');
    await stranger.goto(`https://${SIBLING}:${front.port}/?secret=canary`);
    await stranger.getByRole('link', { name: 'Go on' }).click();
    expect(await arriveAtApp(stranger)).toHaveProperty('code');
    expect(await stranger.evaluate<string>('document.referrer')).toBe('');
    expect(referrers).toEqual([undefined, undefined]);
  });
});

const ownUrl = () => test.house.app.config.publicUrl;
const exchanges = () =>
  test.simulator.journal.entries.filter((entry) => entry.path === '/connect/token').length;
const holdingsOf = async (user: User) => (await user.ask(HOLDINGS)).data;
const complete = async (user: User, input: object) =>
  (await user.ask(COMPLETE, input)).data.completeConsent;

function showApp(request: IncomingMessage, response: ServerResponse): void {
  if (request.url?.startsWith('/done') === true) referrers.push(request.headers.referer);
  showPage(response, 'The app');
}

/** Keeps a browser from arriving at the server, as somebody with hold of their own network could. */
function holdBack(_request: IncomingMessage, response: ServerResponse): void {
  showPage(response, 'Held back');
}

function showPage(
  response: ServerResponse,
  title: string,
  content = '',
  referrerPolicy = 'no-referrer',
): void {
  response
    .writeHead(200, { 'content-type': 'text/html', 'referrer-policy': referrerPolicy })
    .end(`<!doctype html><title>${title}</title><h1>${title}</h1>${content}`);
}

/** Asks for a link from a page, as an app would: its browser gets the cookie. */
async function beginLink(visitor: Visitor, user: string): Promise<string> {
  const page = await visitor.context.newPage();
  await page.goto(`${ownUrl()}/livez`);
  const returnTo = `https://${APP}:${front.port}/done`;
  const url = await page.evaluate(
    async ({ token, query, variables }) => {
      const answer = await fetch('/graphql', {
        method: 'POST',
        credentials: 'include',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify({ query, variables }),
      });
      const { data } = (await answer.json()) as { data: { authLink: { url: string } } };
      return data.authLink.url;
    },
    {
      token: await test.issuer.issue(user),
      query: AUTH_LINK,
      variables: {
        input: { providerId: 'ob-lloyds', returnTo, acknowledgeSameProvider: true },
      },
    },
  );
  await page.close();
  return url;
}

async function giveConsent(page: Page): Promise<void> {
  await arriveAt(page, 'Share your bank data');
  await press(page, 'button', 'Continue');
  await arriveAt(page, 'Log in to Lloyds');
  await write(page, 'textbox', 'Username', 'john');
  await write(page, 'textbox', 'Password', 'doe');
  await page.keyboard.press('Enter');
  await arriveAt(page, 'What do you want to share?');
  await press(page, 'button', 'Allow');
}

/** Waits for the app's page, and gives what its address says. */
async function arriveAtApp(page: Page): Promise<Record<string, string>> {
  await arriveAt(page, 'The app');
  const url = new URL(page.url());
  expect(url.origin + url.pathname).toBe(`https://${APP}:${front.port}/done`);
  return Object.fromEntries(url.searchParams);
}
