import { request as requestHttp } from 'node:http';
import { request as requestHttps, type RequestOptions } from 'node:https';
import type { LookupFunction } from 'node:net';
import {
  AddressError,
  type AddressFault,
  type AddressRules,
  type CheckedAddress,
  checkTarget,
  readEndpointUrl,
  type Resolve,
} from './address.ts';

/** One message for one endpoint. */
export interface Message {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Why a message did not arrive: a stable word for programs. */
export type SendFault = AddressFault | 'TIMEOUT' | 'NETWORK' | 'REDIRECTED' | 'STATUS';

/** What came of a message. */
export interface Outcome {
  /** Null where it arrived. */
  readonly error: SendFault | null;
  /** The HTTP status; null where none came. */
  readonly status: number | null;
}

/** How a message is sent. */
export interface SendOptions extends AddressRules {
  /** All of it, the look for the address included, in real time. */
  readonly timeoutMilliseconds?: number;
  readonly resolve?: Resolve;
}

const TIMEOUT_MILLISECONDS = 15_000;
/** What an endpoint may answer is not read for what it says: only its status counts. */
const ANSWER_BYTES_MAX = 16_384;

/**
 * Posts a message. The name is looked up once and that very address is connected to; no redirect is
 * followed; a slow or endless answer is cut off. Never throws for what the other side does.
 */
export async function sendMessage(message: Message, options: SendOptions): Promise<Outcome> {
  const limit = new AbortController();
  const timer = setTimeout(
    () => limit.abort(),
    options.timeoutMilliseconds ?? TIMEOUT_MILLISECONDS,
  );
  const cut = new Promise<never>((_resolve, reject) => {
    limit.signal.addEventListener('abort', () => reject(new CutOff()), { once: true });
  });
  // Whoever loses the race below is not heard any more.
  cut.catch(() => {});
  try {
    const url = readEndpointUrl(message.url, options);
    const target = await Promise.race([checkTarget(url, options, options.resolve), cut]);
    return outcomeOf(await post(url, target, message, limit.signal));
  } catch (error) {
    if (error instanceof AddressError) return { error: error.fault, status: null };
    return { error: limit.signal.aborted ? 'TIMEOUT' : 'NETWORK', status: null };
  } finally {
    clearTimeout(timer);
    limit.abort();
  }
}

class CutOff extends Error {}

function outcomeOf(status: number): Outcome {
  if (status >= 200 && status < 300) return { error: null, status };
  return { error: status >= 300 && status < 400 ? 'REDIRECTED' : 'STATUS', status };
}

function post(
  url: URL,
  target: CheckedAddress,
  { headers, body }: Message,
  signal: AbortSignal,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const options: RequestOptions = {
      method: 'POST',
      headers: {
        ...headers,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'user-agent': 'consentry',
      },
      // A connection of its own: one that is kept open may lead to an address of another day.
      agent: false,
      lookup: answering(target),
      signal,
    };
    const ask = url.protocol === 'https:' ? requestHttps : requestHttp;
    const request = ask(url, options, (response) => {
      const { statusCode = 0 } = response;
      let bytes = 0;
      // Read to its end, so that the other side is not cut off without need; its status counts anyway.
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.byteLength;
        if (bytes > ANSWER_BYTES_MAX) response.destroy();
      });
      response.on('error', () => {});
      response.on('close', () => resolve(statusCode));
    });
    request.on('error', reject);
    request.end(body);
  });
}

// The name stays what the certificate is checked for; where it leads has been decided.
function answering({ address, family }: CheckedAddress): LookupFunction {
  return (_name, { all }, callback) => {
    if (all === true) callback(null, [{ address, family }]);
    else callback(null, address, family);
  };
}
