import type { AccountEndpoint, EndpointOutcome } from '../accounts/troubles.ts';
import type { App } from '../app.ts';
import { nowOf } from '../base/clock.ts';
import { addDays, type Day, dayOf, laterDay } from '../base/days.ts';
import type { Account, Consent } from '../generated/prisma/client.ts';
import { currentLimits } from '../providers/learnt-limits.ts';
import type { Bank, DayRange } from '../truelayer/bank.ts';
import { type BankMeaning, BankError } from '../truelayer/errors.ts';
import type { Listing } from '../truelayer/listing.ts';
import type { WireBalance, WireCardBalance } from '../truelayer/wire-balance.ts';
import type { WireDirectDebit } from '../truelayer/wire-direct-debit.ts';
import type { WireStandingOrder } from '../truelayer/wire-standing-order.ts';
import type { WireTransaction } from '../truelayer/wire-transaction.ts';
import { readBooked } from './read-booked.ts';

/** Days of overlap, for rows that banks post late. */
const RECENT_DAYS = 14;
/** Before the last day that was read, for rows that came after it was. */
const OVERLAP_DAYS = 7;

/** What one read of an account brought; null where the bank has no such thing. */
export interface AccountView {
  readonly range: DayRange;
  readonly balance: WireBalance | WireCardBalance | null;
  readonly booked: Listing<WireTransaction> | null;
  readonly pending: Listing<WireTransaction> | null;
  readonly directDebits: Listing<WireDirectDebit> | null;
  readonly standingOrders: Listing<WireStandingOrder> | null;
  /** How each part that was asked for came. */
  readonly outcomes: readonly EndpointOutcome[];
  /** The first part that another try may bring; the others are here all the same. */
  readonly failure: unknown;
}

/** How an account is read. */
export interface AccountReading {
  readonly account: Account;
  readonly consent: Consent;
  /** What was read after this instant need not be read again, where it is asked for once a read. */
  readonly dueSince: Date;
  /** The access token is new: a part that it is refused for is refused for itself. */
  readonly fresh: boolean;
}

/**
 * Reads what is newest of an account, as far as the consent's scopes go; a part that fails does not stop
 * the others. Calls the network.
 *
 * @throws BankError `TOKEN_REJECTED` where an older token is refused, or a fresh one for everything
 */
export async function readAccount(
  app: App,
  bank: Bank,
  { account, consent, dueSince, fresh }: AccountReading,
): Promise<AccountView> {
  const { kind, providerAccountId: id } = account;
  const card = kind === 'CARD';
  const now = nowOf(app.clock);
  const today = dayOf(now);
  const { laterDays } = await currentLimits(app.database.shared, account, now);
  const range = recentRange(account, consent, today, laterDays);
  const may = (scope: string) => consent.scopes.includes(scope);
  // There are none of cards, and they change so seldom that a try again leaves out what it has.
  const since = account.rereadAt ?? dueSince;
  const mayOrder = (scope: string, readAt: Date | null) =>
    !card && may(scope) && (readAt === null || readAt <= since || readAt <= dueSince);
  const [balance, booked, pending, directDebits, standingOrders] = await Promise.all([
    may('balance') &&
      partOf<WireBalance | WireCardBalance>(
        'BALANCE',
        card ? bank.cardBalance(id) : bank.accountBalance(id),
      ),
    may('transactions') && partOf('TRANSACTIONS', readBooked(bank, account, range)),
    may('transactions') &&
      partOf(
        'PENDING',
        card ? bank.cardPendingTransactions(id) : bank.accountPendingTransactions(id),
      ),
    mayOrder('direct_debits', account.directDebitsReadAt) &&
      partOf('DIRECT_DEBITS', bank.directDebits(id)),
    mayOrder('standing_orders', account.standingOrdersReadAt) &&
      partOf('STANDING_ORDERS', bank.standingOrders(id)),
  ]);
  const parts = [balance, booked, pending, directDebits, standingOrders].filter(
    (part) => part !== false,
  );
  const refused = parts.filter(({ failure }) => meaningOf(failure) === 'TOKEN_REJECTED');
  // A refused token is for whoever lent the access, and so is a fresh one that nothing is given for;
  // every other part is kept for itself.
  if (refused.length > 0 && (!fresh || refused.length === parts.length)) throw refused[0]?.failure;
  const failures = parts.map(({ failure }) => failure);
  return {
    range,
    balance: balance ? balance.value : null,
    booked: booked ? booked.value : null,
    pending: pending ? pending.value : null,
    directDebits: directDebits ? directDebits.value : null,
    standingOrders: standingOrders ? standingOrders.value : null,
    outcomes: parts.flatMap(({ endpoint, failure }) => {
      if (failure !== null && !(failure instanceof BankError)) return [];
      return now >= consent.windowEndsAt && isOfWindow(endpoint, failure)
        ? []
        : [{ endpoint, failure }];
    }),
    failure:
      failures.find((failure) => failure !== null && !STAYING.includes(meaningOf(failure))) ?? null,
  };
}

/**
 * The days to read: two weeks for rows that are posted late, more where longer was not read, and
 * no more than the bank serves outside its window.
 */
function recentRange(account: Account, consent: Consent, today: Day, laterDays: number): DayRange {
  const until = dayOf(account.readUntilOn ?? consent.consentedAt);
  const wanted = addDays(until, -OVERLAP_DAYS);
  const usual = addDays(today, -RECENT_DAYS);
  const reach = addDays(today, 1 - laterDays);
  // An operator wants it all again.
  if (account.rereadAt !== null) return { from: reach, to: today };
  return { from: laterDay(wanted < usual ? wanted : usual, reach), to: today };
}

/** What another try today would not change. */
const STAYING: readonly (BankMeaning | null)[] = [
  'NOT_SUPPORTED',
  'ACCESS_DENIED',
  'SCA_EXCEEDED',
  'TOKEN_REJECTED',
];

/** Some banks show direct debits and standing orders right after a consent alone: that is no trouble. */
function isOfWindow(endpoint: AccountEndpoint, failure: BankError | null): boolean {
  if (endpoint !== 'DIRECT_DEBITS' && endpoint !== 'STANDING_ORDERS') return false;
  return failure?.meaning === 'SCA_EXCEEDED' || failure?.meaning === 'ACCESS_DENIED';
}

function meaningOf(error: unknown): BankMeaning | null {
  return error instanceof BankError ? error.meaning : null;
}

/** One part of what is read of an account. */
interface Part<T> {
  readonly endpoint: AccountEndpoint;
  readonly value: T | null;
  readonly failure: unknown;
}

async function partOf<T>(endpoint: AccountEndpoint, call: Promise<T>): Promise<Part<T>> {
  try {
    return { endpoint, value: await call, failure: null };
  } catch (failure) {
    return { endpoint, value: null, failure };
  }
}
