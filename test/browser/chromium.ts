import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

const USUAL_PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const installed = USUAL_PATHS.find((path) => existsSync(path));

/** How long to look for what should appear. */
export const PATIENCE = { timeout: 20_000 };

/** Whether browser tests are passed over: there is no Chromium, and REQUIRE_BROWSER is not 1. */
export const withoutBrowser = installed === undefined && process.env['REQUIRE_BROWSER'] !== '1';

/**
 * Starts a Chromium without a window, which calls nobody of its own accord.
 *
 * @param hosts - names whose every subdomain is on this machine
 */
export async function launchChromium(hosts: readonly string[] = []): Promise<Browser> {
  if (installed === undefined) throw new Error(`no Chromium at ${USUAL_PATHS.join(', ')}`);
  return chromium.launch({
    executablePath: installed,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      `--host-resolver-rules=${hosts.map((host) => `MAP *.${host} 127.0.0.1`).join(',')}`,
    ],
  });
}

/** A person's browser, with cookies and pages of its own. */
export interface Visitor {
  readonly context: BrowserContext;
  /** What its pages complained of in their consoles, broken content policies among it. */
  readonly complaints: readonly string[];
  /** The address of each request, of workers too. */
  readonly requested: readonly string[];
  /** The address of each request that got no answer. */
  readonly failed: readonly string[];
  /** Opens a page and listens to it. */
  openPage(): Promise<Page>;
}

/** Opens a new browser profile, without a cookie yet. */
export async function openVisitor(
  browser: Browser,
  viewport: { readonly width: number; readonly height: number },
): Promise<Visitor> {
  // Certificates of tests are made by tests.
  const context = await browser.newContext({ viewport, ignoreHTTPSErrors: true });
  context.setDefaultTimeout(PATIENCE.timeout);
  const complaints: string[] = [];
  const requested: string[] = [];
  const failed: string[] = [];
  context.on('request', (request) => requested.push(request.url()));
  context.on('requestfailed', (request) => failed.push(request.url()));
  const openPage = async () => {
    const page = await context.newPage();
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => {
      // The browser notes a document's own 403 there too: that is an answer and no fault of the page.
      const ownStatus = message.location().url === page.url();
      if (message.type() === 'error' && !ownStatus) complaints.push(message.text());
    });
    return page;
  };
  return { context, complaints, requested, failed, openPage };
}
