import type { z } from 'zod';
import type { Day } from '../base/days.ts';
import { BankError } from './errors.ts';
import { resultOf, resultOrNull, resultsOf, type Listing } from './listing.ts';
import { callOut, type CallLimits, type Instruments } from './outward.ts';
import { addressOf, headersOf, type Question } from './question.ts';
import {
  type AsyncAnswer,
  liesAt,
  readAsyncAnswer,
  readTaskState,
  RESULTS_ENDPOINT,
  TASK_STATUSES,
  type TaskState,
} from './tasks.ts';
import { accountShape, type WireAccount } from './wire-account.ts';
import {
  balanceShape,
  cardBalanceShape,
  type WireBalance,
  type WireCardBalance,
} from './wire-balance.ts';
import { cardShape, type WireCard } from './wire-card.ts';
import { directDebitShape, type WireDirectDebit } from './wire-direct-debit.ts';
import { infoShape, type WireInfo } from './wire-info.ts';
import { meShape, type WireMe } from './wire-me.ts';
import { standingOrderShape, type WireStandingOrder } from './wire-standing-order.ts';
import { transactionShape, type WireTransaction } from './wire-transaction.ts';

/** The Data API and what a call to it needs. */
export interface DataApi extends Instruments {
  readonly apiUrl: string;
  readonly limits: CallLimits;
}

/** Leave to read one user's bank. */
export interface BankAccess {
  readonly accessToken: string;
  /** The user's own address, only while the user is present; lifts the limit of four calls a day. */
  readonly psuIp?: string | undefined;
}

/** Days, both inclusive. */
export interface DayRange {
  readonly from: Day;
  readonly to: Day;
}

/** One user's bank. Every method is one call to the network and throws `BankError`. */
export interface Bank {
  /** Null where the bank answers with nothing. */
  me(): Promise<WireMe | null>;
  /** Who holds the accounts; several where they are joint. */
  info(): Promise<Listing<WireInfo>>;
  accounts(): Promise<Listing<WireAccount>>;
  accountBalance(accountId: string): Promise<WireBalance>;
  /** Booked transactions, in no order that is promised. */
  accountTransactions(accountId: string, range: DayRange): Promise<Listing<WireTransaction>>;
  /** The complete set of those pending now. */
  accountPendingTransactions(accountId: string): Promise<Listing<WireTransaction>>;
  /** They bear no id of TrueLayer's. */
  standingOrders(accountId: string): Promise<Listing<WireStandingOrder>>;
  /** Their ids may change from call to call. */
  directDebits(accountId: string): Promise<Listing<WireDirectDebit>>;
  cards(): Promise<Listing<WireCard>>;
  cardBalance(cardId: string): Promise<WireCardBalance>;
  /** Booked transactions, in no order that is promised. */
  cardTransactions(cardId: string, range: DayRange): Promise<Listing<WireTransaction>>;
  /** The complete set of those pending now. */
  cardPendingTransactions(cardId: string): Promise<Listing<WireTransaction>>;
  /**
   * Has booked transactions fetched in TrueLayer's own time, with its own retries.
   *
   * @param webhookUri - where to be told that it is done; never more than a hint
   */
  askAccountTransactions(
    accountId: string,
    range: DayRange,
    webhookUri?: string,
  ): Promise<AsyncAnswer<WireTransaction>>;
  /** The same for a card. */
  askCardTransactions(
    cardId: string,
    range: DayRange,
    webhookUri?: string,
  ): Promise<AsyncAnswer<WireTransaction>>;
  /**
   * Looks how a task of booked transactions stands. An address on another host than that of the
   * Data API is refused without a request: the bearer would go there.
   */
  transactionResults(resultsUri: string): Promise<TaskState<WireTransaction>>;
}

