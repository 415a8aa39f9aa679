import { saveBalance } from '../accounts/save.ts';
import { saveBooked, savePending } from '../accounts/save-transactions.ts';
import type { App } from '../app.ts';
import { nowOf } from '../base/clock.ts';
import { addDays, dayOf } from '../base/days.ts';
import { recordChanges } from '../changes/log.ts';
import { ConsentEndedError } from '../consents/refresh.ts';
import { withBankAccess } from '../consents/tokens.ts';
import { publish } from '../events.ts';
import type { Account, Consent } from '../generated/prisma/client.ts';
import type { Bank } from '../truelayer/bank.ts';
import { type BankMeaning, BankError } from '../truelayer/errors.ts';
import type { Listing } from '../truelayer/listing.ts';
import type { WireBalance, WireCardBalance } from '../truelayer/wire-balance.ts';
import type { WireTransaction } from '../truelayer/wire-transaction.ts';
import { readBooked } from './spans.ts';

/** Days of overlap, for rows that banks post late. */
const RECENT_DAYS = 14;

/** What one read of an account brought; null where the bank has no such thing. */
interface AccountView {
  readonly balance: WireBalance | WireCardBalance | null;
  readonly booked: Listing<WireTransaction> | null;
  readonly pending: Listing<WireTransaction> | null;
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
  const accounts = await reader.account.findMany({
    where: { consentId },
    include: { balance: { select: { fetchedAt: true } } },
    orderBy: { id: 'asc' },
  });
  const attended = nowOf(app.clock) < consent.windowEndsAt;
  const access = { viewerId, consentId, attended };
  let failure: unknown = null;
  try {
    // Without an account there is nothing to read, and the refresh token still wants its use.
    if (accounts.length === 0) await withBankAccess(app, access, async () => undefined);
    for (const account of accounts) {
      if (account.balance !== null && account.balance.fetchedAt > dueSince) continue;
      try {
        const askedAt = nowOf(app.clock);
        const view = await withBankAccess(app, access, (bank) =>
          readAccount(app, bank, account, consent),
        );
        await saveAccount(app, account, view, askedAt);
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
  const today = dayOf(nowOf(app.clock));
  const may = (scope: string) => consent.scopes.includes(scope);
  const [balance, booked, pending] = await Promise.all([
    may('balance')
      ? orNone<WireBalance | WireCardBalance>(
          kind === 'CARD' ? bank.cardBalance(id) : bank.accountBalance(id),
        )
      : null,
    may('transactions')
      ? orNone(readBooked(bank, account, { from: addDays(today, -RECENT_DAYS), to: today }))
      : null,
    may('transactions')
      ? orNone(
          kind === 'CARD' ? bank.cardPendingTransactions(id) : bank.accountPendingTransactions(id),
        )
      : null,
  ]);
  return { balance, booked, pending };
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
    const changes = [];
    if (view.balance !== null) {
      changes.push(...(await saveBalance(tx, account, view.balance, askedAt)));
    }
    // Booked first: what was pending under the same id becomes booked, as the row that it is.
    if (view.booked !== null) {
      const saved = await saveBooked(app, tx, account, view.booked.items, askedAt);
      changes.push(...saved.changes);
    }
    if (view.pending !== null && view.pending.refused === 0) {
      const saved = await savePending(app, tx, account, view.pending.items, askedAt);
      changes.push(...saved.changes);
    }
    await publish(tx, { consentId });
    await recordChanges(tx, viewerId, askedAt, changes);
  });
}
