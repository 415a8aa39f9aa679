import type { Clock } from '../base/clock.ts';
import { BankError, meaningOf, type EndpointKind } from './errors.ts';
import { isExactObject, parseExactJson, type ExactObject } from './exact-json.ts';
import { codeOrNull } from './fields.ts';
import { problemShape } from './wire-problem.ts';

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
  const body = objectIn(answer.text);
  const code = codeOrNull.parse(body['error']) ?? undefined;
  const problem = problemShape.parse(body);
  return new BankError({
    meaning: meaningOf(call.kind, answer.status, code),
    endpoint: call.endpoint,
    status: answer.status,
    code,
    fields: problem.fields,
    retryAfterSeconds: retryAfterSeconds(answer.headers.get('retry-after'), clock),
    correlationId: correlationIdOf(answer.headers) ?? loggable(problem.traceId),
  });
}

/** TrueLayer's id of the call; undefined where absent or not fit for a log line. */
export function correlationIdOf(headers: Headers): string | undefined {
  return loggable(headers.get('x-tl-correlation-id'));
}

function loggable(id: string | null): string | undefined {
  return id !== null && /^[\w.:|-]{1,128}$/.test(id) ? id : undefined;
}

function objectIn(text: string): ExactObject {
  try {
    const body = parseExactJson(text);
    return isExactObject(body) ? body : {};
  } catch {
    // HTML from a proxy, or nothing at all: the status alone decides.
    return {};
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
