import type { z } from 'zod';
import type { BankMeaning, EndpointKind } from '../../src/truelayer/errors.ts';
import type { ExactJson } from '../../src/truelayer/exact-json.ts';
import { listingOf, resultsOf, type Listing } from '../../src/truelayer/listing.ts';
import { accountShape } from '../../src/truelayer/wire-account.ts';
import { authUriShape } from '../../src/truelayer/wire-auth-uri.ts';
import { balanceShape, cardBalanceShape } from '../../src/truelayer/wire-balance.ts';
import { cardShape } from '../../src/truelayer/wire-card.ts';
import { debugIdShape } from '../../src/truelayer/wire-debug-id.ts';
import { directDebitShape } from '../../src/truelayer/wire-direct-debit.ts';
import { extensionShape } from '../../src/truelayer/wire-extension.ts';
import { infoShape } from '../../src/truelayer/wire-info.ts';
import { meShape } from '../../src/truelayer/wire-me.ts';
import { providerShape } from '../../src/truelayer/wire-provider.ts';
import { standingOrderShape } from '../../src/truelayer/wire-standing-order.ts';
import { taskShape } from '../../src/truelayer/wire-task.ts';
import { tokensShape } from '../../src/truelayer/wire-tokens.ts';
import { trackedEventShape } from '../../src/truelayer/wire-tracked-event.ts';
import { transactionShape } from '../../src/truelayer/wire-transaction.ts';

type Read = (body: ExactJson) => unknown;

/** How each kind of answer is read; throws where it is not understood whole. */
export const READERS = {
  me: list(meShape),
  info: list(infoShape),
  account: list(accountShape),
  balance: list(balanceShape),
  card: list(cardShape),
  cardBalance: list(cardBalanceShape),
  transaction: list(transactionShape),
  standingOrder: list(standingOrderShape),
  directDebit: list(directDebitShape),
  trackedEvent: list(trackedEventShape),
  provider: (body) => whole(listingOf(body, providerShape)),
  task: (body) => taskShape.parse(body),
  tokens: (body) => tokensShape.parse(body),
  extension: (body) => extensionShape.parse(body),
  authUri: (body) => authUriShape.parse(body),
  debugId: (body) => debugIdShape.parse(body),
} satisfies Record<string, Read>;

/** The examples of answers, and after `#` those that stand within an OpenAPI file. */
export const ANSWERS: readonly (readonly [file: string, reader: keyof typeof READERS])[] = [
  ['mock-bank-2021/account-balance.json', 'balance'],
  ['mock-bank-2021/account-transactions.excerpt.json', 'transaction'],
  ['mock-bank-2021/account.json', 'account'],
  ['mock-bank-2021/accounts.json', 'account'],
  ['mock-bank-2021/card-transactions.excerpt.json', 'transaction'],
  ['mock-bank-2021/card.json', 'card'],
  ['mock-bank-2021/cards.json', 'card'],
  ['mock-bank-2021/direct-debits.json', 'directDebit'],
  ['mock-bank-2021/standing-orders.json', 'standingOrder'],
  ['official/auth-DebugId200Response.json', 'debugId'],
  ['official/auth-DirectBankAuth200Response.json', 'authUri'],
  ['official/auth-GetProviders200Response.json', 'provider'],
  ['official/auth-reauthUri200Response.json', 'authUri'],
  ['official/auth-tokenExchange200Response.json', 'tokens'],
  ['official/data-AsyncRequestQueued202Response.json', 'task'],
  ['official/data-GetAccount200Response.json', 'account'],
  ['official/data-GetAccountAU200Response.json', 'account'],
  ['official/data-GetAccountBalance200Response.json', 'balance'],
  ['official/data-GetAccountBalanceAU200Response.json', 'balance'],
  ['official/data-GetAccountDirectDebits200Response.json', 'directDebit'],
  ['official/data-GetAccountStandingOrders200Response.json', 'standingOrder'],
  ['official/data-GetAccountTransactions200Response.json', 'transaction'],
  ['official/data-GetAccountTransactionsAU200Response.json', 'transaction'],
  ['official/data-GetAccounts200Response.json', 'account'],
  ['official/data-GetAccountsAU200Response.json', 'account'],
  ['official/data-GetCard200Response.json', 'card'],
  ['official/data-GetCardBalance200Response.json', 'cardBalance'],
  ['official/data-GetCardTransactions200Response.json', 'transaction'],
  ['official/data-GetCards200Response.json', 'card'],
  ['official/data-GetInfoAllFields200Response.json', 'info'],
  ['official/data-GetInfoTypical200Response.json', 'info'],
  ['official/data-GetMe200Response.json', 'me'],
  ['official/data-goToAuthDialogExample.json', 'extension'],
  ['official/data-noFurtherActionExample.json', 'extension'],
  ['official/data-reauthRequiredExample.json', 'extension'],
  ['client-tracking.openapi.json#TrackedEventResponse200', 'trackedEvent'],
];

