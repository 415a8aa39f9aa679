import { describe, expect, it } from 'vitest';
import { parseDay } from '../../src/base/days.ts';
import type { CallReport } from '../../src/truelayer/outward.ts';
import { ACCESS_TOKEN, clientOf, errorOf, REFRESH_TOKEN } from './client-of.ts';
import { serve, serveAlways } from './http-server.ts';

const RANGE = { from: parseDay('2025-12-01'), to: parseDay('2026-02-28') };
const ID = 'id/+ =?&';

describe('the list of providers', () => {
  it('is asked for without a bearer, words parted by %20', async () => {
    await using server = await serveAlways(200, '[]');
    const client = clientOf(server);
    await client.providers();
    await client.providers({
      clientId: 'a+b',
      scopes: ['info', 'accounts'],
      countries: ['uk', 'fr'],
    });
    expect(server.received.map((request) => request.path)).toEqual([
      '/api/providers',
      '/api/providers?clientId=a%2Bb&scopes=info%20accounts&country=uk%20fr',
    ]);
    expect(server.received[1]?.headers.authorization).toBeUndefined();
  });

  it('is UNAVAILABLE unless it is a list', async () => {
    await using server = await serveAlways(200, { results: [] });
    expect((await errorOf(clientOf(server).providers())).reason).toBe('MALFORMED');
  });
});

describe('what is heard of a call', () => {
  it('names endpoint and outcome but neither ids, query nor tokens', async () => {
    const heard: CallReport[] = [];
    await using server = await serve((request, response) => {
      response.setHeader('x-tl-correlation-id', 'tl-1');
      if (request.path.includes('balance')) response.writeHead(404).end('{}');
      else if (request.path.includes('/connect/')) response.writeHead(302).end();
      else response.end('{"results":[]}');
    });
    const client = clientOf(server, { hear: (call) => heard.push(call) });
    const bank = client.bank({ accessToken: ACCESS_TOKEN });
    await bank.accountTransactions(ID, RANGE);
    await errorOf(bank.cardBalance(ID));
    await errorOf(client.refresh(REFRESH_TOKEN));
    const always = { milliseconds: 0, correlationId: 'tl-1' };
    expect(heard).toEqual([
      {
        ...always,
        method: 'GET',
        endpoint: '/accounts/{id}/transactions',
        status: 200,
        meaning: undefined,
      },
      {
        ...always,
        method: 'GET',
        endpoint: '/cards/{id}/balance',
        status: 404,
        meaning: 'ACCOUNT_GONE',
      },
      {
        ...always,
        method: 'POST',
        endpoint: '/connect/token',
        status: 302,
        correlationId: undefined,
        meaning: 'UNAVAILABLE',
      },
    ]);
  });

  it('does not matter to the call', async () => {
    await using server = await serveAlways(200, { results: [] });
    const client = clientOf(server, {
      hear: () => {
        throw new Error('deaf');
      },
    });
    expect((await client.bank({ accessToken: ACCESS_TOKEN }).accounts()).refused).toBe(0);
  });
});

describe('the addresses of TrueLayer', () => {
  it.each([
    ['https://auth.example', false, true],
    ['http://127.0.0.1:1', true, true],
    ['http://localhost:1', true, true],
    ['http://[::1]:1/auth/', true, true],
    ['http://127.0.0.1:1', false, false],
    ['http://auth.example', true, false],
    ['http://127.0.0.1.example', true, false],
    ['ftp://127.0.0.1', true, false],
  ])('%s with http allowed %s: %s', async (authUrl, allowHttp, accepted) => {
    await using server = await serveAlways(200, '');
    const create = () => clientOf(server, { authUrl, apiUrl: 'https://api.example', allowHttp });
    if (accepted) expect(create).not.toThrow();
    else expect(create).toThrow(RangeError);
  });

  it('may end in a slash and have a path', async () => {
    await using server = await serveAlways(200, '[]');
    await clientOf(server, { authUrl: `${server.url}/auth/` }).providers();
    expect(server.received[0]?.path).toBe('/auth/api/providers');
  });
});
