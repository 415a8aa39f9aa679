import { noteOutcomes } from '../accounts/troubles.ts';
import type { App } from '../app.ts';
import { nowOf } from '../base/clock.ts';
import { dayOf, daysBetween } from '../base/days.ts';
import { recordChanges } from '../changes/log.ts';
import { ConsentEndedError } from '../consents/held.ts';
import { publish } from '../events.ts';
import type { HistorySpan } from '../generated/prisma/client.ts';
import { BankError } from '../truelayer/errors.ts';
import { noteHistoryEnd } from './resume.ts';

/** How a span ended that brought no rows. */
export type SpanEnd = {
  readonly status: 'REFUSED' | 'MISSED' | 'FAILED';
  readonly reason: string;
};

/** Why a span is not whole whose rows are here as far as they made sense. */
export const NOT_UNDERSTOOD = 'ROWS_NOT_UNDERSTOOD';

/**
 * Ends a span with its reason; one that has ended already stays as it is.
 *
 * @param error - the bank's answer; null where it was not asked
 */
export async function endSpan(
  app: App,
  span: HistorySpan,
  end: SpanEnd,
  error: unknown = null,
): Promise<void> {
  const now = nowOf(app.clock);
  await app.database.transact(span.viewerId, async (tx) => {
    const { count } = await tx.historySpan.updateMany({
      where: { id: span.id, status: 'PLANNED', period: span.period },
      // Asked for anew, it ends as it was before where that comes to nothing.
      data: {
        ...(span.reason === NOT_UNDERSTOOD ? { status: 'SAVED', reason: NOT_UNDERSTOOD } : end),
        ...refusalOf(span, end, error),
        endedAt: now,
        resultsUri: null,
      },
    });
    if (count === 0) return;
    const ended = await noteHistoryEnd(app, tx, span.consentId);
    const { accountId, viewerId } = span;
    const stays = end.status === 'FAILED' && error instanceof BankError;
    const changes = stays
      ? await noteOutcomes(app, tx, viewerId, { accountId }, [
          { endpoint: 'TRANSACTIONS', failure: error },
        ])
      : [];
    await publish(tx, { consentId: span.consentId });
    await recordChanges(app, tx, viewerId, now, [...changes, ...ended], span.consentId);
  });
}

/** Which call was refused, for what is asked next. */
function refusalOf(span: HistorySpan, end: SpanEnd, error: unknown) {
  if (end.status !== 'REFUSED' || !(error instanceof BankError)) return {};
  const days = daysBetween(dayOf(span.fromOn), dayOf(span.untilOn)) + 1;
  return { refusedAs: error.meaning, refusedDays: days, refusals: { increment: 1 } };
}

/** How a span ends by what the bank said; null where asking again may bring its days. */
export function endOf(error: unknown, span: HistorySpan): SpanEnd | null {
  if (error instanceof ConsentEndedError) return { status: 'MISSED', reason: 'CONSENT_ENDED' };
  if (!(error instanceof BankError)) return null;
  switch (error.meaning) {
    case 'SCA_EXCEEDED':
    case 'ACCESS_DENIED':
      // Banks use both words for days out of reach; neither says anything of the consent.
      return {
        status: 'REFUSED',
        reason: span.deadlineAt === null ? error.meaning : 'OUT_OF_REACH',
      };
    case 'RANGE_REFUSED':
      return { status: 'REFUSED', reason: 'OUT_OF_REACH' };
    case 'NOT_SUPPORTED':
    case 'ACCOUNT_GONE':
    case 'REQUEST_REFUSED':
    case 'PROVIDER_DEPRECATED':
    case 'USER_ACTION':
      return { status: 'FAILED', reason: error.meaning };
    default:
      return null;
  }
}
