import { addDays, type Day, dayOf, laterDay } from '../base/days.ts';
import type { Consent, HistorySpan } from '../generated/prisma/client.ts';
import type { Reader } from '../postgres/db.ts';
import { joined, type Stretch, without } from './stretch.ts';

/** Which days of an account are here. */
export interface AccountCoverage {
  readonly accountId: string;
  readonly spansTotal: number;
  readonly spansDone: number;
  /** The oldest day such that it and every day after it is here; null before the newest is. */
  readonly oldestDay: Day | null;
  /** The newest day that was read; null before. */
  readonly newestDay: Day | null;
  /** Newest first. */
  readonly gaps: readonly HistoryGap[];
}

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
  readonly accounts: readonly AccountCoverage[];
}

/** Days that could not be had. */
export interface HistoryGap extends Stretch {
  readonly accountId: string;
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

/**
 * Which days of accounts are here, by account id: by all of their consents, by the accounts that were
 * merged into them, and by the daily read. Two queries, however many accounts.
 */
export async function readCoverage(
  reader: Reader,
  accountIds: readonly string[],
): Promise<ReadonlyMap<string, AccountCoverage>> {
  const ids = [...accountIds];
  const accounts = await reader.account.findMany({
    where: { id: { in: ids } },
    select: { id: true, readUntilOn: true },
  });
  const spans = await reader.historySpan.findMany({
    where: { OR: [{ accountId: { in: ids } }, { account: { mergedIntoId: { in: ids } } }] },
    include: { account: { select: { mergedIntoId: true } } },
    orderBy: { untilOn: 'desc' },
  });
  // The days of a merged account are shown with it as well as with the other.
  const pairs = spans.flatMap((span) =>
    [span.accountId, span.account.mergedIntoId].map((id) => ({ id, span })),
  );
  const byAccount = Map.groupBy(pairs, ({ id }) => id);
  return new Map(
    accounts.map(({ id, readUntilOn }) => {
      const own = (byAccount.get(id) ?? []).map(({ span }) => span);
      return [id, coverageOf(id, own, readUntilOn)];
    }),
  );
}

function progressOf(
  spans: readonly HistorySpan[],
  consent: Pick<Consent, 'plannedAt' | 'windowEndsAt'>,
): HistoryProgress {
  const byAccount = Map.groupBy(spans, ({ accountId }) => accountId);
  const accounts = [...byAccount].map(([id, own]) => coverageOf(id, own, null));
  const oldest = accounts.map(({ oldestDay }) => oldestDay);
  return {
    planned: consent.plannedAt !== null,
    ...countsOf(spans),
    oldestDay: oldest.reduce(
      (latest, day) => (latest === null || day === null ? null : laterDay(latest, day)),
      oldest[0] ?? null,
    ),
    deadline: consent.windowEndsAt,
    gaps: accounts.flatMap(({ gaps }) => gaps),
    accounts,
  };
}

function countsOf(spans: readonly HistorySpan[]) {
  const spansDone = spans.filter(({ status }) => status !== 'PLANNED').length;
  return { spansTotal: spans.length, spansDone };
}

/**
 * @param spans - newest first
 * @param readUntilOn - the last day that the daily read brought
 */
function coverageOf(
  accountId: string,
  spans: readonly HistorySpan[],
  readUntilOn: Date | null,
): AccountCoverage {
  const stretchOf = ({ fromOn, untilOn }: Pick<HistorySpan, 'fromOn' | 'untilOn'>): Stretch => ({
    from: dayOf(fromOn),
    until: dayOf(untilOn),
  });
  const saved = spans.filter(({ status }) => status === 'SAVED').map(stretchOf);
  const open = spans.filter(({ status }) => status !== 'SAVED').map(stretchOf);
  const first = spans.findLast(({ status }) => status === 'SAVED');
  const daily = readUntilOn === null || first === undefined ? [] : dailyOf(first, readUntilOn);
  const here = joined([...saved, ...without(daily, open)]);
  const newest = here.at(-1);
  const known = [...open, ...here].map(({ until }) => until).reduce(laterDay, '' as Day);
  return {
    accountId,
    ...countsOf(spans),
    oldestDay: newest?.until === known ? newest.from : null,
    newestDay: newest?.until ?? null,
    gaps: gapsOf(spans, here),
  };
}

// The daily read begins where the first plan ended.
function dailyOf({ untilOn }: HistorySpan, readUntilOn: Date): Stretch[] {
  return [{ from: addDays(dayOf(untilOn), 1), until: dayOf(readUntilOn) }];
}

/** What could not be had of the days that are not here: one gap where the same reason goes on. */
function gapsOf(spans: readonly HistorySpan[], here: readonly Stretch[]): HistoryGap[] {
  const gaps: HistoryGap[] = [];
  // How far a refusal reaches is known once everything newer is.
  let undecided = false;
  for (const { accountId, status, reason, fromOn, untilOn } of spans) {
    undecided ||= status === 'PLANNED';
    if (reason === null || (undecided && status === 'REFUSED')) continue;
    const days = [{ from: dayOf(fromOn), until: dayOf(untilOn) }];
    const lacking = status === 'SAVED' ? days : without(days, here).toReversed();
    for (const { from, until } of lacking) {
      const last = gaps.at(-1);
      const goesOn = last?.reason === reason && last.from === addDays(until, 1);
      if (goesOn) gaps[gaps.length - 1] = { ...last, from };
      else gaps.push({ accountId, from, until, reason });
    }
  }
  return gaps;
}
