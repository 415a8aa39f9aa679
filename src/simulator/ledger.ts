import { planAccounts, type PlannedAccount } from './accounts-plan.ts';
import type { Bank } from './bank.ts';
import { findBank } from './banks.ts';
import type { Row } from './book.ts';
import { live } from './household.ts';
import { userOf, type User } from './users.ts';

/** A row with the balance that the account showed when it was booked. */
export interface LedgerRow extends Row {
  readonly balanceMinor: number;
}

/** An account or card with all its rows, oldest booking first, up to the end of some year. */
export interface Ledger {
  readonly account: PlannedAccount;
  readonly rows: readonly LedgerRow[];
}

/** What one person has at one bank. */
export interface Holdings {
  readonly user: User;
  readonly bank: Bank;
  readonly ledgers: readonly Ledger[];
}

/** Gives holdings, and keeps the last few. */
export interface Holder {
  /** @param now - rows go on beyond it; the reader cuts */
  holdingsOf(userKey: string, providerId: string, now: Date): Holdings;
}

/** Enough for the users of a test or a demo; each takes about two megabytes. */
const KEPT_MAX = 24;

/** Makes the holdings of a seed's people. */
export function makeHolder(seed: string): Holder {
  const kept = new Map<string, Holdings>();
  return {
    holdingsOf(userKey, providerId, now) {
      const year = now.getUTCFullYear();
      const key = `${userKey} ${providerId} ${year}`;
      const holdings = kept.get(key) ?? makeHoldings(seed, userKey, providerId, year);
      kept.delete(key);
      kept.set(key, holdings);
      const oldest = kept.keys().next();
      if (kept.size > KEPT_MAX && oldest.done !== true) kept.delete(oldest.value);
      return holdings;
    },
  };
}

/**
 * What had been booked at an instant.
 *
 * @returns how many rows from the start of the ledger, and the balance after them
 */
export function bookedAt(ledger: Ledger, now: Date): { count: number; balanceMinor: number } {
  const time = now.getTime();
  let low = 0;
  let high = ledger.rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ledger.rows[middle]?.bookedAt ?? 0) <= time) low = middle + 1;
    else high = middle;
  }
  const last = ledger.rows[low - 1];
  return { count: low, balanceMinor: last?.balanceMinor ?? ledger.account.openingMinor };
}

/** Rows that are made but not yet booked at an instant, newest first. */
export function pendingAt(ledger: Ledger, now: Date): readonly LedgerRow[] {
  const time = now.getTime();
  const { count } = bookedAt(ledger, now);
  return ledger.rows
    .slice(count)
    .filter((row) => row.madeAt <= time)
    .toSorted((a, b) => b.madeAt - a.madeAt);
}

function makeHoldings(seed: string, userKey: string, providerId: string, year: number): Holdings {
  const bank = findBank(providerId);
  if (bank === undefined) throw new RangeError(`no such simulated bank: ${providerId}`);
  const user = userOf(userKey);
  const accounts = planAccounts(seed, user, bank);
  const books = live(JSON.stringify([seed, userKey, providerId]), bank, accounts, year);
  const ledgers = books.map((book): Ledger => {
    const rows = book.rows.toSorted((a, b) => a.bookedAt - b.bookedAt || a.serial - b.serial);
    let balanceMinor = book.account.openingMinor;
    const withBalance = rows.map((row): LedgerRow => {
      balanceMinor += row.minor;
      return { ...row, balanceMinor };
    });
    return { account: book.account, rows: withBalance };
  });
  return { user, bank, ledgers };
}
