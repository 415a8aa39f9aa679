import type { App } from '../app.ts';
import { nowOf } from '../base/clock.ts';
import { addDays, type Day, dayOf, laterDay, startOf } from '../base/days.ts';
import { uuidOf } from '../base/entropy.ts';
import type { ChangeEntry } from '../changes/log.ts';
import type { Account, Consent, HistorySpan } from '../generated/prisma/client.ts';
import type { Tx } from '../postgres/db.ts';
import { historyLimits } from '../providers/limits.ts';
import { closeLeftBehind } from './left-behind.ts';
import { cutDays, planSpans } from './plan.ts';
import { askForSpans } from './span-job.ts';
import { noteHistoryEnd } from './resume.ts';

/** A consent whose bank is known. */
export type PlannedConsent = Consent & { readonly providerId: string };

/** Why days were not had that a fresh window, or a new id of the account, may give after all. */
const MENDABLE = [
  'WINDOW_CLOSED',
  'CONSENT_ENDED',
  'SCA_EXCEEDED',
  'ACCESS_DENIED',
  'OUT_OF_REACH',
  'ACCOUNT_GONE',
  'USER_ACTION',
  'ACCOUNT_UNSHARED',
  'ACCOUNT_EXCLUDED',
];

/**
 * Plans what of the listed accounts' history is to be fetched in a consent's present period, and asks
 * for each span of it: all of an account that has none; of others the gaps that a fresh window may
 * give and the days since they were last read. An account that the viewer excluded is left alone.
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
    const planned: HistorySpan[] = [];
    for (const account of accounts) {
      const known = byAccount.get(account.id) ?? [];
      const mended = await mendGaps(tx, consent, known);
      const added = await planNew(tx, consent, account, known);
      planned.push(...added, ...mended);
    }
    await app.queue.send(tx, askForSpans(planned, consent.providerId));
  }
  await closeLeftBehind(tx, consent, nowOf(app.clock));
  return noteHistoryEnd(app, tx, consent.id);
}

function mergedInto(accountIds: readonly string[]) {
  return { mergedIntoId: { in: [...accountIds] } };
}

/**
 * Puts gaps back among what is planned, newest first, and what an earlier period left undone. Gaps of
 * another consent move to this one, unless it has these days itself.
 */
async function mendGaps(
  tx: Tx,
  consent: PlannedConsent,
  known: readonly (HistorySpan & { readonly consent: { readonly endedAt: Date | null } })[],
): Promise<HistorySpan[]> {
  const own = new Set(
    known.filter((span) => span.consentId === consent.id).map((span) => keyOf(span)),
  );
  const mendable = known
    .filter((span) => {
      const isOwn = span.consentId === consent.id;
      // What another living consent still has to fetch, it will.
      if (span.status === 'PLANNED') return isOwn || span.consent.endedAt !== null;
      if (span.status === 'SAVED' || !MENDABLE.includes(span.reason ?? '')) return false;
      return isOwn || !own.has(keyOf(span));
    })
    .toSorted((a, b) => b.untilOn.getTime() - a.untilOn.getTime());
  const mended: HistorySpan[] = [];
  for (const [index, span] of mendable.entries()) {
    const key = keyOf(span);
    if (span.consentId !== consent.id && own.has(key)) continue;
    own.add(key);
    mended.push(
      await tx.historySpan.update({
        where: { id: span.id },
        data: {
          consentId: consent.id,
          period: consent.period,
          // The quick first of each account stays before them.
          ordinal: index + 1,
          status: 'PLANNED',
          reason: null,
          endedAt: null,
          waits: 0,
          // What an earlier period was still waiting for is not this one's.
          tasks: 0,
          resultsUri: null,
          deadlineAt: deadlineOf(consent, dayOf(span.fromOn)),
        },
      }),
    );
  }
  return mended;
}

const keyOf = ({ accountId, fromOn }: Pick<HistorySpan, 'accountId' | 'fromOn'>) =>
  `${accountId} ${dayOf(fromOn)}`;

/** The days of an account that no span knows of yet. */
async function planNew(
  tx: Tx,
  consent: PlannedConsent,
  account: Account,
  known: readonly HistorySpan[],
): Promise<HistorySpan[]> {
  const { id: consentId, viewerId, period } = consent;
  const today = dayOf(consent.consentedAt);
  const whole = planSpans(historyLimits(consent.providerId), today);
  const first = whole[0];
  if (first === undefined) return [];
  const isFresh = known.length === 0;
  const planned = isFresh
    ? whole
    : [
        // One call at least of each consent: so it is known which of them reach the account.
        ...(known.some((span) => span.consentId === consentId) ? [] : [first]),
        ...daysSince(consent, account, known),
      ];
  const rows = planned.map(({ from, until }, index) => ({
    // The same span always has the same id, so that planning twice changes nothing.
    id: uuidOf('span', consentId, account.id, from),
    viewerId,
    consentId,
    accountId: account.id,
    // Of a fresh account the first is the quick one, which the user waits for.
    ordinal: from === first.from ? 0 : index + 1,
    period,
    fromOn: startOf(from),
    untilOn: startOf(until),
    deadlineAt: deadlineOf(consent, from),
  }));
  return tx.historySpan.createManyAndReturn({ data: rows, skipDuplicates: true });
}

/**
 * The days since an account was last read that the window's closing takes away. Those that can be had
 * later are the business of the daily read, where it has begun.
 */
function daysSince(
  consent: PlannedConsent,
  account: Account,
  known: readonly HistorySpan[],
): readonly { readonly from: Day; readonly until: Day }[] {
  const planned = known.map(({ untilOn }) => dayOf(untilOn)).reduce(laterDay);
  const today = dayOf(consent.consentedAt);
  if (account.readUntilOn === null) return cutDays(addDays(planned, 1), today);
  const last = laterDay(planned, dayOf(account.readUntilOn));
  return cutDays(addDays(last, 1), addDays(laterFrom(consent), -1));
}

/** Set where the bank stops serving the days once its window has closed. */
function deadlineOf(consent: PlannedConsent, from: Day): Date | null {
  return from < laterFrom(consent) ? consent.windowEndsAt : null;
}

/** The oldest day that can still be read once the window has closed. */
function laterFrom(consent: PlannedConsent): Day {
  const { laterDays } = historyLimits(consent.providerId);
  return addDays(dayOf(consent.consentedAt), 1 - laterDays);
}