/** @see TrueLayer.bank */
export function bankOf(api: DataApi, access: BankAccess): Bank {
  const ask = <T>(question: Question<T>): Promise<T> =>
    callOut(api, {
      ...api.limits,
      kind: question.kind,
      method: 'GET',
      endpoint: question.endpoint,
      url: addressOf(api.apiUrl, question),
      headers: headersOf(access),
      ...(question.statuses === undefined ? {} : { statuses: question.statuses }),
      read: question.read,
    });
  const list = <T>(endpoint: string, shape: z.ZodType<T>): Promise<Listing<T>> =>
    ask({ kind: 'bank', endpoint, read: (body) => resultsOf(body, shape) });
  const balance = <T>(endpoint: string, accountId: string, shape: z.ZodType<T>): Promise<T> =>
    ask({ kind: 'account', endpoint, accountId, read: (body) => resultOf(body, shape) });
  const listFor = <T>(endpoint: string, accountId: string, shape: z.ZodType<T>, query = {}) =>
    ask({
      kind: 'account',
      endpoint,
      accountId,
      query,
      read: (body) => resultsOf(body, shape),
    });
  const transactions = (endpoint: string, accountId: string, query = {}) =>
    listFor(endpoint, accountId, transactionShape, query);
  const inOwnTime = (endpoint: string, accountId: string, range: DayRange, webhookUri?: string) =>
    ask({
      kind: 'account',
      endpoint,
      accountId,
      query: {
        ...rangeQuery(range),
        async: 'true',
        ...(webhookUri === undefined ? {} : { webhook_uri: webhookUri }),
      },
      statuses: TASK_STATUSES,
      read: (body, status) => readAsyncAnswer(body, status, api.apiUrl, transactionShape),
    });
  return {
    me: () => ask({ kind: 'bank', endpoint: '/me', read: (body) => resultOrNull(body, meShape) }),
    info: () => list('/info', infoShape),
    accounts: () => list('/accounts', accountShape),
    accountBalance: (id) => balance('/accounts/{id}/balance', id, balanceShape),
    accountTransactions: (id, range) =>
      transactions('/accounts/{id}/transactions', id, rangeQuery(range)),
    accountPendingTransactions: (id) => transactions('/accounts/{id}/transactions/pending', id),
    standingOrders: (id) => listFor('/accounts/{id}/standing_orders', id, standingOrderShape),
    directDebits: (id) => listFor('/accounts/{id}/direct_debits', id, directDebitShape),
    cards: () => list('/cards', cardShape),
    cardBalance: (id) => balance('/cards/{id}/balance', id, cardBalanceShape),
    cardTransactions: (id, range) =>
      transactions('/cards/{id}/transactions', id, rangeQuery(range)),
    cardPendingTransactions: (id) => transactions('/cards/{id}/transactions/pending', id),
    askAccountTransactions: (id, range, webhookUri) =>
      inOwnTime('/accounts/{id}/transactions', id, range, webhookUri),
    askCardTransactions: (id, range, webhookUri) =>
      inOwnTime('/cards/{id}/transactions', id, range, webhookUri),
    transactionResults: (resultsUri) => readResults(api, access, resultsUri, transactionShape),
  };
}

async function readResults<T>(
  api: DataApi,
  access: BankAccess,
  resultsUri: string,
  shape: z.ZodType<T>,
): Promise<TaskState<T>> {
  if (!liesAt(resultsUri, api.apiUrl)) {
    throw new BankError({
      meaning: 'UNAVAILABLE',
      endpoint: RESULTS_ENDPOINT,
      reason: 'FOREIGN_RESULTS',
    });
  }
  return callOut(api, {
    ...api.limits,
    kind: 'results',
    method: 'GET',
    endpoint: RESULTS_ENDPOINT,
    url: resultsUri,
    headers: headersOf(access),
    statuses: TASK_STATUSES,
    read: (body, status) => readTaskState(body, status, shape),
  });
}

/** Both ends, always: TrueLayer ignores a `from` that stands alone and answers with everything. */
function rangeQuery(range: DayRange): Record<string, string> {
  return { from: range.from, to: range.to };
}
