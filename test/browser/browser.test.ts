import { readdirSync, readFileSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { walkDialog } from '../../src/simulator/walk.ts';
import { createTestFolder } from '../support/folder.ts';
import { freePort, startTestHouse, type TestHouse } from '../support/house.ts';
import { type ServerProcess, startServer } from '../support/process.ts';
import { User } from '../support/user.ts';
import { launchChromium, openVisitor, PATIENCE, type Visitor, withoutBrowser } from './chromium.ts';
import { openGraphiql, openTab, run, tabNames, textIn } from './graphiql-page.ts';
import { arriveAt, goTo, press, write } from './keyboard.ts';

const PHONE = { width: 390, height: 844 };
const LAPTOP = { width: 1280, height: 800 };
const OPERATIONS = new URL('../../schema/operations/', import.meta.url);
const AUTH_LINK = readFileSync(new URL('auth-link.graphql', OPERATIONS), 'utf8');
const CONSENTS = `{ consents(first: 10) { nodes { status provider { providerId } } }
  accounts(first: 10) { nodes { displayName } } }`;

let browser: Browser;
let test: TestHouse;
let visitor: Visitor;

describe.skipIf(withoutBrowser)('in a browser', () => {
  beforeAll(async () => {
    browser = await launchChromium();
    test = await startTestHouse();
  });
  afterAll(async () => {
    await browser?.close();
    await test?.close();
  });
  afterEach(() => visitor.context.close());

  describe('a person on a phone', () => {
    let alice: User;
    let users = 0;
    beforeEach(async () => {
      visitor = await openVisitor(browser, PHONE);
      users += 1;
      alice = new User(test, `alice-${users}`);
    });

    it('connects a bank with the keyboard alone, after a wrong password, and shares what they chose', async () => {
      const link = await beginLink(visitor, `alice-${users}`, {});
      const [cookie] = await visitor.context.cookies();
      expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax' });
      const page = await visitor.openPage();
      await page.goto(link);

      await arriveAt(page, 'Share your bank data');
      await press(page, 'button', 'Continue');

      await arriveAt(page, 'Choose your bank');
      await write(page, 'searchbox', 'Search', 'monz');
      await page.keyboard.press('Enter');
      await page.waitForURL(/search=monz/);
      expect(await page.getByRole('listitem').allInnerTexts()).toEqual([
        expect.stringContaining('Monzo'),
      ]);
      await press(page, 'button', 'Monzo UK');

      await arriveAt(page, 'Log in to Monzo');
      await write(page, 'textbox', 'Username', 'john');
      await write(page, 'textbox', 'Password', 'not doe');
      await page.keyboard.press('Enter');
      await page.getByRole('alert').waitFor();
      expect(await page.getByRole('alert').innerText()).toBe(
        'Username and password do not belong together.',
      );
      await write(page, 'textbox', 'Username', 'john');
      await write(page, 'textbox', 'Password', 'doe');
      await press(page, 'button', 'Log in');

      await arriveAt(page, 'What do you want to share?');
      await goTo(page, 'checkbox', /^Easy Saver/);
      await page.keyboard.press('Space');
      await press(page, 'button', 'Allow');

      await arriveAt(page, 'Your bank is connected');
      expect(new URL(page.url()).origin).toBe(test.house.app.config.publicUrl);
      const connected = async () => {
        const { accounts, consents } = (await alice.ask(CONSENTS)).data;
        return { consents, names: accounts.nodes.map((account: any) => account.displayName) };
      };
      await expect.poll(connected, PATIENCE).toEqual({
        consents: { nodes: [{ status: 'ACTIVE', provider: { providerId: 'ob-monzo' } }] },
        names: expect.arrayContaining(['Monzo Current Account']),
      });
      expect((await connected()).names).not.toContain('Easy Saver');
      expect(visitor.complaints).toEqual([]);
    });

    it('who cancels at the bank reads that nothing was connected', async () => {
      const page = await visitor.openPage();
      await page.goto(await beginLink(visitor, `alice-${users}`, { providerId: 'ob-lloyds' }));
      await arriveAt(page, 'Share your bank data');
      await press(page, 'button', 'Cancel');
      await arriveAt(page, 'Nothing was connected');
      expect((await alice.ask(CONSENTS)).data.consents.nodes).toEqual([]);
      expect(visitor.complaints).toEqual([]);
    });

    it('who opens the link in another browser is sent back to where they began', async () => {
      const link = await beginLink(visitor, `alice-${users}`, { providerId: 'ob-lloyds' });
      await visitor.context.close();
      visitor = await openVisitor(browser, PHONE);
      const page = await visitor.openPage();
      const before = exchanges();
      await page.goto(link);
      await press(page, 'button', 'Continue');
      await arriveAt(page, 'Log in to Lloyds');
      await write(page, 'textbox', 'Username', 'john');
      await write(page, 'textbox', 'Password', 'doe');
      await page.keyboard.press('Enter');
      await arriveAt(page, 'What do you want to share?');
      await press(page, 'button', 'Allow');
      await arriveAt(page, 'Open this link where you began');
      expect(await page.getByRole('paragraph').innerText()).toContain(
        'Go back to your app and begin again.',
      );
      expect(exchanges()).toBe(before);
      expect((await alice.ask(CONSENTS)).data.consents.nodes).toEqual([]);
      expect(visitor.complaints).toEqual([]);
    });
  });

  describe('GraphiQL', () => {
    let server: ServerProcess;
    let folder: { readonly path: string; remove(): Promise<void> };
    let address: string;
    beforeAll(async () => {
      folder = await createTestFolder();
      const port = await freePort();
      address = `http://localhost:${port}/graphql`;
      server = await startServer({ PORT: String(port), DATA_DIR: folder.path });
    });
    afterAll(async () => {
      await server?.kill('SIGTERM');
      await folder?.remove();
    });
    beforeEach(async () => {
      visitor = await openVisitor(browser, LAPTOP);
    });

    it('comes whole from its own origin, with all documented operations and a token', async () => {
      const page = await openGraphiql(visitor, address);
      expect(await page.title()).toBe('Consentry');
      expect((await tabNames(page)).toSorted()).toEqual(operationNames());
      expect(await textIn(page, 'Headers')).toContain('"authorization": "Bearer ey');
      await run(page);
      await expect
        .poll(() => textIn(page, 'Result Window'), PATIENCE)
        .toContain('"displayName": "');
      expectOwnRequestsOnly(address);
    });

    it('links a bank, and follows its consent', async () => {
      const page = await openGraphiql(visitor, address);
      await openTab(page, 'AuthLink');
      const { authLink } = await run(page);
      const opened = await fetch(authLink.url, { redirect: 'manual' });
      const dialog = opened.headers.get('location') ?? '';
      const end = await walkDialog(dialog, { user: 'john', password: 'doe' });
      const back = await visitor.openPage();
      await back.goto(end.url);
      await arriveAt(back, 'Your bank is connected');
      await back.close();
      await openTab(page, 'Consents');
      const { consents } = await run(page);
      await openTab(page, 'FollowConsent');
      await page.getByRole('button', { name: 'Variables' }).click();
      await page.getByRole('region', { name: 'Variables' }).getByRole('textbox').focus();
      await page.keyboard.insertText(JSON.stringify({ id: consents.nodes[0].id }));
      await page.getByRole('button', { name: /^Execute query/ }).click();
      await expect
        .poll(() => textIn(page, 'Result Window'), PATIENCE)
        .toContain('"status": "ACTIVE"');
      expectOwnRequestsOnly(address);
    });

    it('finds its tabs again on a reload, and keeps no token in the browser', async () => {
      const page = await openGraphiql(visitor, address);
      const names = await tabNames(page);
      await page.reload();
      await page.getByRole('tab').first().waitFor();
      expect(await tabNames(page)).toEqual(names);
      await openTab(page, 'Accounts');
      await page.reload();
      await page.getByRole('tab', { name: 'Accounts', selected: true }).waitFor();
      expect(await tabNames(page)).toEqual(names);
      expect(await textIn(page, 'Headers')).toContain('"authorization": "Bearer ey');
      expect(await page.evaluate<string>('JSON.stringify(localStorage)')).not.toContain('Bearer');
    });

    it('works without a token where another issuer gives them', async () => {
      const page = await openGraphiql(visitor, `${test.house.app.config.publicUrl}/graphql`);
      expect(await textIn(page, 'Headers')).not.toContain('Bearer ey');
      expect((await run(page)).providers.nodes).not.toEqual([]);
      expect(visitor.complaints).toEqual([]);
    });
  });
});

const exchanges = () =>
  test.simulator.journal.entries.filter((entry) => entry.path === '/connect/token').length;

/** Asks for a link from a page, as an app would: its browser gets the cookie. */
async function beginLink(visiting: Visitor, user: string, input: object): Promise<string> {
  const app = await visiting.context.newPage();
  await app.goto(`${test.house.app.config.publicUrl}/livez`);
  const url = await app.evaluate(
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
    { token: await test.issuer.issue(user), query: AUTH_LINK, variables: { input } },
  );
  await app.close();
  return url;
}

function operationNames(): string[] {
  return readdirSync(OPERATIONS)
    .map((file) => readFileSync(new URL(file, OPERATIONS), 'utf8'))
    .map((text) => /^(?:query|mutation|subscription) (\w+)/m.exec(text)?.[1] ?? '')
    .toSorted();
}

function expectOwnRequestsOnly(address: string): void {
  const origins = visitor.requested
    .filter((url) => !url.startsWith('data:'))
    .map((url) => new URL(url).origin);
  expect(new Set(origins)).toEqual(new Set([new URL(address).origin]));
  expect(visitor.failed).toEqual([]);
  expect(visitor.complaints).toEqual([]);
}
