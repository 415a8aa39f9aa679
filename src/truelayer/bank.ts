import { isIP } from 'node:net';
import type { z } from 'zod';
import type { Day } from '../base/days.ts';
import type { EndpointKind } from './errors.ts';
import type { ExactJson } from './exact-json.ts';
import { resultOf, resultOrNull, resultsOf, type Listing } from './listing.ts';
import { callOut, type CallLimits, type Instruments } from './outward.ts';
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
}

interface Question<T> {
  readonly kind: EndpointKind;
  /** The path with `{id}` where the account's id goes. */
  readonly endpoint: string;
  readonly accountId?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly read: (body: ExactJson) => T;
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
  };
}

/** Both ends, always: TrueLayer ignores a `from` that stands alone and answers with everything. */
function rangeQuery(range: DayRange): Record<string, string> {
  return { from: range.from, to: range.to };
}

function addressOf(apiUrl: string, question: Question<unknown>): string {
  const path = question.endpoint.replace('{id}', () =>
    encodeURIComponent(question.accountId ?? ''),
  );
  const query = Object.entries(question.query ?? {}).map(
    ([name, value]) => `${name}=${encodeURIComponent(value)}`,
  );
  return `${apiUrl}/data/v1${path}${query.length === 0 ? '' : `?${query.join('&')}`}`;
}

function headersOf(access: BankAccess): Record<string, string> {
  const { accessToken, psuIp = '' } = access;
  // An address that is none would have the call refused; without it the call is only unattended.
  return {
    authorization: `Bearer ${accessToken}`,
    ...(isIP(psuIp) === 0 ? {} : { 'x-psu-ip': psuIp }),
  };
}
