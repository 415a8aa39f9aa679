import { readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { renderGraphiQL } from '@graphql-yoga/render-graphiql';
import { type DevelopmentIssuer, isLoopback } from './development-issuer.ts';

const OPERATIONS = new URL('../../schema/operations/', import.meta.url);

/**
 * Makes the answer to `/graphql` in a browser: GraphiQL, all of it served from here, with the
 * documented operations in its tabs and, on this machine, a development token filled in.
 */
export function createGraphiql(
  issuer: DevelopmentIssuer | null,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const queries = readdirSync(OPERATIONS)
    .filter((file) => file.endsWith('.graphql'))
    .toSorted()
    .map((file) => readFileSync(new URL(file, OPERATIONS), 'utf8'));
  return async (request, response) => {
    // Whoever reaches this page over the network gets it without anybody's token.
    const token = issuer !== null && isLoopback(request) ? await issuer.issue('alice') : null;
    const headers = JSON.stringify({ authorization: `Bearer ${token ?? '…'}` }, null, 2);
    const html = renderGraphiQL({
      title: 'Consentry',
      headers,
      defaultHeaders: headers,
      shouldPersistHeaders: false,
      defaultTabs: queries.map((query) => ({ query, headers })),
      subscriptionsProtocol: 'SSE',
    });
    response
      .writeHead(200, {
        'content-type': 'text/html; charset=utf-8',
        'x-frame-options': 'DENY',
      })
      .end(html);
  };
}
