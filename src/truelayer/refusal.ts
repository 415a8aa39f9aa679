import type { Clock } from '../base/clock.ts';
import { BankError, meaningOf, type EndpointKind } from './errors.ts';
import { isExactObject, parseExactJson } from './exact-json.ts';

/** An answer as it stands before anybody has believed it. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** The error that an answer other than 200 stands for. */
export function refusalOf(
  call: { readonly kind: EndpointKind; readonly endpoint: string },
  answer: RawAnswer,
  clock: Clock,
): BankError {
  const code = codeOf(answer.text);
  return new BankError({
    meaning: meaningOf(call.kind, answer.status, code),
    endpoint: call.endpoint,
    status: answer.status,
    code,
    retryAfterSeconds: retryAfterSeconds(answer.headers.get('retry-after'), clock),
    correlationId: correlationIdOf(answer.headers),
  });
}

/** TrueLayer's id of the call; undefined where absent or not fit for a log line. */
export function correlationIdOf(headers: Headers): string | undefined {
  const id = headers.get('x-tl-correlation-id');
  return id !== null && /^[\w.:|-]{1,128}$/.test(id) ? id : undefined;
}

/** Codes are lower-case words. Anything else could be a token played back at us, and is dropped. */
function codeOf(text: string): string | undefined {
  try {
    const body = parseExactJson(text);
    const code = isExactObject(body) ? body['error'] : undefined;
    return typeof code === 'string' && /^[a-z]+(?:_[a-z]+){0,7}$/.test(code) && code.length <= 60
      ? code
      : undefined;
  } catch {
    // HTML from a proxy, or nothing at all: the status alone decides.
    return undefined;
  }
}

const WAIT_SECONDS_MAX = 86_400;
const HTTP_DATE = /^\w{3}, \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/** @see https://www.rfc-editor.org/rfc/rfc9110#name-retry-after */
function retryAfterSeconds(header: string | null, clock: Clock): number | undefined {
  const text = header?.trim() ?? '';
  let seconds = Number.NaN;
  if (/^\d{1,15}$/.test(text)) seconds = Number(text);
  else if (HTTP_DATE.test(text)) seconds = Math.ceil((Date.parse(text) - clock.now()) / 1_000);
  return Number.isNaN(seconds) ? undefined : Math.min(Math.max(seconds, 0), WAIT_SECONDS_MAX);
}