/** An example of a refusal, by whom it is given with which status, and what it means to us. */
export type Refusal = readonly [
  file: string,
  kind: EndpointKind,
  status: number,
  meaning: BankMeaning,
];

/** The examples of refusals. */
export const REFUSALS: readonly Refusal[] = [
  ['official/auth-DebugId400Response.json', 'debug', 400, 'ACCESS_DENIED'],
  ['official/auth-InternalServerError500Response.json', 'refresh', 500, 'UNAVAILABLE'],
  ['official/auth-InvalidGrant400Response.json', 'refresh', 400, 'GRANT_ENDED'],
  ['official/auth-InvalidRefreshToken401Response.json', 'refresh', 401, 'GRANT_ENDED'],
  ['official/auth-Unauthorized401Response.json', 'debug', 401, 'TOKEN_REJECTED'],
  ['official/auth-UnauthorizedClient401Response.json', 'refresh', 401, 'OPERATOR_FAULT'],
  // Upstream these two bear each other's names.
  ['official/data-AccessDenied403Response.json', 'account', 403, 'SCA_EXCEEDED'],
  ['official/data-AccessDeniedSCAExceeded403Response.json', 'account', 403, 'ACCESS_DENIED'],
  ['official/data-AccountNotFound404Response.json', 'account', 404, 'ACCOUNT_GONE'],
  ['official/data-ConnectorOverload503Response.json', 'account', 503, 'UNAVAILABLE'],
  ['official/data-ConnectorTimeout504Response.json', 'account', 504, 'UNAVAILABLE'],
  ['official/data-InternalServerError500Response.json', 'account', 500, 'UNAVAILABLE'],
  ['official/data-Invalid400Response.json', 'account', 400, 'REQUEST_REFUSED'],
  ['official/data-InvalidDate400Response.json', 'account', 400, 'RANGE_REFUSED'],
  ['official/data-NotImplemented501Response.json', 'account', 501, 'NOT_SUPPORTED'],
  ['official/data-ProviderPlannedDowntime503Response.json', 'account', 503, 'UNAVAILABLE'],
  ['official/data-ProviderRateLimitExceeded429Response.json', 'account', 429, 'RATE_LIMITED'],
  ['official/data-ProviderTimeout504Response.json', 'account', 504, 'UNAVAILABLE'],
  ['official/data-ProviderUnplannedDowntime503Response.json', 'account', 503, 'UNAVAILABLE'],
  [
    'official/data-UnattendedCallsLimitExceeded429Response.json',
    'account',
    429,
    'UNATTENDED_LIMIT',
  ],
  ['official/data-Unauthorized401Response.json', 'account', 401, 'TOKEN_REJECTED'],
  ['official/data-unauthorisedErrorExample.json', 'extend', 401, 'GRANT_ENDED'],
  ['official/data-unprocessableEntityErrorExample.json', 'extend', 422, 'NOT_EXTENDABLE'],
  ['official/data-validationErrorExample.json', 'extend', 400, 'REQUEST_REFUSED'],
];

function list<T>(shape: z.ZodType<T>): Read {
  return (body) => whole(resultsOf(body, shape));
}

/** The records, all of them. */
function whole<T>({ items, refusedReasons }: Listing<T>): readonly T[] {
  if (refusedReasons.length > 0) throw new Error(`refused for ${refusedReasons.join()}`);
  return items;
}
