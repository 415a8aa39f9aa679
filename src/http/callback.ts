import type { IncomingMessage, ServerResponse } from 'node:http';
import type { App } from '../app.ts';
import { takeAnswer } from '../consents/complete.ts';
import { findLinkByState } from '../consents/find-link.ts';
import { AuthLinkError } from '../consents/link-error.ts';
import { linkCookieName } from '../consents/link-cookie.ts';
import { matchesHash } from '../consents/secrets.ts';
import { type BankAnswer, readAnswer, recordReturn } from '../consents/way-back.ts';
import type { AuthLink } from '../generated/prisma/client.ts';
import { globalIdOf } from '../base/global-id.ts';
import { readBody } from './body.ts';
import { linkPage } from './link-page.ts';
import { page } from './page.ts';

const BODY_BYTES_MAX = 16_384;

/** How a way back ended, told to the app in its address. */
interface Ending {
  readonly result: 'completed' | 'cancelled' | 'failed';
  readonly code?: string;
}

/**
 * Receives the user back from the bank, by GET or by the POST of `form_post`. Only the browser that
 * asked for the link completes it here: otherwise a link that was sent to somebody else would show
 * its sender that person's money.
 */
export async function answerCallback(
  app: App,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'POST') {
    response.writeHead(405, { allow: 'GET, POST' }).end();
    return;
  }
  const parameters = await readParameters(app, request);
  const state = single(parameters, 'state');
  const link = state === null ? null : await findLinkByState(app, state);
  if (link === null) return linkPage(response, 400, 'AUTH_LINK_UNKNOWN');
  let answer: BankAnswer;
  try {
    // What is not whole leaves the link as it is: a forged answer must not end it.
    answer = readAnswer(
      app,
      single(parameters, 'code'),
      single(parameters, 'error'),
      parameters.getAll('iss'),
    );
  } catch (error) {
    if (!(error instanceof AuthLinkError)) throw error;
    return linkPage(response, 400, error.code);
  }
  await recordReturn(app, link);
  if (!isOwnBrowser(app, request, link)) return handOver(response, link, parameters);
  return goBack(response, link, await endingOf(takeAnswer(app, link, answer)));
}

async function readParameters(app: App, request: IncomingMessage): Promise<URLSearchParams> {
  if (request.method === 'POST')
    return new URLSearchParams(await readBody(request, BODY_BYTES_MAX));
  return new URL(request.url ?? '/', app.config.publicUrl).searchParams;
}

/** A parameter that stands there once; one that is doubled is as good as an empty one. */
function single(parameters: URLSearchParams, name: string): string | null {
  const values = parameters.getAll(name);
  return values.length > 1 ? '' : (values[0] ?? null);
}

function isOwnBrowser(app: App, request: IncomingMessage, link: AuthLink): boolean {
  const name = linkCookieName(app.config, link.id);
  const cookies = (request.headers.cookie ?? '').split(';').map((cookie) => cookie.trim());
  const secret = cookies.find((cookie) => cookie.startsWith(`${name}=`))?.slice(name.length + 1);
  return secret !== undefined && matchesHash(secret, link.browserHash);
}

async function endingOf(completion: Promise<string>): Promise<Ending> {
  try {
    await completion;
    return { result: 'completed' };
  } catch (error) {
    if (!(error instanceof AuthLinkError)) throw error;
    const cancelled = error.code === 'AUTH_LINK_CANCELLED';
    return { result: cancelled ? 'cancelled' : 'failed', code: error.code };
  }
}

function goBack(response: ServerResponse, link: AuthLink, ending: Ending): void {
  if (link.returnTo !== null) {
    return redirect(response, link.returnTo, { link: globalIdOf('AuthLink', link.id), ...ending });
  }
  if (ending.code === undefined) {
    return page(response, 200, 'Your bank is connected', 'You can close this page.');
  }
  return linkPage(response, ending.code === 'AUTH_LINK_IN_PROGRESS' ? 202 : 200, ending.code);
}

// Another browser brought the code. The signed-in app may finish with it, but never by a custom
// scheme, which any other app on a phone could claim and read.
function handOver(response: ServerResponse, link: AuthLink, parameters: URLSearchParams): void {
  if (link.returnTo === null || !/^https?:/.test(link.returnTo)) {
    return page(
      response,
      403,
      'Open this link where you began',
      'It was begun in another browser. Go back to your app and begin again.',
    );
  }
  const carried = ['code', 'state', 'error', 'iss'].flatMap((name) => {
    const value = single(parameters, name);
    if (value === null) return [];
    // Its codes are words; whatever else stands there was not written by the bank.
    const unfit = name === 'error' && !/^\w{1,64}$/.test(value);
    return [[name, unfit ? 'server_error' : value] as const];
  });
  return redirect(response, link.returnTo, {
    link: globalIdOf('AuthLink', link.id),
    ...Object.fromEntries(carried),
  });
}

function redirect(
  response: ServerResponse,
  address: string,
  parameters: Readonly<Record<string, string>>,
): void {
  const url = new URL(address);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  response.writeHead(303, { location: url.href }).end();
}
