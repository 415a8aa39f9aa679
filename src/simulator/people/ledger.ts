import type { AccountChanges } from './account-changes.ts';
import { planAccounts, type PlannedAccount } from './accounts-plan.ts';
import type { Bank } from '../banks/bank.ts';
import type { Banks } from '../banks/bank-register.ts';
import { monthOfSerial, type Book, type Row } from './book.ts';
import { rowAt, type Edits } from './edits.ts';
import { buyThrough, liveMonth, makeHousehold } from './household.ts';
import { openingMinor, type Household } from './household-life.ts';
import { STATEMENT_DATE } from './household-transfers.ts';
import { liveMockMonth } from './mock-bank.ts';
import { monthOf, startOfDate, type Month } from './month.ts';
import { makeRecent } from '../bounded-map.ts';
import { userOf, type User } from './users.ts';

/** What one person has at one bank: accounts and cards, and their rows on demand. */
export interface Holdings {
  readonly user: User;
  readonly bank: Bank;
  readonly accounts: readonly PlannedAccount[];
  readonly household: Household;
}

/** A row with the balance that the account shows after it. */
export interface LedgerRow {
  readonly row: Row;
  readonly balanceMinor: number;
}

/** A moment to look at an account: what time it is, and which changes by hand have been made. */
export interface View {
  readonly now: Date;
  readonly version: number;
}

/** Reads accounts, month by month as they are asked for. No month needs the years before it. */
export interface Ledgers {
  /** @throws RangeError for a user or a bank that does not exist */
  holdingsOf(userKey: string, providerId: string): Holdings;
  /** What is booked from one instant to another, the second excluded and never beyond now. */
  booked(
    holdings: Holdings,
    account: PlannedAccount,
    from: Date,
    until: Date,
    view: View,
  ): LedgerRow[];
  /** What is made and not yet booked, newest first. */
  pending(holdings: Holdings, account: PlannedAccount, view: View): Row[];
  /** The balance of all that is booked. */
  balanceMinor(holdings: Holdings, account: PlannedAccount, view: View): number;
  /** The row with a serial as it is now; undefined where there is none, or it is deleted. */
  find(holdings: Holdings, account: PlannedAccount, serial: number): Row | undefined;
}

/** Months kept: enough for a few people's six years, some tens of megabytes. */
const MONTHS_MAX = 400;
const HOLDINGS_MAX = 2_000;

