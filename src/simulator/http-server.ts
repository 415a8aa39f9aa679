import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { MINUTE, SECOND } from '../base/clock.ts';
import { emptyAnswer, jsonAnswer, type Answer } from './answer.ts';
import type { Outcome } from './respond.ts';
import type { SimulatorRequest } from './world.ts';

/** A server on the loopback that reads requests within limits. */
export interface HttpServer {
  readonly url: string;
  /** Ends every socket, idle or busy. */
  close(): Promise<void>;
}

const zip = promisify(gzip);

const BODY_BYTES_MAX = 64 * 1024;
const HEADER_BYTES_MAX = 16 * 1024;

/**
 * Starts to listen on 127.0.0.1.
 *
 * @param port - 0 for any that is free
 * @param respond - answers a request that was read whole
 * @throws Error with code EADDRINUSE if the port is taken
 */
export async function listen(
  port: number,
  respond: (request: SimulatorRequest) => Promise<Outcome>,
): Promise<HttpServer> {
  const server = createServer(
    {
      maxHeaderSize: HEADER_BYTES_MAX,
      headersTimeout: 10 * SECOND,
      requestTimeout: 30 * SECOND,
      keepAliveTimeout: 5 * SECOND,
    },
    (incoming, outgoing) => void exchange(incoming, outgoing, respond),
  );
  // Longer than any delay that can be ordered, so that only a forgotten socket meets it.
  server.setTimeout(2 * MINUTE);
  await started(server, port);
  const { port: actual } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${actual}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function started(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function exchange(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  respond: (request: SimulatorRequest) => Promise<Outcome>,
): Promise<void> {
  try {
    const request = await readRequest(incoming);
    const outcome = 'status' in request ? request : await respond(request);
    if (outcome === 'reset') incoming.socket.resetAndDestroy();
    else await send(incoming, outgoing, outcome);
  } catch (error) {
    // A client that hung up, the simulator closing, or a fault of our own, which tests must see.
    if (incoming.destroyed && !incoming.complete) return;
    if (error instanceof Error && error.name === 'AbortError') incoming.socket.destroy();
    else if (outgoing.headersSent) outgoing.destroy();
    else
      await send(
        incoming,
        outgoing,
        jsonAnswer(500, { error: 'simulator_bug', stack: String(error) }),
      );
  }
}

async function readRequest(incoming: IncomingMessage): Promise<SimulatorRequest | Answer> {
  const { pathname, searchParams } = URL.parse(incoming.url ?? '', 'http://simulator') ?? {};
  if (pathname === undefined || searchParams === undefined) return emptyAnswer(400);
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > BODY_BYTES_MAX) return emptyAnswer(413);
    chunks.push(chunk);
  }
  const headers = Object.entries(incoming.headers).map(
    ([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value] as const,
  );
  return {
    method: incoming.method ?? 'GET',
    path: pathname,
    query: searchParams,
    headers: Object.fromEntries(headers),
    body: Buffer.concat(chunks).toString('utf8'),
  };
}

/** Smaller answers are not worth it. */
const GZIP_BYTES_MIN = 1_024;
const BLANKS = Buffer.alloc(64 * 1_024, ' ');

async function send(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  answer: Answer,
): Promise<void> {
  if (outgoing.headersSent || outgoing.destroyed) return;
  const { blanksAfter = 0, ending, status } = answer;
  const plain = Buffer.from(answer.body);
  const isZipped =
    plain.length >= GZIP_BYTES_MIN &&
    blanksAfter === 0 &&
    /\bgzip\b/.test(incoming.headers['accept-encoding']?.toString() ?? '');
  const body = isZipped ? await zip(plain, { level: 1 }) : plain;
  outgoing.writeHead(status, {
    ...answer.headers,
    ...(isZipped ? { 'Content-Encoding': 'gzip' } : {}),
    'Content-Length': body.length + blanksAfter,
    // A request that was not read to its end would be taken for the start of the next one.
    ...(incoming.complete ? {} : { Connection: 'close' }),
  });
  if (ending !== undefined) {
    // What stalls is ended by whoever waits, or by the socket's own time limit.
    const then = () => ending === 'breaks' && incoming.socket.resetAndDestroy();
    outgoing.write(body.subarray(0, Math.ceil(body.length / 2)), then);
    return;
  }
  if (blanksAfter > 0) await pipeline(padded(body, blanksAfter), outgoing);
  else outgoing.end(body);
}

function* padded(body: Buffer, blanksAfter: number): Generator<Buffer> {
  yield body;
  for (let left = blanksAfter; left > 0; left -= BLANKS.length) {
    yield left < BLANKS.length ? BLANKS.subarray(0, left) : BLANKS;
  }
}
