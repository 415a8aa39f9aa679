import { BankError, type FailureReason } from './errors.ts';
import type { RawAnswer } from './refusal.ts';

/** One request outward, with its bounds. */
export interface BoundedRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: string;
  /** The path's template, for errors. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** From the first byte sent to the last one read. */
  readonly timeoutMilliseconds: number;
  /** Counted after decompression. */
  readonly bytesMax: number;
}

/**
 * The one way out to TrueLayer. Takes no longer and reads no more than allowed, follows no
 * redirect (the bearer would travel with it), and hands back the whole body as text.
 *
 * @throws BankError `UNAVAILABLE` with a reason; never anything that holds the request
 */
export async function boundedFetch(request: BoundedRequest): Promise<RawAnswer> {
  const limit = new AbortController();
  // Real time on purpose: this guards a real socket, and a clock that a test holds still would
  // leave it open.
  const timer = setTimeout(() => limit.abort(), request.timeoutMilliseconds);
  try {
    const response = await fetch(request.url, {
      method: request.method,
      headers: { ...request.headers, accept: 'application/json' },
      redirect: 'manual',
      signal: limit.signal,
      ...(request.body === undefined ? {} : { body: request.body }),
    });
    if (response.status >= 300 && response.status < 400) {
      throw failure(request, 'REDIRECTED', response.status);
    }
    const text = await readText(request, response);
    return { status: response.status, headers: response.headers, text };
  } catch (error) {
    if (error instanceof BankError) throw error;
    // What fetch throws may quote a header or the address, so nothing of it is passed on.
    throw failure(request, limit.signal.aborted ? 'TIMEOUT' : 'NETWORK');
  } finally {
    clearTimeout(timer);
    // Lets go of the socket where the body was left unread; without effect where it was read.
    limit.abort();
  }
}

async function readText(request: BoundedRequest, response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // A declared length may lie and compression hides the real one, so only what arrives counts.
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > request.bytesMax) throw failure(request, 'TOO_LARGE', response.status);
    chunks.push(chunk);
  }
  // Not fatal: one badly encoded description must not cost the whole page.
  return new TextDecoder().decode(Buffer.concat(chunks));
}

function failure(request: BoundedRequest, reason: FailureReason, status?: number): BankError {
  return new BankError({ meaning: 'UNAVAILABLE', endpoint: request.endpoint, reason, status });
}
