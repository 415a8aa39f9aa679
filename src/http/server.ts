import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { App } from '../app.ts';
import { ExpectedError, StartError } from '../base/errors.ts';
import { withCorrelation } from '../base/log.ts';
import { RESULTS_PATH } from '../history/results-address.ts';
import { ExportScopeError } from '../viewers/export.ts';
import { BearerRefusedError, type ReadBearer } from './bearer.ts';
import { BodyTooLargeError } from './body.ts';
import { answerCallback } from './callback.ts';
import { answerExport, ExportUnknownError } from './export.ts';
import { createGraphql } from './graphql.ts';
import { readReadiness } from './health.ts';
import { answerLink, LINK_PATH } from './link.ts';
import { linkPage } from './link-page.ts';
import { page } from './page.ts';
import { answerResultsNotice } from './results-notice.ts';
import { wellKnownRoutes } from './well-known.ts';

/** The doors of one process. */
export interface HttpServer {
  readonly port: number;
  /** Takes no new requests, and ends those that still run when the grace is over. */
  close(graceMilliseconds: number): Promise<void>;
}

/** What the doors need beside the instruments. */
export interface HttpOptions {
  readonly readBearer: ReadBearer;
  readonly migrations: readonly string[];
  /** Answers GraphiQL's page; null in production. */
  readonly graphiql: ((request: IncomingMessage, response: ServerResponse) => Promise<void>) | null;
}

type Answer = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

const GRAPHQL_BODY_BYTES_MAX = 1_048_576;
const LOOK_MILLISECONDS = 20;
/** No segment is as long as any of our secrets, a link's above all, however oddly it is written. */
const TELLABLE_PATH = /^(?:\/[\w.-]{0,32}){1,5}$/;

/**
 * Opens the doors: `/graphql`, `/export`, `/link/…`, `/callback`, `/results/…`, `/livez`, `/readyz`. A worker
 * opens only the last two.
 *
 * @throws StartError if the port is taken
 */
export async function startHttp(app: App, options: HttpOptions): Promise<HttpServer> {
  const routes = createRoutes(app, options);
  const answering = new Set<ServerResponse>();
  const server = createServer(
    {
      requestTimeout: 30_000,
      headersTimeout: 10_000,
      keepAliveTimeout: 65_000,
      connectionsCheckingInterval: 5_000,
    },
    (request, response) => {
      answering.add(response);
      response.once('close', () => answering.delete(response));
      const id = app.entropy.bytes(12).toString('hex');
      void withCorrelation(id, () => answer(app, routes, id, request, response));
    },
  );
  const { host, port } = app.config;
  await listen(server, host, port);
  return {
    port: (server.address() as AddressInfo).port,
    close: (graceMilliseconds) => close(server, answering, graceMilliseconds),
  };
}

function createRoutes(app: App, options: HttpOptions): ReadonlyMap<string, Answer> {
  const routes = new Map<string, Answer>([
    ['/livez', async (_request, response) => json(response, 200, { live: true })],
    [
      '/readyz',
      async (_request, response) => {
        const readiness = await readReadiness(app, options.migrations);
        const ready = Object.values(readiness).every(Boolean);
        json(response, ready ? 200 : 503, { ready, ...readiness });
      },
    ],
  ]);
  if (app.config.role === 'worker') return routes;
  for (const [path, answerPath] of wellKnownRoutes(app.config)) {
    if (!routes.has(path)) routes.set(path, answerPath);
  }
  const graphql = createGraphql(app);
  routes.set(LINK_PATH, (request, response) => answerLink(app, request, response));
  routes.set(RESULTS_PATH, (request, response) => answerResultsNotice(app, request, response));
  routes.set('/callback', (request, response) => answerCallback(app, request, response));
  routes.set('/graphql', async (request, response) => {
    if (options.graphiql !== null && wantsPage(request)) return options.graphiql(request, response);
    limitBody(app, request, response);
    const viewer = await options.readBearer(request.headers.authorization);
    return graphql(request, response, viewer);
  });
  routes.set('/export', async (request, response) => {
    if (request.method === 'OPTIONS') return allowExport(app, request, response);
    allowOrigin(app, request, response);
    const viewer = await options.readBearer(request.headers.authorization);
    if (viewer === null) throw new BearerRefusedError();
    if (request.method === 'GET') return answerExport(app, request, response, viewer);
    response.writeHead(405, { allow: 'GET, OPTIONS' }).end();
  });
  if (options.graphiql !== null) {
    routes.set('/', async (_request, response) => {
      response.writeHead(302, { location: '/graphql' }).end();
    });
  }
  return routes;
}

