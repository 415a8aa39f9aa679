import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import type { CallReport } from '../../src/truelayer/outward.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { createTrueLayer } from '../../src/truelayer/client.ts';
import { ACCESS_TOKEN, clientOf, errorOf } from './client-of.ts';
import { serve, serveAlways } from './http-server.ts';

describe('the deletion of a connection', () => {
  it('is one DELETE with the bearer and nothing else', async () => {
    await using server = await serveAlways(200, '');
    const heard: CallReport[] = [];
    await clientOf(server, { hear: (call) => heard.push(call) }).deleteConnection(ACCESS_TOKEN);
    expect(server.received).toHaveLength(1);
    expect(server.received[0]).toMatchObject({
      method: 'DELETE',
      path: '/api/delete',
      body: '',
      headers: { authorization: `Bearer ${ACCESS_TOKEN}` },
    });
    expect(heard).toMatchObject([
      { method: 'DELETE', endpoint: '/api/delete', status: 200, meaning: undefined },
    ]);
    expect(JSON.stringify(heard)).not.toContain(ACCESS_TOKEN);
  });

  it.each([
    [200, '{}'],
    [204, ''],
  ])('succeeds with %i and %j too', async (status, body) => {
    await using server = await serve((_request, response) => {
      response.writeHead(status).end(body);
    });
    await expect(clientOf(server).deleteConnection(ACCESS_TOKEN)).resolves.toBeUndefined();
  });

  it.each([
    ['a page of HTML', 200, '<html>sign in to this network</html>', 'HTML'],
    ['half an answer', 200, '{"a":', 'MALFORMED'],
  ])('does not take %s for success', async (_name, status, body, reason) => {
    await using server = await serveAlways(status, body);
    expect(await errorOf(clientOf(server).deleteConnection(ACCESS_TOKEN))).toMatchObject({
      meaning: 'UNAVAILABLE',
      reason,
    });
  });

  it('that is refused says what it means, and holds no token', async () => {
    await using server = await serveAlways(401, { error: 'unauthorized' });
    const error = await errorOf(clientOf(server).deleteConnection(ACCESS_TOKEN));
    expect(error).toMatchObject({ meaning: 'TOKEN_REJECTED', endpoint: '/api/delete' });
  });

  it('with a token that TrueLayer never gave is refused by the simulator likewise', async () => {
    const client = { id: 'client-1', secret: 'a secret', redirectUris: [] };
    const simulator = await startSimulator({ clock: systemClock, seed: 'x', client });
    try {
      const truelayer = createTrueLayer({
        authUrl: simulator.authUrl,
        apiUrl: simulator.apiUrl,
        clock: systemClock,
        credentials: async () => ({ clientId: client.id, clientSecret: client.secret }),
        allowHttp: true,
      });
      const error = await errorOf(truelayer.deleteConnection(ACCESS_TOKEN));
      expect(error.meaning).toBe('TOKEN_REJECTED');
    } finally {
      await simulator.close();
    }
  });
});
