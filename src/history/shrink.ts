import type { App } from '../app.ts';
import { nowOf } from '../base/clock.ts';
import { addDays, dayOf, daysBetween, startOf } from '../base/days.ts';
import { uuidOf } from '../base/entropy.ts';
import { LIVING } from '../consents/status.ts';
import type { Consent, HistorySpan } from '../generated/prisma/client.ts';
import type { Tx } from '../postgres/db.ts';
import { currentLimits, forgetReach, learnLimit } from '../providers/learnt-limits.ts';
import type { OpenSpan } from './open-span.ts';
import { halves, longestServed, nextTries, oldestServed, type TriedSpan } from './refusals.ts';
import { askForSpan } from './span-job.ts';
import type { Stretch } from './stretch.ts';

/** Refused calls of one account in one period of its consent, after which refusals are final. */
const REFUSALS_MAX = 24;

/** A span as it stands, and its days. */
type Row = HistorySpan & TriedSpan;

/**
 * Asks for what may still be had of the days that a consent's bank refused: less of them, or what was
 * not asked for because something newer was refused. Notes the bank's limits where that has found
 * them. Needs the lock of the consent's history; running twice asks for nothing twice.
 *
 * @returns whether anything is asked for
 */
export async function shrinkRefused(app: App, tx: Tx, consentId: string): Promise<boolean> {
  const consent = await tx.consent.findUniqueOrThrow({ where: { id: consentId } });
  const { period, environment, providerId } = consent;
  if (providerId === null || !LIVING.includes(consent.status)) return false;
  const accounts = await tx.historySpan.groupBy({
    by: ['accountId'],
    where: { consentId, period, status: 'REFUSED' },
  });
  if (accounts.length === 0) return false;
  const rows = await tx.historySpan.findMany({
    where: { consentId, period, accountId: { in: accounts.map(({ accountId }) => accountId) } },
    orderBy: { untilOn: 'desc' },
  });
  const byAccount = [...Map.groupBy(rows.map(triedOf), ({ accountId }) => accountId).values()];
  const now = nowOf(app.clock);
  for (const spans of byAccount) await learn(tx, consent, spans, now);
  const bank = { environment, providerId };
  const { longestDays } = await currentLimits(tx, bank, now);
  const asked: HistorySpan[] = [];
  for (const spans of byAccount) {
    if (spans.reduce((sum, { refusals }) => sum + refusals, 0) >= REFUSALS_MAX) continue;
    for (const ofWindow of [true, false]) {
      const kind = spans.filter(({ deadlineAt }) => (deadlineAt !== null) === ofWindow);
      const { again, halve } = nextTries(kind, longestDays);
      asked.push(...(await reopen(tx, again)));
      if (halve !== null) asked.push(...(await cut(tx, halve, halves(halve), 'REFUSED')));
    }
  }
  await app.queue.send(
    tx,
    asked.map((span) => askForSpan(span, { bank: providerId })),
  );
  return asked.length > 0;
}

/**
 * Asks for a span's days by several calls, whose parts have the oldest days last. Changes nothing if
 * the span is no longer `PLANNED`. Opens a transaction.
 */
export async function cutPlanned(
  app: App,
  span: OpenSpan,
  parts: readonly Stretch[],
): Promise<void> {
  await app.database.transact(span.viewerId, async (tx) => {
    const { count } = await tx.historySpan.updateMany({
      where: { id: span.id, status: 'PLANNED', period: span.period },
      data: { waits: 0 },
    });
    if (count === 0) return;
    const newer = await cut(tx, span, parts, 'PLANNED');
    await app.queue.send(
      tx,
      [...newer, span].map((part) => askForSpan(part, { bank: span.account.providerId })),
    );
  });
}

/** What a finished history shows: that the bank serves more than was thought. */
export async function noteServed(app: App, tx: Tx, consentId: string): Promise<void> {
  const consent = await tx.consent.findUniqueOrThrow({ where: { id: consentId } });
  const { period, environment, providerId } = consent;
  if (providerId === null) return;
  const oldest = await tx.historySpan.aggregate({
    where: { consentId, period, status: 'SAVED' },
    _min: { fromOn: true },
  });
  if (oldest._min.fromOn === null) return;
  const days = daysBetween(dayOf(oldest._min.fromOn), dayOf(nowOf(app.clock)));
  await forgetReach(tx, { environment, providerId }, days);
}

function triedOf(row: HistorySpan): Row {
  return { ...row, from: dayOf(row.fromOn), until: dayOf(row.untilOn) };
}

async function learn(
  tx: Tx,
  consent: Consent,
  newestFirst: readonly Row[],
  now: Date,
): Promise<void> {
  const { environment, providerId, windowEndsAt } = consent;
  if (providerId === null) return;
  const bank = { environment, providerId };
  const longest = longestServed(newestFirst);
  if (longest !== null) await learnLimit(tx, bank, 'LONGEST', longest, now);
  const oldest = oldestServed(newestFirst);
  if (oldest === null) return;
  // By the day on which it was had: the search may have gone on for some.
  const days = daysBetween(oldest.from, dayOf(oldest.endedAt ?? now));
  if (now >= windowEndsAt) await learnLimit(tx, bank, 'LATER', days, now);
  else await learnLimit(tx, bank, 'REACH', days, now);
}

async function reopen(tx: Tx, spans: readonly Row[]): Promise<readonly HistorySpan[]> {
  if (spans.length === 0) return [];
  return tx.historySpan.updateManyAndReturn({
    where: { id: { in: spans.map(({ id }) => id) } },
    data: { status: 'PLANNED', reason: null, endedAt: null, tasks: 0 },
  });
}

/**
 * Leaves a span its oldest part and makes spans of the others, which are to be asked.
 *
 * @param status - of the oldest part, which it has already
 */
async function cut(
  tx: Tx,
  span: HistorySpan,
  parts: readonly Stretch[],
  status: 'PLANNED' | 'REFUSED',
): Promise<readonly HistorySpan[]> {
  const { viewerId, consentId, accountId, ordinal, period, deadlineAt } = span;
  const newer = parts.slice(0, -1);
  const end = newer.at(-1);
  if (end === undefined) return [];
  await tx.historySpan.update({
    where: { id: span.id, status },
    data: { untilOn: startOf(addDays(end.from, -1)) },
  });
  return tx.historySpan.createManyAndReturn({
    data: newer.map(({ from, until }) => ({
      // As every span's: the same days have the same id.
      id: uuidOf('span', consentId, accountId, from),
      viewerId,
      consentId,
      accountId,
      ordinal,
      period,
      fromOn: startOf(from),
      untilOn: startOf(until),
      deadlineAt,
    })),
  });
}
