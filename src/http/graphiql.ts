import { readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type DevelopmentIssuer, isLoopback } from './development-issuer.ts';

const OPERATIONS = new URL('../../schema/operations/', import.meta.url);

// As somebody new would try them; operations that stand not here come after these.
const TRIED_FIRST = [
  'banks',
  'auth-link',
  'consents',
  'follow-consent',
  'accounts',
  'transactions',
];

// GraphiQL's headers may bear comments. A made-up token would be refused, even for the schema.
const HEADERS_WITHOUT_TOKEN = '{\n  // "authorization": "Bearer a token of your issuer"\n}';

// One page with all scripts and styles within; it calls nobody but us.
const POLICY = [
  "default-src 'none'",
  "script-src 'unsafe-inline'",
  "style-src 'unsafe-inline'",
  'worker-src blob:',
  'font-src data:',
  'img-src data:',
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

// After a window's resize, drag offsets of tabs are wrong until first pressed, and the tab jumps away
// under the pointer: https://github.com/motiondivision/motion/issues/3823.
const STYLE = '<style>.graphiql-tab{transform:none!important}</style>';

/**
 * Makes the answer to `/graphql` in a browser: GraphiQL, all of it served from here, with the
 * documented operations in its tabs and, on this machine, a development token filled in.
 */
export function createGraphiql(
  issuer: DevelopmentIssuer | null,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const queries = readOperations();
  return async (request, response) => {
    // Whoever reaches this page over the network gets it without anybody's token.
    const token = issuer !== null && isLoopback(request) ? await issuer.issue('alice') : null;
    // Nine megabytes of program, of no use to a start that nobody looks at.
    const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql');
    const html = renderGraphiQL({
      title: 'Consentry',
      defaultHeaders:
        token === null
          ? HEADERS_WITHOUT_TOKEN
          : JSON.stringify({ authorization: `Bearer ${token}` }, null, 2),
      // A kept token would outlive its hours; each load brings a fresh one.
      shouldPersistHeaders: false,
      defaultTabs: queries.map((query) => ({ query })),
      ...initialQuery(request, queries[0]),
      subscriptionsProtocol: 'SSE',
    });
    response
      .writeHead(200, {
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': POLICY,
        'x-frame-options': 'DENY',
      })
      .end(html.replace('</head>', `${STYLE}</head>`));
  };
}

// GraphiQL keeps the query of the open tab in the address, and on a reload finds the tab by it. Where
// the address has none it would add an empty tab. What the address says is never put into the page.
function initialQuery(request: IncomingMessage, first: string | undefined): { query?: string } {
  const { searchParams } = new URL(request.url ?? '/', 'http://localhost');
  return first === undefined || searchParams.has('query') ? {} : { query: first };
}

function readOperations(): readonly string[] {
  const names = readdirSync(OPERATIONS)
    .filter((file) => file.endsWith('.graphql'))
    .map((file) => file.slice(0, -'.graphql'.length))
    .toSorted();
  const first = TRIED_FIRST.filter((name) => names.includes(name));
  return [...first, ...names.filter((name) => !first.includes(name))].map((name) =>
    readFileSync(new URL(`${name}.graphql`, OPERATIONS), 'utf8'),
  );
}
