import { describe, expect, it } from 'vitest';
import { parseDay } from '../../src/base/days.ts';
import type { Bank } from '../../src/truelayer/bank.ts';
import { ACCESS_TOKEN, clientOf, errorOf } from './client-of.ts';
import { serve, serveAlways, type HttpServer } from './http-server.ts';

const RANGE = { from: parseDay('2025-12-01'), to: parseDay('2026-02-28') };
const ROW = {
  transaction_id: 't1',
  timestamp: '2026-01-05T00:00:00Z',
  amount: -1,
  currency: 'GBP',
};
const NOTICE = 'https://house.example/results/a+b';

function bankAt(server: HttpServer): Bank {
  return clientOf(server).bank({ accessToken: ACCESS_TOKEN, psuIp: '192.0.2.7' });
}

describe('a question in the bank’s own time', () => {
  const coded = 'webhook_uri=https%3A%2F%2Fhouse.example%2Fresults%2Fa%2Bb';
  it.each<[string, (bank: Bank) => Promise<unknown>]>([
    ['accounts/a%2F1', (bank) => bank.askAccountTransactions('a/1', RANGE, NOTICE)],
    ['cards/a%2F1', (bank) => bank.askCardTransactions('a/1', RANGE, NOTICE)],
  ])(
    'about %s says where the end is to be told, and gives where the results will lie',
    async (path, ask) => {
      await using server = await serve((_request, response) => {
        const task = {
          status: 'Queued',
          task_id: 't',
          results_uri: `${server.url}/data/v1/results/t`,
        };
        response.writeHead(202).end(JSON.stringify(task));
      });
      expect(await ask(bankAt(server))).toEqual({
        resultsUri: `${server.url}/data/v1/results/t`,
        listing: null,
      });
      expect(server.received[0]?.path).toBe(
        `/data/v1/${path}/transactions?from=2025-12-01&to=2026-02-28&async=true&${coded}`,
      );
    },
  );

  it('takes the rows of a bank that knows no tasks', async () => {
    await using server = await serveAlways(200, { results: [ROW], status: 'Succeeded' });
    const answer = await bankAt(server).askAccountTransactions('a', RANGE);
    expect(server.received[0]?.path).not.toContain('webhook_uri');
    expect(answer).toMatchObject({
      resultsUri: null,
      listing: { items: [{ transactionId: 't1' }] },
    });
  });

  it.each([
    ['nowhere', { status: 'Queued', task_id: 't' }, 'MALFORMED'],
    [
      'on another host',
      { status: 'Queued', results_uri: 'https://evil.example/r' },
      'FOREIGN_RESULTS',
    ],
    ['in rows that came too early', { results: [ROW], status: 'Succeeded' }, 'MALFORMED'],
    ['in no JSON', '<html>', 'HTML'],
  ])('is not taken on where the results of a 202 lie %s', async (_where, body, reason) => {
    await using server = await serveAlways(202, body);
    expect(await errorOf(bankAt(server).askAccountTransactions('a', RANGE))).toMatchObject({
      meaning: 'UNAVAILABLE',
      status: 202,
      reason,
    });
  });
});

describe('a results address', () => {
  const read = (server: HttpServer) => bankAt(server).transactionResults(`${server.url}/r/1?x=%2F`);

  it('is asked with the bearer, exactly as it was given', async () => {
    await using server = await serveAlways(200, { results: [], status: 'Succeeded' });
    expect(await read(server)).toEqual({
      status: 'SUCCEEDED',
      listing: { items: [], refused: 0, refusedReasons: [], refusals: [] },
    });
    expect(server.received).toMatchObject([
      { path: '/r/1?x=%2F', headers: { authorization: `Bearer ${ACCESS_TOKEN}` } },
    ]);
  });

  it.each([
    [200, { status: 'Queued' }],
    [200, { status: 'Running', results: [] }],
    [200, { status: 'Retrying' }],
    [202, { status: 'Queued', results_uri: 'https://evil.example/' }],
    [202, {}],
    [202, { results: [], status: 'Succeeded' }],
  ])('that answers %i %j is waited on', async (status, body) => {
    await using server = await serveAlways(status, body);
    expect(await read(server)).toEqual({ status: 'WAITING' });
  });

  it.each([
    ['provider_error', 'UNAVAILABLE'],
    ['provider_timeout', 'UNAVAILABLE'],
    ['invalid_token', 'UNAVAILABLE'],
    [undefined, 'UNAVAILABLE'],
    ['sca_exceeded', 'SCA_EXCEEDED'],
    ['access_denied', 'ACCESS_DENIED'],
    ['invalid_date_range', 'RANGE_REFUSED'],
    ['account_not_found', 'ACCOUNT_GONE'],
    ['endpoint_not_supported', 'NOT_SUPPORTED'],
    ['provider_too_many_requests', 'RATE_LIMITED'],
    ['provider_request_limit_exceeded', 'UNATTENDED_LIMIT'],
    ['deprecated_provider', 'PROVIDER_DEPRECATED'],
    ['wrong_credentials', 'USER_ACTION'],
  ])('that says Failed for %s means %s', async (error, meaning) => {
    await using server = await serveAlways(200, { status: 'Failed', error, results: [] });
    expect(await read(server)).toMatchObject({
      status: 'FAILED',
      failure: { meaning, code: error },
    });
  });

  it.each([
    [404, { error: 'not_found' }, 'RESULTS_GONE'],
    [410, {}, 'RESULTS_GONE'],
    [404, { error: 'account_not_found' }, 'ACCOUNT_GONE'],
    [401, { error: 'invalid_token' }, 'TOKEN_REJECTED'],
    [403, { error: 'sca_exceeded' }, 'SCA_EXCEEDED'],
    [429, {}, 'RATE_LIMITED'],
    [501, { error: 'endpoint_not_supported' }, 'NOT_SUPPORTED'],
    [503, { error: 'provider_error' }, 'UNAVAILABLE'],
    [200, { results: [], status: 'Succeeded', error: 'provider_error' }, 'UNAVAILABLE'],
    [200, {}, 'UNAVAILABLE'],
    [302, {}, 'UNAVAILABLE'],
  ])('that answers %i %j means %s and never an empty list', async (status, body, meaning) => {
    await using server = await serveAlways(status, body, { location: 'https://evil.example/' });
    expect(await errorOf(read(server))).toMatchObject({ meaning, endpoint: '/results/{id}' });
  });

  it('on another host, port or scheme, or with a name in it, gets no request', async () => {
    await using server = await serveAlways(200, { results: [] });
    await using other = await serveAlways(200, { results: [] });
    const { host, port } = new URL(server.url);
    for (const address of [
      `${other.url}/data/v1/results/1`,
      `https://${host}/data/v1/results/1`,
      `http://localhost:${port}/data/v1/results/1`,
      `http://user@${host}/data/v1/results/1`,
      `http://${host}@evil.example/`,
      'no address',
    ]) {
      const error = await errorOf(bankAt(server).transactionResults(address));
      expect([address, error.reason]).toEqual([address, 'FOREIGN_RESULTS']);
    }
    expect([...server.received, ...other.received]).toEqual([]);
  });
});
