import { findOwner } from '../accounts/owner.ts';
import { quarantine } from '../accounts/quarantine.ts';
import { saveTransactions } from '../accounts/save-transactions.ts';
import { noteOutcomes } from '../accounts/troubles.ts';
import type { App } from '../app.ts';
import { later, nowOf, SECOND } from '../base/clock.ts';
import { dayOf } from '../base/days.ts';
import { recordChanges } from '../changes/log.ts';
import { ConsentEndedError } from '../consents/held.ts';
import { requireLiving } from '../consents/living.ts';
import { publish } from '../events.ts';
import type { Tx } from '../postgres/db.ts';
import type { Listing } from '../truelayer/listing.ts';
import type { WireTransaction } from '../truelayer/wire-transaction.ts';
import { endSpan, NOT_UNDERSTOOD } from './end-span.ts';
import type { OpenSpan } from './open-span.ts';
import { noteHistoryEnd } from './resume.ts';
import { askForSpan } from './span-job.ts';

// Some rows made no sense: those that did are kept, and what else the bank may say is asked for.
const ASKED_AGAIN_MAX = 3;
const ASKED_AGAIN_MILLISECONDS = 5 * SECOND;

/** Saves the days of a span, once, whoever has brought them; one that has ended stays as it is. */
export async function saveSpan(
  app: App,
  span: OpenSpan,
  listing: Listing<WireTransaction>,
): Promise<void> {
  try {
    await saveRows(app, span, listing);
  } catch (error) {
    if (!(error instanceof ConsentEndedError)) throw error;
    // It ended while the bank was answering.
    await endSpan(app, span, { status: 'MISSED', reason: 'CONSENT_ENDED' });
  }
}

async function saveRows(
  app: App,
  span: OpenSpan,
  listing: Listing<WireTransaction>,
): Promise<void> {
  const { refused, refusedReasons } = listing;
  if (refused > 0)
    app.log.warn({ spanId: span.id, refused, at: refusedReasons }, 'rows not understood');
  const now = nowOf(app.clock);
  await app.database.transact(span.viewerId, async (tx) => {
    await requireLiving(tx, span.consentId, span.period);
    const owner = await findOwner(tx, span.accountId, span.consentId);
    if (owner === null) return;
    if (!(await claimSpan(app, tx, span, listing, now))) return;
    const mended = await noteOutcomes(app, tx, span.viewerId, { accountId: span.accountId }, [
      { endpoint: 'TRANSACTIONS', failure: null },
    ]);
    const { environment, providerId } = span.account;
    const source = { ...span, environment, providerId, endpoint: 'TRANSACTIONS' };
    await quarantine(tx, source, listing, now);
    const days = { from: dayOf(span.fromOn), to: dayOf(span.untilOn) };
    const answer = { booked: listing.items, whole: refused > 0 ? null : days, pending: null };
    await publish(tx, { consentId: span.consentId });
    const record = { at: now, changes: mended, consentId: span.consentId };
    await saveTransactions(app, tx, owner, answer, record);
    // Last of all, for whoever ends another span of the consent waits for it.
    const ended = await noteHistoryEnd(app, tx, span.consentId);
    await recordChanges(app, tx, span.viewerId, now, ended, span.consentId);
  });
}

/** @returns whether this run is the one that goes on to write */
async function claimSpan(
  app: App,
  tx: Tx,
  span: OpenSpan,
  { items, refused }: Listing<WireTransaction>,
  now: Date,
): Promise<boolean> {
  const asksAgain = refused > 0 && span.askedAgain < ASKED_AGAIN_MAX;
  // By its status: of two runs of this job, only one goes on to write.
  const { count } = await tx.historySpan.updateMany({
    where: { id: span.id, status: 'PLANNED', period: span.period, askedAgain: span.askedAgain },
    data: {
      ...(asksAgain
        ? { askedAgain: { increment: 1 } }
        : { status: 'SAVED' as const, endedAt: now }),
      resultsUri: null,
      rowsSaved: items.length,
      reason: refused > 0 ? NOT_UNDERSTOOD : null,
    },
  });
  if (count === 0) return false;
  if (asksAgain) {
    const notBefore = later(now, ASKED_AGAIN_MILLISECONDS);
    const { providerId: bank } = span.account;
    await app.queue.send(tx, [askForSpan(span, { bank, notBefore })]);
  }
  return true;
}
