import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { TestClock } from 'pg-boss';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { launchChromium, openVisitor, type Visitor, withoutBrowser } from './chromium.ts';
import { arriveAt, goTo, press, write } from './keyboard.ts';

/** The narrowest phone that is still sold. */
const SMALL_PHONE = { width: 320, height: 568 };
const CLIENT = { id: 'sandbox-dialog', secret: 'not-a-secret' };
const BRANCH = 'Crédit Agricole Alsace Vosges';

/** What a finger can hit, and what a screen reader has to say to each thing that takes input. */
const UNFIT = `[...document.querySelectorAll('button, select, label.pick, input:not([type=hidden])')]
  .filter((element) => element.type === 'checkbox'
    ? element.closest('label') === null
    : element.getBoundingClientRect().height < 44 ||
      ![...(element.labels ?? []), element].some(({ textContent }) => textContent.trim() !== ''))
  .map(({ outerHTML }) => outerHTML)`;

let browser: Browser;
let simulator: Simulator;
let app: Server;
let appUrl: string;
let visitor: Visitor;
/** What came back to the app, oldest first. */
let arrivals: { readonly method: string; readonly fields: Record<string, string> }[];

describe.skipIf(withoutBrowser)('the dialog on a small phone, by keyboard', () => {
  beforeAll(async () => {
    browser = await launchChromium();
    app = await startApp();
    appUrl = `http://127.0.0.1:${(app.address() as AddressInfo).port}/callback`;
    const clock = new TestClock(new Date('2026-03-01T09:00:00Z'));
    const client = { ...CLIENT, redirectUris: [appUrl] };
    simulator = await startSimulator({ clock, seed: 'dialog', client });
  });
  afterAll(async () => {
    await browser?.close();
    await simulator?.close();
    app?.close();
  });
  beforeEach(async () => {
    arrivals = [];
    visitor = await openVisitor(browser, SMALL_PHONE);
  });
  afterEach(() => visitor.context.close());

  it('leads through a search, a branch and a wrong password back to the app', async () => {
    const page = await open();
    await arrive(page, 'Share your bank data');
    await press(page, 'button', 'Continue');

    await arrive(page, 'Choose your bank');
    await search(page, 'nobody');
    expect(await page.getByRole('paragraph').allInnerTexts()).toContain(
      'No bank is called “nobody”.',
    );
    await page.getByRole('searchbox').fill('');
    await search(page, 'agricole');
    await press(page, 'button', 'Crédit Agricole FR');

    await arrive(page, 'Choose your branch');
    await goTo(page, 'combobox', 'Branch');
    await page.keyboard.type(BRANCH);
    await press(page, 'button', 'Continue');

    await arrive(page, 'Log in to Crédit Agricole');
    await logIn(page, 'nope');
    await page.getByRole('alert').waitFor();
    const username = page.getByRole('textbox', { name: 'Username' });
    expect(await username.getAttribute('aria-describedby')).toBe(
      await page.getByRole('alert').getAttribute('id'),
    );
    await arrive(page, 'Log in to Crédit Agricole');
    await logIn(page, 'doe');

    await arrive(page, 'What do you want to share?');
    await press(page, 'button', 'Allow');
    await page.waitForURL(/callback\?/);
    expect(visitor.complaints).toEqual([]);
    expect(arrivals).toEqual([
      { method: 'GET', fields: expect.objectContaining({ code: expect.any(String) }) },
    ]);
  });

  it('sends the answer by form_post', async () => {
    const page = await open({ response_mode: 'form_post', provider_id: 'mock', consent_id: 'c-1' });
    await arrive(page, 'Log in to Mock');
    await logIn(page, 'doe');
    await arrive(page, 'What do you want to share?');
    await press(page, 'button', 'Allow');
    await page.waitForURL(/callback$/);
    expect(visitor.complaints).toEqual([]);
    expect(arrivals).toEqual([
      {
        method: 'POST',
        fields: expect.objectContaining({ code: expect.any(String), state: 'state-1' }),
      },
    ]);
  });

  it.each([
    ['the permissions', {}, 'Share your bank data'],
    ['the list of banks', { consent_id: 'c-1', providers: 'uk-cs-mock' }, 'Choose your bank'],
    [
      'the branches',
      { consent_id: 'c-1', provider_id: 'stet-credit-agricole' },
      'Choose your branch',
    ],
    ['the login', { consent_id: 'c-1', provider_id: 'mock' }, 'Log in to Mock'],
  ])('can be left at %s', async (_name, parameters, title) => {
    const page = await open(parameters);
    await arrive(page, title);
    await press(page, 'button', 'Cancel');
    await page.waitForURL(/callback\?/);
    expect(visitor.complaints).toEqual([]);
    expect(arrivals.map(({ fields }) => fields['error'])).toEqual(['access_denied']);
  });

  it('says what is wrong with a link that leads nowhere', async () => {
    const page = await open({ client_id: 'somebody' });
    await arriveAt(page, 'This did not work');
    expect(await page.getByRole('alert').innerText()).toContain('client_id');
    expect(arrivals).toEqual([]);
  });
});

async function open(parameters: Readonly<Record<string, string>> = {}): Promise<Page> {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: CLIENT.id,
    redirect_uri: appUrl,
    scope: 'info accounts balance cards transactions offline_access',
    state: 'state-1',
    ...parameters,
  });
  const page = await visitor.openPage();
  await page.goto(`${simulator.authUrl}/?${query}`);
  return page;
}

/** Waits for a page, and sees that everything on it can be hit and has a name. */
async function arrive(page: Page, title: string): Promise<void> {
  await arriveAt(page, title);
  expect(await page.evaluate<string[]>(UNFIT)).toEqual([]);
}

async function search(page: Page, wanted: string): Promise<void> {
  await write(page, 'searchbox', 'Search', wanted);
  await page.keyboard.press('Enter');
  await page.waitForURL(new RegExp(`search=${wanted}`));
}

async function logIn(page: Page, password: string): Promise<void> {
  await write(page, 'textbox', 'Username', 'john');
  await write(page, 'textbox', 'Password', password);
  await page.keyboard.press('Enter');
}

/** Where the user comes back to: notes what arrives. */
async function startApp(): Promise<Server> {
  const server = createServer((request, response) => {
    void receive(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await text(request);
  const { method = '' } = request;
  const { searchParams } = new URL(request.url ?? '', appUrl);
  const fields = method === 'POST' ? new URLSearchParams(body) : searchParams;
  arrivals.push({ method, fields: Object.fromEntries(fields) });
  response.setHeader('content-type', 'text/html');
  response.end('<link rel="icon" href="data:,"><h1>Back</h1>');
}
