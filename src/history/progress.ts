import type { Reader } from '../postgres/db.ts';
import { type Day, dayOf } from '../base/days.ts';

/** How far the history of a consent has come. */
export interface HistoryProgress {
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

/** The progress of a consent that the reader's viewer owns. */
export async function readProgress(
  reader: Reader,
  consent: { readonly id: string; readonly windowEndsAt: Date },
): Promise<HistoryProgress> {
  const spans = await reader.historySpan.findMany({
    where: { consentId: consent.id },
    orderBy: [{ accountId: 'asc' }, { untilOn: 'desc' }],
  });
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
    spansTotal: spans.length,
    spansDone: spans.filter((span) => span.status !== 'PLANNED').length,
    oldestDay: oldest === null ? null : dayOf(oldest),
    deadline: consent.windowEndsAt,
    gaps: spans
      .filter((span) => span.status !== 'PLANNED' && span.status !== 'SAVED')
      .map((span) => ({
        accountId: span.accountId,
        from: dayOf(span.fromOn),
        until: dayOf(span.untilOn),
        reason: span.reason ?? 'UNKNOWN',
      })),
  };
}
