import { nowOf } from '../../base/clock.ts';
import { minorUnits, parseDecimal } from '../../base/money.ts';
import type { PlannedAccount } from '../people/accounts-plan.ts';
import type { Row } from '../people/book.ts';
import type { Holdings } from '../people/ledger.ts';
import type { World } from '../world.ts';

/** A transaction as somebody writes it by hand. */
export interface HandRow {
  /** In major units as the holder sees it, `-12.34` for money spent, on cards as well. */
  readonly amount: string;
  readonly description: string;
  /** When it happens; now unless given. */
  readonly at?: Date | undefined;
  /** True: not booked before it is settled. */
  readonly pending?: boolean | undefined;
  /** As on the wire: `PURCHASE` unless given. */
  readonly category?: string | undefined;
  readonly classification?: readonly string[] | undefined;
  readonly merchant?: string | undefined;
}

/** Whose account: a user at a bank. */
export interface Whose {
  readonly user: string;
  readonly providerId: string;
}

/** Writes into the books of banks, as life would. */
export interface Hand {
  /**
   * Adds a transaction.
   *
   * @param account - its key or id; `main` unless given
   * @returns its `transaction_id`
   */
  add(whose: Whose, row: HandRow, account?: string): string;
  /** Changes what a transaction says, its amount or its day. */
  amend(whose: Whose, transactionId: string, changes: Partial<HandRow>): void;
  /** Books a pending transaction now, under another id, for its amount or another one. */
  settle(whose: Whose, transactionId: string, amount?: string): string;
  /** Takes a transaction away. */
  remove(whose: Whose, transactionId: string): void;
}

/** Sums of a hundred such amounts have fifteen digits: as many as JSON numbers keep for certain. */
const MINOR_MAX = 1e13;

/** Each of them throws RangeError for a user, bank, account, transaction, amount or date that is none. */
export function makeHand(world: World): Hand {
  const open = ({ providerId, user }: Whose) => world.ledgers.holdingsOf(user, providerId);
  const idOf = (account: PlannedAccount, serial: number, state: 'booked' | 'pending') =>
    world.namesOf(account.id).idsOf([serial], state, 0)[0]?.own ?? '';

  function find(whose: Whose, transactionId: string): { account: PlannedAccount; row: Row } {
    const holdings = open(whose);
    for (const account of holdings.accounts) {
      const serial = world.namesOf(account.id).serialOf(transactionId);
      const row = serial === undefined ? undefined : world.ledgers.find(holdings, account, serial);
      if (row !== undefined) return { account, row };
    }
    throw new RangeError(`no such transaction: ${transactionId.slice(0, 60)}`);
  }

  return {
    add(whose, row, key = 'main') {
      const account = accountOf(open(whose), key);
      const at = instantOf(row.at ?? nowOf(world.clock));
      const minor = minorOf(row.amount, account);
      const serial = world.edits.add(account.id, {
        madeAt: at,
        bookedAt: row.pending === true ? Infinity : at,
        minor,
        pendingMinor: minor,
        words: {
          description: row.description,
          category: row.category ?? 'PURCHASE',
          classification: row.classification ?? [],
          merchant: row.merchant,
          bankCode: 'DEB',
        },
      });
      const state = row.pending === true ? 'pending' : 'booked';
      return idOf(account, serial, state);
    },
    amend(whose, transactionId, changes) {
      const { account, row } = find(whose, transactionId);
      const { amount, at } = changes;
      // What is pending stays so on another day; what is booked, or will be at once, moves whole.
      const isPending = row.bookedAt > Math.max(row.madeAt, world.clock.now());
      world.edits.change(account.id, row, {
        ...row,
        ...(amount === undefined ? {} : bothAmounts(minorOf(amount, account))),
        ...(at === undefined
          ? {}
          : {
              madeAt: instantOf(at),
              bookedAt: isPending ? Math.max(row.bookedAt, instantOf(at)) : instantOf(at),
            }),
        words: {
          ...row.words,
          description: changes.description ?? row.words.description,
          category: changes.category ?? row.words.category,
          classification: changes.classification ?? row.words.classification,
          merchant: changes.merchant ?? row.words.merchant,
        },
      });
    },
    settle(whose, transactionId, amount) {
      const { account, row } = find(whose, transactionId);
      const now = world.clock.now();
      if (row.bookedAt <= now) throw new RangeError('the transaction is booked already');
      const minor = amount === undefined ? row.minor : minorOf(amount, account);
      world.edits.change(account.id, row, { ...row, bookedAt: now, minor });
      return idOf(account, row.serial, 'booked');
    },
    remove(whose, transactionId) {
      const { account, row } = find(whose, transactionId);
      world.edits.change(account.id, row, undefined);
    },
  };
}

function accountOf({ accounts }: Holdings, name: string): PlannedAccount {
  const account = accounts.find(({ id, key }) => key === name || id === name);
  if (account !== undefined) return account;
  const keys = accounts.map(({ key }) => key).join(', ');
  throw new RangeError(`no such account: ${name.slice(0, 60)}; there are ${keys}`);
}

function minorOf(amount: string, { currency }: PlannedAccount): number {
  const minor = Number(minorUnits(parseDecimal(amount), currency));
  if (Math.abs(minor) > MINOR_MAX) throw new RangeError('the amount is too large');
  return minor;
}

function instantOf(at: Date): number {
  if (Number.isNaN(at.getTime())) throw new RangeError('the date is none');
  return at.getTime();
}

function bothAmounts(minor: number): Pick<Row, 'minor' | 'pendingMinor'> {
  return { minor, pendingMinor: minor };
}
