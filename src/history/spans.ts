import { findOwner } from '../accounts/owner.ts';
import { quarantine } from '../accounts/quarantine.ts';
import { saveTransactions } from '../accounts/save-transactions.ts';
import { noteOutcomes } from '../accounts/troubles.ts';
import type { App } from '../app.ts';
import { HOUR, later, nowOf, SECOND } from '../base/clock.ts';
import { dayOf } from '../base/days.ts';
import { recordChanges } from '../changes/log.ts';
import { ConsentEndedError } from '../consents/held.ts';
import { requireLiving } from '../consents/living.ts';
import { LIVING } from '../consents/status.ts';
import { withBankAccess } from '../consents/tokens.ts';
import { publish } from '../events.ts';
import type { Account, Consent, HistorySpan } from '../generated/prisma/client.ts';
import type { Bank, DayRange } from '../truelayer/bank.ts';
import { BankError } from '../truelayer/errors.ts';
import type { Listing } from '../truelayer/listing.ts';
import type { WireTransaction } from '../truelayer/wire-transaction.ts';
import { noteHistoryEnd } from './resume.ts';
import { askForSpan } from './span-job.ts';

/** How a span ended that brought no rows. */
type SpanEnd = { readonly status: 'REFUSED' | 'MISSED' | 'FAILED'; readonly reason: string };

const WAITS_MAX = 30;
const WAIT_MILLISECONDS_MIN = 5 * SECOND;
const WAIT_MILLISECONDS_MAX = HOUR;

/**
 * Fetches the days of one span and saves them. A span that has ended stays as it is. Nothing is
 * asked after the deadline; a refusal closes the span with its reason and is no failure. Calls the
 * network; answers `fetchSpan`.
 *
 * @throws BankError where trying again can help
 */
export async function fetchSpan(
  app: App,
  viewerId: string,
  consentId: string,
  spanId: string,
): Promise<void> {
  const span = await app.database.reader(viewerId).historySpan.findUnique({
    where: { id: spanId },
    include: { account: { include: { mergedInto: true } }, consent: true },
  });
  if (span?.status !== 'PLANNED') return;
  // Renewed meanwhile: the new period plans these days again, under its own deadline.
  if (span.period !== span.consent.period) return;
  const now = nowOf(app.clock);
  if (!LIVING.includes(span.consent.status)) {
    return endSpan(app, span, { status: 'MISSED', reason: 'CONSENT_ENDED' });
  }
  if (span.deadlineAt !== null && now >= span.deadlineAt) {
    return endSpan(app, span, { status: 'MISSED', reason: 'WINDOW_CLOSED' });
  }
  // The bank knows an account that was merged into another by the ids of that.
  const account = span.account.mergedInto ?? span.account;
  const unwanted = unwantedReason(account);
  if (unwanted !== null) return endSpan(app, span, { status: 'MISSED', reason: unwanted });
  const attended = now < span.consent.windowEndsAt;
  let listing: Listing<WireTransaction>;
  try {
    listing = await withBankAccess(app, { viewerId, consentId, attended }, (bank) =>
      readBooked(bank, account, { from: dayOf(span.fromOn), to: dayOf(span.untilOn) }),
    );
  } catch (error) {
    const end = endOf(error, span);
    if (end !== null) return endSpan(app, span, end, error);
    if (await waitAsAsked(app, span, error)) return;
    throw error;
  }
  try {
    await saveSpan(app, span, listing);
  } catch (error) {
    if (!(error instanceof ConsentEndedError)) throw error;
    // It ended while the bank was answering.
    await endSpan(app, span, { status: 'MISSED', reason: 'CONSENT_ENDED' });
  }
}

/** Why an account is not to be read; null if it is. */
function unwantedReason(account: Account): string | null {
  if (account.excluded) return 'ACCOUNT_EXCLUDED';
  return account.status === 'UNSHARED' ? 'ACCOUNT_UNSHARED' : null;
}

/** Reads the booked transactions of an account or card. */
export function readBooked(
  bank: Bank,
  account: Account,
  range: DayRange,
): Promise<Listing<WireTransaction>> {
  return account.kind === 'CARD'
    ? bank.cardTransactions(account.providerAccountId, range)
    : bank.accountTransactions(account.providerAccountId, range);
}

// Some rows made no sense: those that did are kept, and what else the bank may say is asked for.
const NOT_UNDERSTOOD = 'ROWS_NOT_UNDERSTOOD';
const ASKED_AGAIN_MAX = 3;
const ASKED_AGAIN_MILLISECONDS = 5 * SECOND;

async function saveSpan(
  app: App,
  span: HistorySpan & { readonly account: Account },
  listing: Listing<WireTransaction>,
): Promise<void> {
  const { refused, refusedReasons } = listing;
  if (refused > 0)
    app.log.warn({ spanId: span.id, refused, at: refusedReasons }, 'rows not understood');
  const now = nowOf(app.clock);
  await app.database.transact(span.viewerId, async (tx) => {
    await requireLiving(tx, span.consentId, span.period);
    const owner = await findOwner(tx, span.accountId);
    if (owner === null) return;
    const asksAgain = refused > 0 && span.askedAgain < ASKED_AGAIN_MAX;
    // Claimed by its status: of two runs of this job, only one goes on to write.
    const { count } = await tx.historySpan.updateMany({
      where: { id: span.id, status: 'PLANNED', period: span.period, askedAgain: span.askedAgain },
      data: {
        ...(asksAgain
          ? { askedAgain: { increment: 1 } }
          : { status: 'SAVED' as const, endedAt: now }),
        rowsSaved: listing.items.length,
        reason: refused > 0 ? NOT_UNDERSTOOD : null,
      },
    });
    if (count === 0) return;
    if (asksAgain) {
      const notBefore = later(now, ASKED_AGAIN_MILLISECONDS);
      await app.queue.send(tx, [askForSpan(span, { notBefore })]);
    }
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

/** @param error - the bank's, where it is one that stays with the account whatever the days */
async function endSpan(
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
        endedAt: now,
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

function endOf(error: unknown, span: HistorySpan & { readonly consent: Consent }): SpanEnd | null {
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

// Where the bank says how long to wait, the queue's own delay would either hurry or dawdle. After many
// waits the queue's own bounded retries take over.
async function waitAsAsked(app: App, span: HistorySpan, error: unknown): Promise<boolean> {
  if (!(error instanceof BankError) || error.retryAfterSeconds === undefined) return false;
  if (span.waits >= WAITS_MAX) return false;
  const now = nowOf(app.clock);
  // However long the bank says: where a window closes, there is another try in what is left of it.
  const left =
    span.deadlineAt === null ? Infinity : (span.deadlineAt.getTime() - now.getTime()) / 2;
  const milliseconds = Math.min(error.retryAfterSeconds * SECOND, left, WAIT_MILLISECONDS_MAX);
  const notBefore = later(now, Math.max(milliseconds, WAIT_MILLISECONDS_MIN));
  await app.database.transact(span.viewerId, async (tx) => {
    const { count } = await tx.historySpan.updateMany({
      where: { id: span.id },
      data: { waits: { increment: 1 } },
    });
    // Erased while the bank was answering, there is nothing to wait for.
    if (count === 1) await app.queue.send(tx, [askForSpan(span, { notBefore })]);
  });
  return true;
}
