import { saveBalance } from '../accounts/save.ts';
import { saveBooked, savePending } from '../accounts/save-transactions.ts';
import type { App } from '../app.ts';
import { nowOf } from '../base/clock.ts';
import { addDays, type Day, dayOf, laterDay, startOf } from '../base/days.ts';
import { uuidOf } from '../base/entropy.ts';
import { recordChanges } from '../changes/log.ts';
import { ConsentEndedError } from '../consents/held.ts';
import { requireLiving } from '../consents/living.ts';
import { withBankAccess } from '../consents/tokens.ts';
import { publish } from '../events.ts';
import type { Account, Consent } from '../generated/prisma/client.ts';
import type { Tx } from '../postgres/db.ts';
import { historyLimits } from '../providers/limits.ts';
import type { Bank, DayRange } from '../truelayer/bank.ts';
import { type BankMeaning, BankError } from '../truelayer/errors.ts';
import type { Listing } from '../truelayer/listing.ts';
import type { WireBalance, WireCardBalance } from '../truelayer/wire-balance.ts';
import type { WireTransaction } from '../truelayer/wire-transaction.ts';
import { readBooked } from './spans.ts';

/** Days of overlap, for rows that banks post late. */
const RECENT_DAYS = 14;
/** Before the last day that was read, for rows that came after it was. */
const OVERLAP_DAYS = 7;

/** What one read of an account brought; null where the bank has no such thing. */
interface AccountView {
  readonly range: DayRange;
  readonly balance: WireBalance | WireCardBalance | null;
  readonly booked: Listing<WireTransaction> | null;
  readonly pending: Listing<WireTransaction> | null;
  /** The first part that could not be read; the others are here all the same. */
  readonly failure: unknown;
}

/**
 * Reads balances, pending and the newest booked transactions of every account that a consent
 * feeds. An account that cannot be read keeps what it has and does not stop the others; a retry
 * leaves out those that were read. Calls the network; answers `readRecent`.
 *
 * @throws BankError of an account where trying again can help
 */
export async function readRecent(app: App, viewerId: string, consentId: string): Promise<void> {
  const reader = app.database.reader(viewerId);
  const consent = await reader.consent.findUnique({ where: { id: consentId } });
  if (consent === null) return;
  const dueSince = consent.readAt ?? consent.consentedAt;
  const accounts = await reader.account.findMany({ where: { consentId }, orderBy: { id: 'asc' } });
  const attended = nowOf(app.clock) < consent.windowEndsAt;
  const access = { viewerId, consentId, attended };
  let failure: unknown = null;
  try {
    // Without an account there is nothing to read, and the refresh token still wants its use.
    if (accounts.length === 0) await withBankAccess(app, access, async () => undefined);
    for (const account of accounts) {
      if (account.readAt !== null && account.readAt > dueSince) continue;
      try {
        const askedAt = nowOf(app.clock);
        const view = await withBankAccess(app, access, (bank) =>
          readAccount(app, bank, account, consent),
        );
        await saveAccount(app, account, view, askedAt);
        if (view.failure !== null) throw view.failure;
      } catch (error) {
        if (error instanceof ConsentEndedError) throw error;
        if (canHealToday(error)) failure = error;
        else
          app.log.warn(
            { consentId, accountId: account.id, err: error },
            'an account was left unread',
          );
      }
    }
  } catch (error) {
    if (error instanceof ConsentEndedError) return;
    throw error;
  }
  if (failure !== null) throw failure;
}

/** Whether to try again at once; a spent quota of the day waits for the next. */
function canHealToday(error: unknown): boolean {
  if (!(error instanceof BankError)) return true;
  return error.tryAgain && error.meaning !== 'UNATTENDED_LIMIT';
}

