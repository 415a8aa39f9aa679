import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MINUTE, SECOND } from '../../src/base/clock.ts';
import type { Fault } from '../../src/simulator/faults.ts';
import { connectionOf, openApp, type App, type Tokens } from './app.ts';

type Notice = Readonly<Record<string, string>>;

describe('the notice of a task', () => {
  let app: App;
  let tokens: Tokens;
  let hearing: Server;
  let heard: Notice[];
  let status = 200;
  beforeEach(async () => {
    app = await openApp();
    tokens = await app.connect('ob-lloyds');
    heard = [];
    status = 200;
    hearing = createServer((request, response) => {
      let text = '';
      request.on('data', (chunk: Buffer) => (text += chunk.toString()));
      request.on('end', () => {
        heard.push(JSON.parse(text) as Notice);
        response.writeHead(status).end();
        hearing.emit('heard');
      });
    });
    hearing.listen(0, '127.0.0.1');
    await once(hearing, 'listening');
  });
  afterEach(async () => {
    await app.simulator.close();
    hearing.closeAllConnections();
    await new Promise((resolve) => hearing.close(resolve));
  });

  const urlOfHearing = () => `http://127.0.0.1:${(hearing.address() as AddressInfo).port}/hook`;
  const start = async (fault: Partial<Fault> = {}) => {
    if (Object.keys(fault).length > 0) app.simulator.faults.order({ path: /accounts$/, ...fault });
    const query = `async=true&webhook_uri=${encodeURIComponent(urlOfHearing())}`;
    const response = await app.call(tokens.access_token, `accounts?${query}`);
    expect(response.status).toBe(202);
    return (await response.json()) as Notice;
  };
  /** Lets time pass, and hears so many notices. */
  const hear = async (milliseconds: number, count: number) => {
    const all = heard.length + count;
    await app.clock.tick(milliseconds);
    while (heard.length < all) await once(hearing, 'heard');
  };

  test('tells which task it is and where its results are, and nothing of them', async () => {
    const { results_uri, task_id } = await start();
    await app.clock.tick(679);
    expect(heard).toEqual([]);
    await hear(1, 1);
    expect(heard).toEqual([
      {
        request_timestamp: '2026-03-01T09:00:00.680Z',
        request_uri: expect.stringContaining('/data/v1/accounts?async=true'),
        results_uri,
        credentials_id: connectionOf(tokens),
        task_id,
        status: 'Succeeded',
      },
    ]);
    await app.clock.tick(MINUTE);
    expect(heard).toHaveLength(1);
  });

  test('tells that a task has failed', async () => {
    await start({ task: 'failed' });
    await hear(SECOND, 1);
    expect(heard[0]).toMatchObject({ status: 'Failed' });
  });

  test('comes twice as ordered', async () => {
    await start({ webhook: 'twice' });
    await hear(SECOND, 2);
    expect(heard[1]).toEqual(heard[0]);
  });

  test('comes late as ordered, half a minute unless told otherwise', async () => {
    await start({ webhook: 'late' });
    await app.clock.tick(30 * SECOND);
    expect(heard).toEqual([]);
    await hear(SECOND, 1);
    await start({ webhook: 'late', lateMilliseconds: 5 * MINUTE });
    await app.clock.tick(5 * MINUTE);
    expect(heard).toHaveLength(1);
    await hear(SECOND, 1);
  });

  test('comes before the task is even told of, as ordered, with how it will end', async () => {
    const { task_id } = await start({ webhook: 'early' });
    expect(heard).toMatchObject([{ task_id, status: 'Succeeded' }]);
    await start({ webhook: 'early', task: 'failed' });
    expect(heard).toMatchObject([{}, { status: 'Failed' }]);
    await app.clock.tick(MINUTE);
    expect(heard).toHaveLength(2);
  });

  test('never comes as ordered, nor for a task without an end', async () => {
    const { results_uri: uri = '' } = await start({ webhook: 'never' });
    await start({ task: 'stuck' });
    await app.clock.tick(30 * MINUTE);
    // Another one comes through, so these two would have as well.
    await start();
    await hear(SECOND, 1);
    expect(heard).toHaveLength(1);
    const headers = { authorization: `Bearer ${tokens.access_token}` };
    expect(await (await fetch(uri, { headers })).json()).toMatchObject({ status: 'Succeeded' });
  });

  test('is not sent again if nobody takes it', async () => {
    status = 503;
    await start();
    await hear(SECOND, 1);
    await app.clock.tick(30 * MINUTE);
    await start();
    await hear(SECOND, 1);
    expect(heard).toHaveLength(2);
  });

  test('comes at once when the clock is moved past the end', async () => {
    await start();
    app.simulator.clock.moveTo(new Date('2026-03-01T09:30:00Z'));
    await hear(0, 1);
    expect(heard).toMatchObject([{ request_timestamp: '2026-03-01T09:30:00.000Z' }]);
  });

  test('is also sent for a batch', async () => {
    const response = await fetch(`${app.simulator.apiUrl}/data/v1/batch/transactions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${tokens.access_token}` },
      body: JSON.stringify({ from: '2026-02-01', to: '2026-02-02', webhook_uri: urlOfHearing() }),
    });
    const { task_id } = (await response.json()) as Notice;
    await hear(SECOND, 1);
    expect(heard).toMatchObject([{ task_id, status: 'Succeeded' }]);
  });
});
