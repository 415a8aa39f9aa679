import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as it reached the server. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A server of one test's own; `await using` closes it with every connection. */
export interface HttpServer extends AsyncDisposable {
  readonly url: string;
  readonly received: Received[];
}

/** Starts a server on this machine that answers as told and remembers what it was asked. */
export async function serve(
  answer: (request: Received, response: ServerResponse) => void,
): Promise<HttpServer> {
  const received: Received[] = [];
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const request: Received = {
        method: incoming.method ?? '',
        path: incoming.url ?? '',
        headers: incoming.headers,
        body: Buffer.concat(chunks).toString(),
      };
      received.push(request);
      answer(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Starts a server that gives every request the same answer; what is no text goes out as JSON. */
export function serveAlways(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<HttpServer> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return serve((_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);
  });
}