async function answer(
  app: App,
  routes: ReadonlyMap<string, Answer>,
  id: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = doorOf(request);
  response.setHeader('x-correlation-id', id);
  response.setHeader('cache-control', 'no-store');
  response.setHeader('referrer-policy', 'no-referrer');
  response.setHeader('x-content-type-options', 'nosniff');
  response.on('finish', () => {
    // Probes ask every few seconds and have nothing to tell.
    const level = path.endsWith('z') ? 'debug' : 'info';
    const told = TELLABLE_PATH.test(path) ? path : '[struck]';
    app.log[level](
      { method: request.method, path: told, status: response.statusCode },
      'request answered',
    );
  });
  try {
    const route = routes.get(path);
    if (route === undefined) json(response, 404, { error: 'There is nothing here.' });
    else await route(request, response);
  } catch (error) {
    allowOrigin(app, request, response);
    if (!refuseInWords(app, path, response, error)) refuse(app, response, error);
  }
}

/** The path of a request, without what of it is a secret. */
function doorOf(request: IncomingMessage): string {
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
  return [LINK_PATH, RESULTS_PATH].find((door) => path.startsWith(door)) ?? path;
}

/** Lets a page of a configured origin read why it was refused. */
function allowOrigin(app: App, request: IncomingMessage, response: ServerResponse): void {
  const { origin } = request.headers;
  if (response.headersSent || origin === undefined) return;
  if (!app.config.corsOrigins.includes(origin)) return;
  response.setHeader('access-control-allow-origin', origin);
  response.setHeader('access-control-allow-credentials', 'true');
  response.setHeader('vary', 'origin');
}

/** Lets a page of a configured origin ask with a bearer token, and read the name of the file. */
async function allowExport(
  app: App,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  allowOrigin(app, request, response);
  if (response.hasHeader('access-control-allow-origin')) {
    response.setHeader('access-control-allow-methods', 'GET');
    response.setHeader('access-control-allow-headers', 'authorization');
  }
  response.writeHead(204).end();
}

/** Tells a person on the way to or from the bank what is wrong, and that nothing is lost. */
function refuseInWords(app: App, path: string, response: ServerResponse, error: unknown): boolean {
  if (response.headersSent || (path !== LINK_PATH && path !== '/callback')) return false;
  if (error instanceof BodyTooLargeError) {
    response.setHeader('connection', 'close');
    linkPage(response, 413, 'ANSWER_INCOMPLETE');
  } else {
    app.log.error({ err: error }, 'a request could not be answered');
    page(response, 503, 'This does not work at the moment', 'Load this page again in a minute.');
  }
  return true;
}

function refuse(app: App, response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
  } else if (error instanceof BearerRefusedError) {
    response.setHeader('www-authenticate', 'Bearer error="invalid_token"');
    json(response, 401, graphqlError(error));
  } else if (error instanceof BodyTooLargeError) {
    response.setHeader('connection', 'close');
    json(response, 413, graphqlError(error));
  } else if (error instanceof ExportScopeError) {
    json(response, 403, graphqlError(error));
  } else if (error instanceof ExportUnknownError) {
    json(response, 400, graphqlError(error));
  } else {
    app.log.error({ err: error }, 'a request could not be answered');
    const outage = new ExpectedError('UNAVAILABLE', 'This cannot be answered at the moment.');
    json(response, 503, graphqlError(outage));
  }
}

function graphqlError({ code, message }: ExpectedError) {
  return { errors: [{ message, extensions: { code } }] };
}

function wantsPage(request: IncomingMessage): boolean {
  return request.method === 'GET' && (request.headers.accept ?? '').includes('text/html');
}

/** Refuses a request whose body grows too large, announced or not. */
function limitBody(app: App, request: IncomingMessage, response: ServerResponse): void {
  const tooLarge = new BodyTooLargeError(GRAPHQL_BODY_BYTES_MAX);
  if (Number(request.headers['content-length'] ?? 0) > GRAPHQL_BODY_BYTES_MAX) throw tooLarge;
  let length = 0;
  request.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length <= GRAPHQL_BODY_BYTES_MAX || response.headersSent) return;
    // Whoever reads the body waits for its end, so the answer is given here, and the reader let go.
    response.once('finish', () => request.destroy(tooLarge));
    refuse(app, response, tooLarge);
  });
  request.pause();
}

function json(response: ServerResponse, status: number, body: object): void {
  response
    .writeHead(status, { 'content-type': 'application/json; charset=utf-8' })
    .end(JSON.stringify(body));
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') {
        reject(
          new StartError(`Port ${port} is taken: stop what listens there, or set PORT to another.`),
        );
      } else {
        reject(
          new StartError(`Cannot listen on ${host}:${port} (${error.code}): mend HOST and PORT.`, {
            cause: error,
          }),
        );
      }
    });
    server.listen(port, host, resolve);
  });
}

async function close(
  server: Server,
  answering: ReadonlySet<ServerResponse>,
  graceMilliseconds: number,
): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  // Connections are kept alive after an answer, and browsers open some that they never use: Node
  // would wait for both.
  const looks = setInterval(() => {
    if (answering.size === 0) server.closeAllConnections();
  }, LOOK_MILLISECONDS);
  const timer = setTimeout(() => server.closeAllConnections(), graceMilliseconds);
  await closed;
  clearInterval(looks);
  clearTimeout(timer);
}
