import { MINUTE } from '../base/clock.ts';
import type { HistorySpan } from '../generated/prisma/client.ts';
import { ask, jobs } from '../jobs.ts';
import type { JobRequest } from '../postgres/queue.ts';

/** Above every deadline: what the user waits for in front of a screen. Fits Postgres's integer. */
export const PRIORITY_NOW = 2_000_000_000;

/** Deadlines are counted from here, so that their priorities fit for thirty years. */
const FIRST_MINUTE = Date.UTC(2025, 0, 1) / MINUTE;
/** Steps between one minute's priority and the next, for the order of spans within a consent. */
const PLACES = 128;

/** What the request for a span's job is made of. */
type AskedSpan = Pick<HistorySpan, 'id' | 'viewerId' | 'consentId' | 'ordinal' | 'deadlineAt'>;

/** How a span's job is asked for. */
interface SpanJobOptions {
  /** The bank that is asked, where known: it has so many calls at once, and no more. */
  readonly bank: string | null;
  readonly notBefore?: Date;
}

/**
 * The requests for the jobs of one consent's spans, in turns between its accounts. The place of a
 * span among all of its consent decides between consents whose windows close in the same minute: ten
 * accounts get ten times the days in the end, but nobody else waits until they have them.
 */
export function askForSpans(spans: readonly AskedSpan[], bank: string | null): JobRequest[] {
  return spans
    .toSorted((a, b) => a.ordinal - b.ordinal)
    .map((span, index) => requestOf(jobs.fetchSpan, span, { bank }, index + 1));
}

/** The request for the job of one span that is begun already; once however often asked. */
export function askForSpan(span: AskedSpan, options: SpanJobOptions): JobRequest {
  return requestOf(jobs.fetchSpan, span, options, span.ordinal);
}

/** The request for a look at the results of a span; once however often asked. */
export function askForPoll(span: AskedSpan, options: SpanJobOptions): JobRequest {
  return requestOf(jobs.pollSpan, span, options, span.ordinal);
}

function requestOf(
  job: typeof jobs.fetchSpan,
  span: AskedSpan,
  { bank, ...options }: SpanJobOptions,
  place: number,
): JobRequest {
  const { id, viewerId, consentId } = span;
  const priority = spanPriority(span, Math.min(place, PLACES - 1));
  const group = bank === null ? {} : { group: bank };
  return ask(job, { viewerId, consentId, spanId: id }, { ...options, ...group, key: id, priority });
}

/**
 * The sooner the deadline, the higher, over all consents; within a minute by their places. Spans
 * without a deadline come after all that have one, but for the quick first of each account.
 */
function spanPriority({ ordinal, deadlineAt }: AskedSpan, place: number): number {
  if (ordinal === 0) return PRIORITY_NOW;
  if (deadlineAt === null) return -place;
  const minutes = Math.floor(deadlineAt.getTime() / MINUTE) - FIRST_MINUTE;
  return PRIORITY_NOW - minutes * PLACES - place;
}
