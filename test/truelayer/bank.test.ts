import { describe, expect, it } from 'vitest';
import { parseDay } from '../../src/base/days.ts';
import type { Bank } from '../../src/truelayer/bank.ts';
import { ACCESS_TOKEN, clientOf, errorOf } from './client-of.ts';
import { serve, serveAlways, type HttpServer } from './http-server.ts';

const RANGE = { from: parseDay('2025-12-01'), to: parseDay('2026-02-28') };
const ID = 'id/+ =?&';
const BALANCE = { currency: 'GBP', current: 12.5 };

function bankAt(server: HttpServer): Bank {
  return clientOf(server).bank({ accessToken: ACCESS_TOKEN });
}

describe('a question to the bank', () => {
  const coded = 'id%2F%2B%20%3D%3F%26';
  const days = 'from=2025-12-01&to=2026-02-28';
  it.each<[string, (bank: Bank) => Promise<unknown>]>([
    ['/me', (bank) => bank.me()],
    ['/info', (bank) => bank.info()],
    ['/accounts', (bank) => bank.accounts()],
    [`/accounts/${coded}/balance`, (bank) => bank.accountBalance(ID)],
    [`/accounts/${coded}/transactions?${days}`, (bank) => bank.accountTransactions(ID, RANGE)],
    [`/accounts/${coded}/transactions/pending`, (bank) => bank.accountPendingTransactions(ID)],
    [`/accounts/${coded}/standing_orders`, (bank) => bank.standingOrders(ID)],
    [`/accounts/${coded}/direct_debits`, (bank) => bank.directDebits(ID)],
    ['/cards', (bank) => bank.cards()],
    [`/cards/${coded}/balance`, (bank) => bank.cardBalance(ID)],
    [`/cards/${coded}/transactions?${days}`, (bank) => bank.cardTransactions(ID, RANGE)],
    [`/cards/${coded}/transactions/pending`, (bank) => bank.cardPendingTransactions(ID)],
  ])('goes to /data/v1%s with the bearer', async (path, ask) => {
    await using server = await serve((request, response) => {
      response.end(JSON.stringify({ results: request.path.endsWith('balance') ? [BALANCE] : [] }));
    });
    await ask(bankAt(server));
    expect(server.received).toMatchObject([
      {
        method: 'GET',
        path: `/data/v1${path}`,
        headers: { authorization: `Bearer ${ACCESS_TOKEN}`, accept: 'application/json' },
      },
    ]);
  });

  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['2001:db8::1', '2001:db8::1'],
    [undefined, undefined],
    ['unknown', undefined],
    ['192.0.2.7, 10.0.0.1', undefined],
    ['192.0.2.7\r\nx-evil: 1', undefined],
  ])('from a user at %j bears the address %j', async (psuIp, header) => {
    await using server = await serveAlways(200, { results: [] });
    await clientOf(server).bank({ accessToken: ACCESS_TOKEN, psuIp }).accounts();
    expect(server.received[0]?.headers['x-psu-ip']).toBe(header);
  });

  it.each([
    ['ours-1', 'ours-1'],
    [undefined, undefined],
    ['two\nlines', undefined],
  ])('bears our correlation id %j as %j', async (ours, header) => {
    await using server = await serveAlways(200, { results: [] });
    const client = clientOf(server, { correlationId: () => ours });
    await client.bank({ accessToken: ACCESS_TOKEN }).accounts();
    expect(server.received[0]?.headers['x-client-correlation-id']).toBe(header);
  });

  it('finds nothing where the bank says so', async () => {
    for (const body of [{ results: [] }, { results: [], status: 'Succeeded' }]) {
      await using server = await serveAlways(200, body);
      const bank = bankAt(server);
      expect(await bank.accounts()).toEqual({
        items: [],
        refused: 0,
        refusedReasons: [],
        refusals: [],
      });
      expect(await bank.me()).toBeNull();
      expect((await errorOf(bank.accountBalance(ID))).reason).toBe('EMPTY');
    }
  });

  it.each([
    ['HTML', '<html><body>Bad Gateway', 'HTML'],
    ['nothing', '', 'EMPTY'],
    ['half of JSON', '{"results":[{"account_id":"a"}', 'MALFORMED'],
    ['a bare list', '[]', 'MALFORMED'],
    ['no results', '{}', 'MALFORMED'],
    ['results that are no list', '{"results":{},"status":"Succeeded"}', 'MALFORMED'],
    ['deep nesting', '['.repeat(100_000), 'MALFORMED'],
    ['a queued task', '{"results":[],"status":"Queued"}', 'NOT_SUCCEEDED'],
    ['a running task', '{"results":[],"status":"Running"}', 'NOT_SUCCEEDED'],
    ['a failed task', '{"results":[],"status":"Failed"}', 'NOT_SUCCEEDED'],
    ['a status that is no text', '{"results":[],"status":{}}', 'NOT_SUCCEEDED'],
    ['success with an error', '{"results":[],"status":"Succeeded","error":"x"}', 'NOT_SUCCEEDED'],
  ])('does not take %s for an empty list', async (_what, body, reason) => {
    await using server = await serveAlways(200, body, { 'x-tl-correlation-id': 'tl-1' });
    const error = await errorOf(bankAt(server).accounts());
    expect(error).toMatchObject({
      meaning: 'UNAVAILABLE',
      reason,
      status: 200,
      correlationId: 'tl-1',
    });
  });

  it.each([201, 202, 203, 206])('takes no list from an answer with %i', async (status) => {
    await using server = await serveAlways(status, { results: [] });
    expect(await errorOf(bankAt(server).accounts())).toMatchObject({
      meaning: 'UNAVAILABLE',
      status,
    });
  });

  it('keeps the good records when others are bad, and says which fields were at fault', async () => {
    const good = {
      transaction_id: 't1',
      timestamp: '2026-01-05T00:00:00Z',
      amount: -1,
      currency: 'GBP',
    };
    const { currency: _currency, ...withoutCurrency } = good;
    await using server = await serveAlways(200, {
      results: [
        good,
        { ...good, amount: 'lots' },
        { ...good, transaction_id: null },
        withoutCurrency,
        { ...good, timestamp: '2026-02-30T00:00:00Z' },
        null,
        'text',
        { ...good, transaction_id: 't2', amount: '-2.50' },
      ],
    });
    const listing = await bankAt(server).accountTransactions(ID, RANGE);
    expect(listing.items.map((item) => [item.transactionId, item.amount])).toEqual([
      ['t1', '-1'],
      ['t2', '-2.50'],
    ]);
    expect(listing.refused).toBe(6);
    expect(listing.refusedReasons).toEqual([
      'amount',
      'transaction_id',
      'currency',
      'timestamp',
      '(record)',
    ]);
    expect(listing.refusals.map(({ field, reason }) => `${field} ${reason}`)).toEqual([
      'amount NOT_UNDERSTOOD',
      'transaction_id NULL',
      'currency MISSING',
      'timestamp NOT_UNDERSTOOD',
      '(record) NULL',
      '(record) NOT_UNDERSTOOD',
    ]);
  });

  it('does not take a balance that makes no sense', async () => {
    await using server = await serveAlways(200, { results: [{ currency: 'GBP', current: 'x' }] });
    expect((await errorOf(bankAt(server).accountBalance(ID))).reason).toBe('MALFORMED');
  });
});
