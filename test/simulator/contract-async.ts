import { expect, test } from 'vitest';
import { DAY } from '../../src/base/clock.ts';
import type { Tokens } from './app.ts';
import { fillPath, type Walk } from './contract-walk.ts';
import type { Operation } from './openapi.ts';

/** The walk over what the Data API answers in its own time: tasks, and the batch of old. */
export function walkTasks(walk: () => Walk, operations: readonly Operation[]): void {
  test.each(operations.filter(isAsynchronous).map(({ template }) => [template]))(
    '%s answers in its own time',
    async (template) => {
      const { access_token: token } = await walk().connect('ob-lloyds');
      const path = await fillPath(walk(), template, token);
      const queued = await walk().ask(202, 'GET', `${path}?async=true`, { token });
      expect(queued['results_uri']).toBe(
        `${walk().app.simulator.apiUrl}/data/v1/results/${queued['task_id']}`,
      );
      const waiting = 'GET /data/v1/accounts 202';
      const shapes = { waiting, done: `GET ${template} 200` };
      const body = await walk().finish(queued['results_uri'], token, shapes);
      expect(body['status']).toBe('Succeeded');
      expect(body['results'].length).toBeGreaterThanOrEqual(template.includes('pending') ? 0 : 1);
    },
  );

  test('a task waits at first, and is forgotten in the end', async () => {
    const { access_token: token, refresh_token } = await walk().connect();
    const path = '/data/v1/accounts?async=true';
    const { results_uri: uri, status } = await walk().ask(202, 'GET', path, { token });
    expect(status).toBe('Queued');
    const as = 'GET /data/v1/accounts 202';
    const first = await walk().ask(200, 'GET', uri, { token, as });
    expect(['Queued', 'Running']).toContain(first['status']);
    await walk().pass(7 * DAY);
    const renewed = (await (await walk().app.refresh(refresh_token)).json()) as Tokens;
    const later = { token: renewed.access_token, as: 'GET /data/v1/accounts 404' };
    await walk().ask(404, 'GET', uri, later);
    await walk().ask(404, 'GET', '/data/v1/results/18a77ae5-a30b-4955-b840-301daddd180a', later);
  });

  test('a poll needs a bearer, and that of the consent that asked', async () => {
    const [mine, other] = [await walk().connect(), await walk().connect('ob-lloyds')];
    const path = '/data/v1/accounts?async=true';
    const { results_uri: uri } = await walk().ask(202, 'GET', path, { token: mine.access_token });
    const bare = await walk().ask(401, 'GET', uri, { as: 'GET /data/v1/accounts 401' });
    expect(bare['error']).toBe('unauthorized');
    const stranger = { token: other.access_token, as: 'GET /data/v1/accounts 404' };
    await walk().ask(404, 'GET', uri, stranger);
  });

  test('a task that fails says so', async () => {
    const { access_token: token } = await walk().connect();
    walk().app.simulator.faults.order({ path: /\/accounts$/, task: 'failed' });
    const path = '/data/v1/accounts?async=true';
    const { results_uri: uri } = await walk().ask(202, 'GET', path, { token });
    const as = 'GET /data/v1/accounts 202';
    const body = await walk().finish(uri, token, { waiting: as, done: as });
    expect(body).toMatchObject({ status: 'Failed', error: 'provider_error' });
  });

  test('/batch gathers everything into one task', async () => {
    const { access_token: token } = await walk().connect('ob-lloyds');
    const [from, to] = [`${walk().day(30)}T00:00:00Z`, `${walk().day()}T00:00:00Z`];
    const json = { from, to, pending: true, balance: true };
    const queued = await walk().ask(202, 'POST', '/data/v1/batch/transactions', { token, json });
    const { results_uri: uri, task_id: task } = queued;
    expect(uri).toBe(`${walk().app.simulator.apiUrl}/data/v1/batch/results/${task}`);
    const shapes = {
      waiting: 'POST /data/v1/batch/transactions 202',
      done: 'GET /data/v1/batch/results 200',
    };
    const body = await walk().finish(uri, token, shapes);
    expect(body).toMatchObject({ status: 'Succeeded', task_id: task });
    expect(body['results'].accounts.length).toBeGreaterThan(0);
    expect(body['results'].cards.length).toBeGreaterThan(0);
  });
}

function isAsynchronous({ method, responses }: Operation): boolean {
  return method === 'GET' && '202' in responses;
}
