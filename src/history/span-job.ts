import { MINUTE } from '../base/clock.ts';
import type { HistorySpan } from '../generated/prisma/client.ts';
import { ask, jobs } from '../jobs.ts';
import type { JobRequest } from '../postgres/queue.ts';

/** Above every deadline: what the user waits for in front of a screen. Fits Postgres's integer. */
export const PRIORITY_NOW = 2_000_000_000;

/** Steps between one minute's priority and the next, for the order of spans within a consent. */
const ORDINALS = 32;

/** The request for a span's job, with the priority of its deadline; once however often asked. */
export function askForSpan(
  span: Pick<HistorySpan, 'id' | 'viewerId' | 'consentId' | 'ordinal' | 'deadlineAt'>,
  options: { readonly notBefore?: Date } = {},
): JobRequest {
  const { id, viewerId, consentId } = span;
  const payload = { viewerId, consentId, spanId: id };
  return ask(jobs.fetchSpan, payload, { ...options, key: id, priority: spanPriority(span) });
}

/**
 * The sooner the deadline, the higher, over all consents; within a consent in the planned order.
 * Spans without a deadline come after all that have one, but for the quick first of each account.
 */
function spanPriority(span: Pick<HistorySpan, 'ordinal' | 'deadlineAt'>): number {
  if (span.ordinal === 0) return PRIORITY_NOW;
  if (span.deadlineAt === null) return -span.ordinal;
  const minutes = Math.floor(span.deadlineAt.getTime() / MINUTE);
  return PRIORITY_NOW - minutes * ORDINALS - Math.min(span.ordinal, ORDINALS - 1);
}
