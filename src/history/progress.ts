import { type Day, dayOf } from '../base/days.ts';
import type { Consent, HistorySpan } from '../generated/prisma/client.ts';
import type { Reader } from '../postgres/db.ts';

/** How far the history of a consent has come. */
export interface HistoryProgress {
  /** False until the bank's accounts were listed. */
  readonly planned: boolean;
  readonly spansTotal: number;
  readonly spansDone: number;
  /** The oldest day such that it and every day after it is saved, for every account; null before. */
  readonly oldestDay: Day | null;
  /** When the bank's history window closes. */
  readonly deadline: Date;
  readonly gaps: readonly HistoryGap[];
}

/** Days that could not be had. */
export interface HistoryGap {
  readonly accountId: string;
  readonly from: Day;
  readonly until: Day;
  readonly reason: string;
}

/** The progress of consents that the reader's viewer owns, by consent id, in one query. */
export async function readProgress(
  reader: Reader,
  consents: readonly Pick<Consent, 'id' | 'plannedAt' | 'windowEndsAt'>[],
): Promise<ReadonlyMap<string, HistoryProgress>> {
  const spans = await reader.historySpan.findMany({
    where: { consentId: { in: consents.map(({ id }) => id) } },
    orderBy: [{ accountId: 'asc' }, { untilOn: 'desc' }],
  });
  const byConsent = Map.groupBy(spans, (span) => span.consentId);
  return new Map(
    consents.map((consent) => [consent.id, progressOf(byConsent.get(consent.id) ?? [], consent)]),
  );
}

/** @param spans - of one consent, newest first within each account */
function progressOf(
  spans: readonly HistorySpan[],
  consent: Pick<Consent, 'plannedAt' | 'windowEndsAt'>,
): HistoryProgress {
  const byAccount = Map.groupBy(spans, (span) => span.accountId);
  const reached = [...byAccount.values()].map((newestFirst) => {
    const firstMissing = newestFirst.findIndex((span) => span.status !== 'SAVED');
    const saved = firstMissing === -1 ? newestFirst : newestFirst.slice(0, firstMissing);
    return saved.at(-1)?.fromOn ?? null;
  });
  const oldest = reached.reduce(
    (latest, day) => (latest === null || day === null ? null : latest > day ? latest : day),
    reached[0] ?? null,
  );
  return {
    planned: consent.plannedAt !== null,
    spansTotal: spans.length,
    spansDone: spans.filter((span) => span.status !== 'PLANNED').length,
    oldestDay: oldest === null ? null : dayOf(oldest),
    deadline: consent.windowEndsAt,
    gaps: spans
      .filter((span) => span.status !== 'PLANNED' && span.reason !== null)
      .map((span) => ({
        accountId: span.accountId,
        from: dayOf(span.fromOn),
        until: dayOf(span.untilOn),
        reason: span.reason ?? 'UNKNOWN',
      })),
  };
}