async function readAccount(
  app: App,
  bank: Bank,
  account: Account,
  consent: Consent,
): Promise<AccountView> {
  const { kind, providerAccountId: id } = account;
  const card = kind === 'CARD';
  const today = dayOf(nowOf(app.clock));
  const range = recentRange(account, consent, today);
  const may = (scope: string) => consent.scopes.includes(scope);
  const [balance, booked, pending] = await Promise.allSettled([
    may('balance')
      ? orNone<WireBalance | WireCardBalance>(card ? bank.cardBalance(id) : bank.accountBalance(id))
      : null,
    may('transactions') ? orNone(readBooked(bank, account, range)) : null,
    may('transactions')
      ? orNone(card ? bank.cardPendingTransactions(id) : bank.accountPendingTransactions(id))
      : null,
  ]);
  const failures = [balance, booked, pending].flatMap((part) =>
    part.status === 'rejected' ? [part.reason as unknown] : [],
  );
  // A refused token is for whoever lent the access; every other part is kept for itself.
  const refused = failures.find(
    (failure) => failure instanceof BankError && failure.meaning === 'TOKEN_REJECTED',
  );
  if (refused !== undefined) throw refused;
  return {
    range,
    balance: balance.status === 'fulfilled' ? balance.value : null,
    booked: booked.status === 'fulfilled' ? booked.value : null,
    pending: pending.status === 'fulfilled' ? pending.value : null,
    failure: failures[0] ?? null,
  };
}

/**
 * The days to read: two weeks for rows that are posted late, more where longer was not read, and
 * no more than the bank serves outside its window.
 */
function recentRange(account: Account, consent: Consent, today: Day): DayRange {
  const until = dayOf(account.readUntilOn ?? consent.consentedAt);
  const wanted = addDays(until, -OVERLAP_DAYS);
  const usual = addDays(today, -RECENT_DAYS);
  const reach = addDays(today, 1 - historyLimits(account.providerId).laterDays);
  return { from: laterDay(wanted < usual ? wanted : usual, reach), to: today };
}

const NOTHING: readonly BankMeaning[] = ['NOT_SUPPORTED', 'ACCESS_DENIED', 'SCA_EXCEEDED'];

async function orNone<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof BankError && NOTHING.includes(error.meaning)) return null;
    throw error;
  }
}

async function saveAccount(
  app: App,
  account: Account,
  view: AccountView,
  askedAt: Date,
): Promise<void> {
  const { viewerId, consentId } = account;
  await app.database.transact(viewerId, async (tx) => {
    await requireLiving(tx, consentId);
    const changes = [];
    if (view.balance !== null) {
      changes.push(...(await saveBalance(tx, account, view.balance, askedAt)));
    }
    // Booked first: what was pending under the same id becomes booked, as the row that it is.
    if (view.booked !== null) {
      const saved = await saveBooked(app, tx, account, view.booked.items, askedAt);
      changes.push(...saved.changes);
      await noteUnread(tx, account, view.range, askedAt);
    }
    if (view.pending !== null && view.pending.refused === 0) {
      const saved = await savePending(app, tx, account, view.pending.items, askedAt);
      changes.push(...saved.changes);
    }
    await tx.account.update({
      where: { id: account.id },
      data: {
        ...(view.failure === null ? { readAt: askedAt } : {}),
        ...(view.booked === null ? {} : { readUntilOn: startOf(view.range.to) }),
      },
    });
    await publish(tx, { consentId });
    await recordChanges(app, tx, viewerId, askedAt, changes);
  });
}

// Days between the last read and this one that the bank no longer serves are told as a gap.
async function noteUnread(tx: Tx, account: Account, range: DayRange, now: Date): Promise<void> {
  const { id: accountId, viewerId, consentId, readUntilOn } = account;
  if (readUntilOn === null) return;
  const from = addDays(dayOf(readUntilOn), 1);
  if (from >= range.from) return;
  await tx.historySpan.createMany({
    data: [
      {
        id: uuidOf('unread', consentId, accountId, from),
        viewerId,
        consentId,
        accountId,
        ordinal: 0,
        fromOn: startOf(from),
        untilOn: startOf(addDays(range.from, -1)),
        status: 'MISSED',
        reason: 'OUT_OF_REACH',
        endedAt: now,
      },
    ],
    skipDuplicates: true,
  });
}
