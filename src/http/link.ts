import type { IncomingMessage, ServerResponse } from 'node:http';
import type { App } from '../app.ts';
import { AuthLinkError } from '../consents/link-error.ts';
import { openLink } from '../consents/open.ts';
import { linkPage } from './link-page.ts';

/** What the path of every link begins with; the rest is its secret. */
export const LINK_PATH = '/link/';

const STATUSES: Readonly<Record<string, number>> = {
  AUTH_LINK_UNKNOWN: 404,
  AUTH_LINK_IN_PROGRESS: 202,
};

/**
 * Leads the user from a link to the bank, or says why it leads nowhere any more. It sets no cookie:
 * whoever was sent somebody else's link would otherwise complete it for them.
 */
export async function answerLink(
  app: App,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== 'GET') {
    response.writeHead(405, { allow: 'GET' }).end();
    return;
  }
  // A browser that only prepares for a click has opened nothing, and the bank's dialog is for one use.
  if (isPrefetch(request)) {
    response.writeHead(503).end();
    return;
  }
  const path = (request.url ?? '').split('?', 1)[0] ?? '';
  let dialog: string;
  try {
    dialog = await openLink(app, path.slice(LINK_PATH.length));
  } catch (error) {
    if (!(error instanceof AuthLinkError)) throw error;
    return linkPage(response, STATUSES[error.code] ?? 410, error.code);
  }
  response.writeHead(303, { location: dialog }).end();
}

function isPrefetch({ headers }: IncomingMessage): boolean {
  return ['sec-purpose', 'purpose', 'x-purpose', 'x-moz'].some((name) =>
    /prefetch|prerender|preview/i.test(String(headers[name] ?? '')),
  );
}
