import { DAY } from '../base/clock.ts';
import type { LearntLimit, Prisma } from '../generated/prisma/client.ts';
import type { Tx } from '../postgres/db.ts';
import { type HistoryLimits, historyLimits } from './limits.ts';

/** What a refusal can teach: the reach inside the window, that after it, the longest call. */
export type LimitKind = 'REACH' | 'LATER' | 'LONGEST';

/** A bank in one environment of TrueLayer. */
export interface BankName {
  readonly environment: string;
  readonly providerId: string;
}

/** For how long a limit is believed after it was seen. Then the bank is asked for all of it again. */
const BELIEVED_MILLISECONDS = 30 * DAY;

/**
 * The least that is believed of each kind. Banks have to give two years at the first, by British law;
 * none is known that gives less than a month later, or by one call a fortnight at least.
 */
const DAYS_MIN: Readonly<Record<LimitKind, number>> = { REACH: 730, LATER: 30, LONGEST: 7 };

/**
 * On how many days it must have been seen. A reach that is wrong costs people their history; the
 * others only change the order, or make calls smaller.
 */
const DAYS_SEEN_MIN: Readonly<Record<LimitKind, number>> = { REACH: 2, LATER: 1, LONGEST: 1 };

/** Sightings that differ by no more are of one limit: days begin at other instants at the bank. */
const SAME_WITHIN_DAYS = 3;

/** The limits of a bank: what is known beforehand, narrowed by what its refusals taught of late. */
export async function currentLimits(
  { learntLimit }: { readonly learntLimit: Pick<Prisma.LearntLimitDelegate, 'findMany'> },
  { environment, providerId }: BankName,
  now: Date,
): Promise<HistoryLimits> {
  const learnt = await learntLimit.findMany({ where: { environment, providerId } });
  return narrowed(historyLimits(providerId), learnt, now);
}

/** Limits narrowed by those that were learnt and are to be believed. */
export function narrowed(
  known: HistoryLimits,
  learnt: readonly Pick<LearntLimit, 'kind' | 'days' | 'daysSeen' | 'seenAt'>[],
  now: Date,
): HistoryLimits {
  const believed = (kind: LimitKind): number => {
    const limit = learnt.find((one) => one.kind === kind);
    if (limit === undefined || limit.daysSeen < DAYS_SEEN_MIN[kind]) return Infinity;
    if (limit.days < DAYS_MIN[kind]) return Infinity;
    return now.getTime() - limit.seenAt.getTime() > BELIEVED_MILLISECONDS ? Infinity : limit.days;
  };
  const reach = Math.min(believed('REACH'), known.reachDays ?? Infinity);
  return {
    ...known,
    reachDays: reach === Infinity ? null : reach,
    laterDays: Math.min(known.laterDays, believed('LATER')),
    longestDays: Math.min(known.longestDays, believed('LONGEST')),
  };
}

/**
 * Notes that a bank was seen to serve so many days and no more. The same limit seen on another day is
 * confirmed; of two that differ a little the more generous one stays, another takes the place of the
 * first. Fewer days than any bank gives are not noted.
 */
export async function learnLimit(
  tx: Tx,
  { environment, providerId }: BankName,
  kind: LimitKind,
  days: number,
  now: Date,
): Promise<void> {
  if (days < DAYS_MIN[kind]) return;
  await tx.$executeRaw`
    insert into learnt_limit as known (environment, provider_id, kind, days, learnt_at, seen_at)
    values (${environment}, ${providerId}, ${kind}, ${days}, ${now}, ${now})
    on conflict (environment, provider_id, kind) do update set
      (days, days_seen, learnt_at, seen_at) = (
        select
          case when same then greatest(known.days, excluded.days) else excluded.days end,
          case when same then known.days_seen + (
            (known.seen_at at time zone 'UTC')::date < (excluded.seen_at at time zone 'UTC')::date
          )::int else 1 end,
          case when same then known.learnt_at else excluded.seen_at end,
          greatest(known.seen_at, excluded.seen_at)
        from (select abs(known.days - excluded.days) <= ${SAME_WITHIN_DAYS}::int as same) compared)`;
}

/** Forgets a reach that is shorter than what a bank has just served. */
export async function forgetReach(
  tx: Tx,
  { environment, providerId }: BankName,
  servedDays: number,
): Promise<void> {
  await tx.learntLimit.deleteMany({
    where: { environment, providerId, kind: 'REACH', days: { lt: servedDays - SAME_WITHIN_DAYS } },
  });
}
