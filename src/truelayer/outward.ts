import type { Clock } from '../base/clock.ts';
import { boundedFetch } from './bounded-fetch.ts';
import { BankError, UnreadableAnswer, type BankMeaning, type EndpointKind } from './errors.ts';
import { parseExactJson, type ExactJson } from './exact-json.ts';
import { correlationIdOf, refusalOf, type RawAnswer } from './refusal.ts';

/** How long one call may take, and how much it may answer. */
export interface CallLimits {
  /** The whole call with its body, in real time. */
  readonly timeoutMilliseconds: number;
  /** Counted after decompression. */
  readonly bytesMax: number;
}

/** What may be done at TrueLayer's. */
export type OutwardMethod = 'GET' | 'POST' | 'DELETE';

/** What logs and metrics may know of a call: no id of a user's, no query, no secret. */
export interface CallReport {
  readonly method: OutwardMethod;
  /** The path's template, `/accounts/{id}/balance`. */
  readonly endpoint: string;
  /** Undefined where no answer came. */
  readonly status: number | undefined;
  /** By the clock of the house. */
  readonly milliseconds: number;
  /** TrueLayer's id of the call. */
  readonly correlationId: string | undefined;
  /** Undefined where the call succeeded. */
  readonly meaning: BankMeaning | undefined;
}

/** The instruments that every call needs. */
export interface Instruments {
  readonly clock: Clock;
  readonly correlationId?: (() => string | undefined) | undefined;
  readonly hear?: ((call: CallReport) => void) | undefined;
}

/** One call to make, whatever comes back. */
export interface OutwardRequest extends CallLimits {
  readonly kind: EndpointKind;
  readonly method: OutwardMethod;
  readonly endpoint: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** One call to make for what its answer says. */
export interface OutwardCall<T> extends OutwardRequest {
  /** Statuses that bring what was asked, where there are others than 200. */
  readonly statuses?: readonly number[];
  /** Makes sense of the body of such an answer; throws `UnreadableAnswer` where there is none. */
  readonly read: (body: ExactJson, status: number) => T;
}

/**
 * Makes one call and reads its answer.
 *
 * @throws BankError for every answer but one of its statuses that `read` understands
 */
export function callOut<T>(instruments: Instruments, call: OutwardCall<T>): Promise<T> {
  return send(instruments, call, (answer) => {
    const { statuses = [200] } = call;
    if (!statuses.includes(answer.status)) throw refusalOf(call, answer, instruments.clock);
    return call.read(parseBody(answer.text), answer.status);
  });
}

/**
 * Makes one call of which only success matters: 200 or 204, with nothing in it. What JSON may stand
 * there is left unread, but anything else is from somebody who is not TrueLayer.
 *
 * @throws BankError for every other answer
 */
export function tellOut(instruments: Instruments, request: OutwardRequest): Promise<void> {
  return send(instruments, request, (answer) => {
    if (answer.status !== 200 && answer.status !== 204) {
      throw refusalOf(request, answer, instruments.clock);
    }
    if (answer.text.trim() !== '') parseBody(answer.text);
  });
}

async function send<T>(
  instruments: Instruments,
  call: OutwardRequest,
  understand: (answer: RawAnswer) => T,
): Promise<T> {
  const { clock } = instruments;
  const startedAt = clock.now();
  let answer: RawAnswer | undefined;
  let failure: BankError | undefined;
  try {
    answer = await boundedFetch({
      ...call,
      headers: { ...call.headers, ...correlationHeader(instruments) },
    });
    return understand(answer);
  } catch (error) {
    failure = asBankError(error, call.endpoint, answer);
    throw failure;
  } finally {
    tell(instruments, {
      method: call.method,
      endpoint: call.endpoint,
      status: answer?.status ?? failure?.status,
      milliseconds: Math.max(0, clock.now() - startedAt),
      correlationId: answer === undefined ? undefined : correlationIdOf(answer.headers),
      meaning: failure?.meaning,
    });
  }
}

/** Reads the body of an answer that succeeded, and names what stands there instead of JSON. */
function parseBody(text: string): ExactJson {
  const start = text.trimStart();
  if (start === '') throw new UnreadableAnswer('EMPTY');
  if (start.startsWith('<')) throw new UnreadableAnswer('HTML');
  try {
    return parseExactJson(text);
  } catch {
    // The parser's own error quotes the text, which may hold a token.
    throw new UnreadableAnswer('MALFORMED');
  }
}

function asBankError(error: unknown, endpoint: string, answer: RawAnswer | undefined): BankError {
  if (error instanceof BankError) return error;
  if (!(error instanceof UnreadableAnswer)) throw error;
  return new BankError({
    meaning: 'UNAVAILABLE',
    endpoint,
    reason: error.reason,
    status: answer?.status,
    correlationId: answer === undefined ? undefined : correlationIdOf(answer.headers),
  });
}

function correlationHeader(instruments: Instruments): Readonly<Record<string, string>> {
  const id = instruments.correlationId?.();
  // It may stem from a caller's own header, and one that HTTP cannot carry would fail the call.
  return id !== undefined && /^[\x21-\x7e]{1,128}$/.test(id)
    ? { 'x-client-correlation-id': id }
    : {};
}

function tell(instruments: Instruments, report: CallReport): void {
  try {
    instruments.hear?.(report);
  } catch {
    // A listener's fault must not throw away an answer: a changed refresh token comes only once.
  }
}
