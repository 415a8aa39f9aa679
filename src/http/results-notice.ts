import type { IncomingMessage, ServerResponse } from 'node:http';
import type { App } from '../app.ts';
import { RESULTS_PATH } from '../history/results-address.ts';
import { wakeSpan } from '../history/wake-span.ts';

const BODY_BYTES_MAX = 65_536;

/**
 * Hears that a task at the bank has ended. The secret in the path says all that counts: nobody signs
 * what is posted, so that it is neither read nor believed, and everything but a secret of ours gets
 * one and the same answer. Only what is written down is confirmed.
 */
export async function answerResultsNotice(
  app: App,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  dropBody(request);
  const secret = (request.url ?? '').split('?', 1)[0]?.slice(RESULTS_PATH.length) ?? '';
  const known = request.method === 'POST' && (await wakeSpan(app, secret));
  // Whoever is still sending by now has more to say than a notice has.
  if (!request.complete) response.setHeader('connection', 'close');
  response.writeHead(known ? 200 : 404, { 'content-length': '0' }).end();
}

/** Lets a small body pass by, so that its sender hears the answer, and cuts a large one. */
function dropBody(request: IncomingMessage): void {
  let length = 0;
  request.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > BODY_BYTES_MAX) request.pause();
  });
}
