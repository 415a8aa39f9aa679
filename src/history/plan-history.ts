import type { App } from '../app.ts';
import { nowOf } from '../base/clock.ts';
import { addDays, dayOf, laterDay, startOf } from '../base/days.ts';
import { uuidOf } from '../base/entropy.ts';
import type { ChangeEntry } from '../changes/log.ts';
import type { Account, Consent, HistorySpan } from '../generated/prisma/client.ts';
import type { Tx } from '../postgres/db.ts';
import { currentLimits } from '../providers/learnt-limits.ts';
import type { HistoryLimits } from '../providers/limits.ts';
import { isMendable } from './gap-reasons.ts';
import { closeLeftBehind } from './left-behind.ts';
import { laterFromOf, type PlannedSpan, planSpans } from './plan.ts';
import { noteHistoryEnd } from './resume.ts';
import { askForSpans } from './span-job.ts';
import { common, type Stretch, without } from './stretch.ts';

/** A consent whose bank is known. */
export type PlannedConsent = Consent & { readonly providerId: string };

/**
 * Plans what of the listed accounts' history is to be fetched in a consent's present period, and asks
 * for each span of it: the days that are wanted and not here, be it all of them, gaps that a fresh
 * window may give, or the days since the last read. An account that the viewer excluded is left alone.
 * Needs the consent's lock.
 *
 * @returns what the change log has to say of it
 */
export async function planHistory(
  app: App,
  tx: Tx,
  consent: PlannedConsent,
  accountIds: readonly string[],
): Promise<readonly ChangeEntry[]> {
  if (consent.scopes.includes('transactions')) {
    const accounts = await tx.account.findMany({
      where: { id: { in: [...accountIds] }, excluded: false },
      orderBy: { id: 'asc' },
    });
    const spans = await tx.historySpan.findMany({
      where: { OR: [{ accountId: { in: [...accountIds] } }, { account: mergedInto(accountIds) }] },
      include: { consent: { select: { endedAt: true } }, account: true },
    });
    const byAccount = Map.groupBy(
      spans,
      ({ account, accountId }) => account.mergedIntoId ?? accountId,
    );
    const limits = await currentLimits(tx, consent, nowOf(app.clock));
    const planned: HistorySpan[] = [];
    for (const account of accounts) {
      const known = byAccount.get(account.id) ?? [];
      planned.push(...(await planAccount(app, tx, consent, limits, account, known)));
    }
    await app.queue.send(tx, askForSpans(planned, consent.providerId));
  }
  await closeLeftBehind(tx, consent, nowOf(app.clock));
  return noteHistoryEnd(app, tx, consent.id);
}

function mergedInto(accountIds: readonly string[]) {
  return { mergedIntoId: { in: [...accountIds] } };
}

/** A span, and whether its consent has ended. */
type KnownSpan = HistorySpan & { readonly consent: { readonly endedAt: Date | null } };

/** Plans the days that an account lacks; what was planned for them before is forgotten. */
async function planAccount(
  app: App,
  tx: Tx,
  consent: PlannedConsent,
  limits: HistoryLimits,
  account: Account,
  known: readonly KnownSpan[],
): Promise<HistorySpan[]> {
  const now = nowOf(app.clock);
  const { consentedAt } = consent;
  const gaps = gapsOf(consent, known);
  const covered = coveredOf(limits, consent, account, known, gaps);
  const planned = planSpans({
    limits,
    consentedAt,
    now,
    covered,
    gaps: gaps.map(stretchOf),
    // One call at least of each consent: so it is known which of them reach the account.
    quick: known.every(({ consentId }) => consentId !== consent.id),
  });
  const replaced = gaps.filter((gap) => common([stretchOf(gap)], planned).length > 0);
  await tx.historySpan.deleteMany({ where: { id: { in: replaced.map(({ id }) => id) } } });
  const rows = planned.map((span, index) => rowOf(consent, account, span, index, now));
  const added = await tx.historySpan.createManyAndReturn({ data: rows, skipDuplicates: true });
  return added.filter(({ status }) => status === 'PLANNED');
}

const stretchOf = ({ fromOn, untilOn }: HistorySpan): Stretch => ({
  from: dayOf(fromOn),
  until: dayOf(untilOn),
});

/** What was not had and may be had now, and what an earlier period left undone. */
function gapsOf(consent: PlannedConsent, known: readonly KnownSpan[]): readonly KnownSpan[] {
  return known.filter(({ consentId, status, reason, consent: { endedAt } }) =>
    // What another living consent still has to fetch, it will.
    status === 'PLANNED'
      ? consentId === consent.id || endedAt !== null
      : status !== 'SAVED' && isMendable(reason),
  );
}

/**
 * The days of an account that need no call: what is known of it, but for the gaps; and, where the
 * daily read has begun, the newest that this can have later.
 */
function coveredOf(
  limits: HistoryLimits,
  { consentedAt }: PlannedConsent,
  { readUntilOn }: Account,
  known: readonly KnownSpan[],
  gaps: readonly KnownSpan[],
): readonly Stretch[] {
  const [first, ...others] = known.map(stretchOf);
  if (first === undefined) return [];
  const from = others.reduce((least, day) => (day.from < least ? day.from : least), first.from);
  const last = [...others.map(({ until }) => until), dayOf(readUntilOn ?? startOf(first.until))];
  const until = last.reduce(laterDay, first.until);
  const settled = known.filter((span) => !gaps.includes(span)).map(stretchOf);
  const unread = laterDay(addDays(until, 1), laterFromOf(limits, consentedAt));
  return [
    ...settled,
    ...without([{ from, until }], gaps.map(stretchOf)),
    ...(readUntilOn === null ? [] : [{ from: unread, until: dayOf(consentedAt) }]),
  ];
}

function rowOf(
  { id: consentId, viewerId, period, consentedAt, windowEndsAt }: PlannedConsent,
  { id: accountId }: Account,
  { from, until, windowOnly, closed }: PlannedSpan,
  index: number,
  now: Date,
) {
  return {
    // The same span always has the same id, so that planning twice changes nothing.
    id: uuidOf('span', consentId, accountId, from),
    viewerId,
    consentId,
    accountId,
    // The first of all is the quick one, which the user waits for.
    ordinal: until === dayOf(consentedAt) ? 0 : index + 1,
    period,
    fromOn: startOf(from),
    untilOn: startOf(until),
    deadlineAt: windowOnly ? windowEndsAt : null,
    ...(closed === null ? {} : { status: 'MISSED' as const, reason: closed, endedAt: now }),
  };
}
