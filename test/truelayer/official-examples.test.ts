import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import { describe, expect, it } from 'vitest';
import { parseExactJson } from '../../src/truelayer/exact-json.ts';
import { listingOf, resultsOf } from '../../src/truelayer/listing.ts';
import { meaningOf, type BankMeaning, type EndpointKind } from '../../src/truelayer/errors.ts';
import { accountShape } from '../../src/truelayer/wire-account.ts';
import { balanceShape, cardBalanceShape } from '../../src/truelayer/wire-balance.ts';
import { cardShape } from '../../src/truelayer/wire-card.ts';
import { meShape } from '../../src/truelayer/wire-me.ts';
import { providerShape } from '../../src/truelayer/wire-provider.ts';
import { transactionShape } from '../../src/truelayer/wire-transaction.ts';
import { clientOf } from './client-of.ts';
import { serveAlways } from './http-server.ts';

// The examples of TrueLayer's own documentation, where somebody has them at hand: a folder with
// `examples/official/*.json` and `examples/mock-bank-2021/*.json`.
const reference = process.env['CONSENTRY_REFERENCE'];

function example(path: string): string {
  return readFileSync(join(reference ?? '', 'examples', path), 'utf8');
}

describe.skipIf(reference === undefined)('the official examples', () => {
  it.each<[string, z.ZodType<unknown>]>([
    ['official/data-GetMe200Response.json', meShape],
    ['official/data-GetAccount200Response.json', accountShape],
    ['official/data-GetAccountAU200Response.json', accountShape],
    ['official/data-GetAccounts200Response.json', accountShape],
    ['official/data-GetAccountsAU200Response.json', accountShape],
    ['official/data-GetAccountBalance200Response.json', balanceShape],
    ['official/data-GetAccountBalanceAU200Response.json', balanceShape],
    ['official/data-GetAccountTransactions200Response.json', transactionShape],
    ['official/data-GetAccountTransactionsAU200Response.json', transactionShape],
    ['official/data-GetCard200Response.json', cardShape],
    ['official/data-GetCards200Response.json', cardShape],
    ['official/data-GetCardBalance200Response.json', cardBalanceShape],
    ['official/data-GetCardTransactions200Response.json', transactionShape],
    ['mock-bank-2021/account.json', accountShape],
    ['mock-bank-2021/accounts.json', accountShape],
    ['mock-bank-2021/account-balance.json', balanceShape],
    ['mock-bank-2021/account-transactions.excerpt.json', transactionShape],
    ['mock-bank-2021/card.json', cardShape],
    ['mock-bank-2021/cards.json', cardShape],
    ['mock-bank-2021/card-transactions.excerpt.json', transactionShape],
  ])('%s is understood whole', (path, shape) => {
    const listing = resultsOf(parseExactJson(example(path)), shape);
    expect(listing.items.length).toBeGreaterThan(0);
    expect(listing).toMatchObject({ refused: 0, refusedReasons: [] });
  });

  it('the list of providers is understood whole', () => {
    const body = parseExactJson(example('official/auth-GetProviders200Response.json'));
    const listing = listingOf(body, providerShape);
    expect(listing.items.map((provider) => provider.providerId)).toContain('mock');
    expect(listing.refused).toBe(0);
  });

  it('the tokens are understood, with the ids within', async () => {
    const body = example('official/auth-tokenExchange200Response.json');
    await using server = await serveAlways(200, body);
    expect(await clientOf(server).refresh('any')).toMatchObject({
      credentialsId: 'JbJgTI9j3+JMuknJyg01ektc0jNa6nFVnH6GQU9MdSo=',
      consentId: 'effeaf95-7cbe-4ed4-9320-2b8ac9fabe28',
    });
  });

  it.each<[string, EndpointKind, number, BankMeaning]>([
    ['auth-InvalidGrant400Response', 'refresh', 400, 'GRANT_ENDED'],
    ['auth-InvalidRefreshToken401Response', 'refresh', 401, 'GRANT_ENDED'],
    ['auth-UnauthorizedClient401Response', 'refresh', 401, 'OPERATOR_FAULT'],
    ['auth-InternalServerError500Response', 'refresh', 500, 'UNAVAILABLE'],
    ['data-Unauthorized401Response', 'account', 401, 'TOKEN_REJECTED'],
    ['data-AccessDenied403Response', 'account', 403, 'SCA_EXCEEDED'],
    ['data-AccessDeniedSCAExceeded403Response', 'account', 403, 'ACCESS_DENIED'],
    ['data-AccountNotFound404Response', 'account', 404, 'ACCOUNT_GONE'],
    ['data-Invalid400Response', 'account', 400, 'REQUEST_REFUSED'],
    ['data-InvalidDate400Response', 'account', 400, 'RANGE_REFUSED'],
    ['data-NotImplemented501Response', 'account', 501, 'NOT_SUPPORTED'],
    ['data-ProviderRateLimitExceeded429Response', 'account', 429, 'RATE_LIMITED'],
    ['data-UnattendedCallsLimitExceeded429Response', 'account', 429, 'UNATTENDED_LIMIT'],
    ['data-ProviderPlannedDowntime503Response', 'account', 503, 'UNAVAILABLE'],
    ['data-ConnectorTimeout504Response', 'account', 504, 'UNAVAILABLE'],
  ])('%s from the %s endpoint with %i means %s', (name, kind, status, meaning) => {
    const { error } = parseExactJson(example(`official/${name}.json`)) as { error: string };
    expect(meaningOf(kind, status, error)).toBe(meaning);
  });
});
