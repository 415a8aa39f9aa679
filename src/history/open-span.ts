import { asAskedBy } from '../accounts/owner.ts';
import type { App } from '../app.ts';
import { LIVING } from '../consents/status.ts';
import type { Account, Consent, HistorySpan } from '../generated/prisma/client.ts';
import type { SpanEnd } from './end-span.ts';

/** A span that has not ended, with what decides whether its days are still wanted. */
export type OpenSpan = HistorySpan & {
  readonly account: Account & { readonly mergedInto: Account | null };
  readonly consent: Consent;
  /** The account as the bank is asked for it by this consent. */
  readonly asked: Account;
};

/** Finds a span that is still to be had; null where it has ended, or is planned anew. */
export async function findOpenSpan(
  app: App,
  viewerId: string,
  spanId: string,
): Promise<OpenSpan | null> {
  const reader = app.database.reader(viewerId);
  const span = await reader.historySpan.findUnique({
    where: { id: spanId },
    include: { account: { include: { mergedInto: true } }, consent: true },
  });
  if (span?.status !== 'PLANNED') return null;
  // Renewed meanwhile: the new period plans these days again, under its own deadline.
  if (span.period !== span.consent.period) return null;
  return { ...span, asked: await asAskedBy(reader, span.consentId, span.account) };
}

/** Why the days of a span are wanted no longer; null if they are. */
export function unwantedEnd(span: OpenSpan): SpanEnd | null {
  const missed = (reason: string) => ({ status: 'MISSED', reason }) as const;
  if (!LIVING.includes(span.consent.status)) return missed('CONSENT_ENDED');
  const { excluded, status } = span.asked;
  if (excluded) return missed('ACCOUNT_EXCLUDED');
  return status === 'UNSHARED' ? missed('ACCOUNT_UNSHARED') : null;
}

/** How a span ends that nothing may be asked for any more. */
export const WINDOW_CLOSED: SpanEnd = { status: 'MISSED', reason: 'WINDOW_CLOSED' };

/** Whether the bank has stopped serving the days of a span. */
export function isPastDeadline({ deadlineAt }: HistorySpan, now: Date): boolean {
  return deadlineAt !== null && now >= deadlineAt;
}