/** The accounts of a seed's people. */
export function makeLedgers(
  seed: string,
  banks: Banks,
  edits: Edits,
  changes: AccountChanges,
): Ledgers {
  const holdings = makeRecent<Holdings>(HOLDINGS_MAX);
  const months = makeRecent<ReadonlyMap<string, Book>>(MONTHS_MAX);
  const purchases = makeRecent<ReadonlyMap<string, Book>>(MONTHS_MAX);

  const purchasesIn = ({ household }: Holdings, month: Month) =>
    purchases.get(keyOf(household, month), () => buyThrough(household, month));

  function monthIn(of: Holdings, month: Month): ReadonlyMap<string, Book> {
    const { accounts, household } = of;
    return months.get(keyOf(household, month), () =>
      of.bank.id === 'mock'
        ? liveMockMonth(household.seed, accounts, month, of.bank.tempo)
        : liveMonth(household, month, purchasesIn(of, month - 1), purchasesIn(of, month)),
    );
  }

  /** The balance at the start of a month, all that was written before counted as booked. */
  function openingIn(of: Holdings, account: PlannedAccount, month: Month): number {
    if (account.role !== 'card') return openingMinor(of.household, account, month);
    const statement = startOfDate(month - 1, STATEMENT_DATE);
    const rows = purchasesIn(of, month - 1).get(account.key)?.rows ?? [];
    return rows.reduce((sum, row) => (row.bookedAt >= statement ? sum + row.minor : sum), 0);
  }

  /**
   * All rows written from a month on, to the end of another, with changes by hand, in the order of
   * booking; and the balance before the first of them.
   */
  function written(
    of: Holdings,
    account: PlannedAccount,
    first: Month,
    last: Month,
    version: number,
  ): { readonly rows: Row[]; readonly beforeMinor: number } {
    const changed = edits.of(account.id);
    let beforeMinor = openingIn(of, account, first);
    const rows: Row[] = [];
    for (let month = first; month <= last; month += 1) {
      for (const row of monthIn(of, month).get(account.key)?.rows ?? []) {
        if (!changed.has(row.serial)) rows.push(row);
      }
    }
    const start = startOfDate(first, 1);
    for (const edit of changed.values()) {
      const { original } = edit;
      if (original !== undefined && monthOfSerial(original.serial) < first) {
        beforeMinor -= original.minor;
      }
      const row = rowAt(edit, version);
      if (row === undefined) continue;
      if (row.bookedAt < start) beforeMinor += row.minor;
      else rows.push(row);
    }
    rows.sort((a, b) => a.bookedAt - b.bookedAt || a.serial - b.serial);
    return { rows, beforeMinor };
  }

  return {
    holdingsOf(userKey, providerId) {
      const bank = banks.find(providerId);
      if (bank === undefined) throw new RangeError(`no such simulated bank: ${providerId}`);
      const user = userOf(userKey);
      const key = `${userKey} ${providerId} ${changes.versionOf(user.person, providerId)}`;
      const known = holdings.get(key, () => makeHoldings(seed, user, bank, changes));
      // The bank's character may have been changed since.
      if (known.bank === bank) return known;
      return holdings.set(key, makeHoldings(seed, user, bank, changes));
    },
    booked(of, account, from, until, view) {
      const end = Math.min(until.getTime(), view.now.getTime() + 1);
      const start = from.getTime();
      if (end <= start) return [];
      // Rows of the month before may be booked in the first days of this one.
      const last = monthOf(end - 1);
      const { beforeMinor, rows } = written(of, account, monthOf(start) - 1, last, view.version);
      const balances = of.bank.runningBalance === 'reversed' ? reversed(rows) : undefined;
      const wanted: LedgerRow[] = [];
      let balanceMinor = beforeMinor;
      for (const [index, row] of rows.entries()) {
        if (row.bookedAt >= end) break;
        balanceMinor += row.minor;
        if (row.bookedAt >= start) {
          wanted.push({ row, balanceMinor: balances?.[index] ?? balanceMinor });
        }
      }
      return wanted;
    },
    pending(of, account, view) {
      const now = view.now.getTime();
      const month = monthOf(now);
      return written(of, account, month - 1, month, view.version)
        .rows.filter((row) => row.madeAt <= now && row.bookedAt > now)
        .toSorted((a, b) => b.madeAt - a.madeAt || b.serial - a.serial);
    },
    balanceMinor(of, account, view) {
      if (account.standingMinor !== undefined)
        return of.bank.tempo === 0 ? 0 : account.standingMinor;
      const now = view.now.getTime();
      const month = monthOf(now);
      const { beforeMinor, rows } = written(of, account, month - 1, month, view.version);
      return rows.reduce((sum, row) => (row.bookedAt <= now ? sum + row.minor : sum), beforeMinor);
    },
    find(of, account, serial) {
      const edit = edits.of(account.id).get(serial);
      if (edit !== undefined) return rowAt(edit, edits.version);
      const rows = monthIn(of, monthOfSerial(serial)).get(account.key)?.rows ?? [];
      return rows.find((row) => row.serial === serial);
    },
  };
}

function makeHoldings(seed: string, user: User, bank: Bank, changes: AccountChanges): Holdings {
  const planned = planAccounts(seed, user, bank);
  // Whatever the bank shows of its accounts, people live on by them.
  const household = makeHousehold(JSON.stringify([seed, user.person, bank.id]), bank, planned);
  const accounts = changes.apply(user.person, bank.id, planned);
  return { user, bank, accounts, household };
}

/** What a month of a household follows from: also its accounts, since a bank's may become others. */
function keyOf({ accounts, bank, seed }: Household, month: Month): string {
  return `${seed} ${bank.tempo} ${accounts.map(({ key }) => key).join()} ${month}`;
}

/** Balances as the mock bank has them: within each month from its last row down to the first. */
function reversed(rows: readonly Row[]): number[] {
  const balances: number[] = [];
  let sum = 0;
  for (let index = rows.length - 1; index >= 0; index -= 1) {
    const row = rows[index];
    if (row === undefined) continue;
    const after = rows[index + 1];
    const isLast = after === undefined || monthOf(after.bookedAt) !== monthOf(row.bookedAt);
    sum = (isLast ? 60_000 : sum) + row.minor;
    balances[index] = sum;
  }
  return balances;
}
