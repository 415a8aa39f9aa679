import { decodeJwt } from 'jose';
import { expect, test } from 'vitest';
import { HOUR, MINUTE } from '../../src/base/clock.ts';
import { fillPath, literally, type Walk } from './contract-walk.ts';
import type { Operation } from './openapi.ts';

/** The walk over every error of the Data API. */
export function walkDataErrors(walk: () => Walk, operations: readonly Operation[]): void {
  const ofApi = operations.filter(({ template }) => template.startsWith('/data/v1/'));

  test.each(ofApi.map((operation) => [operation.method, operation.template, operation] as const))(
    '%s %s answers every error that is documented for it',
    async (method, template, { responses }) => {
      const { access_token: token } = await walk().connect('ob-lloyds');
      const path = await fillPath(walk(), template, token);
      const { access_token: revoked } = await walk().connect('ob-lloyds');
      walk().app.simulator.revoke(String(decodeJwt(revoked).sub));
      const json = method === 'POST' ? { json: {} } : {};
      const statuses = Object.keys(responses)
        .map(Number)
        .filter((status) => status >= 400);
      for (const status of statuses) {
        // Two come of themselves, without a bearer and after its consent; the others are ordered.
        const asking = status === 401 ? json : { ...json, token: status === 403 ? revoked : token };
        if (status !== 401 && status !== 403) {
          const exactly = new RegExp(`^${literally(path)}$`);
          walk().app.simulator.faults.order({ path: exactly, status });
        }
        await walk().ask(status, method, path, asking);
      }
      expect(statuses.length).toBeGreaterThan(4);
    },
  );

  test.each([
    ['from=2026-02-30&to=2026-03-01', 'validation_error'],
    ['from=2026-02-28&to=2026-02-01', 'invalid_date_range'],
  ])('refuses the days %s with %s', async (query, code) => {
    const { access_token: token } = await walk().connect();
    const path = await fillPath(walk(), '/data/v1/accounts/{account_id}/transactions', token);
    const { error } = await walk().ask(400, 'GET', `${path}?${query}`, { token });
    expect(error).toBe(code);
  });

  test('answers 401 to a token that has expired', async () => {
    const { access_token: token } = await walk().connect();
    await walk().pass(HOUR);
    const { error } = await walk().ask(401, 'GET', '/data/v1/me', { token });
    expect(error).toBe('invalid_token');
  });

  test('answers both kinds of 403', async () => {
    const { access_token: token } = await walk().app.connect('ob-lloyds', { scope: 'accounts' });
    const lacking = await walk().ask(403, 'GET', '/data/v1/info', { token });
    expect(lacking['error']).toBe('access_denied');
    const { access_token: full } = await walk().connect('ob-lloyds');
    const path = await fillPath(walk(), '/data/v1/accounts/{account_id}/transactions', full);
    await walk().pass(46 * MINUTE);
    const query = `from=${walk().day(400)}&to=${walk().day()}`;
    const late = await walk().ask(403, 'GET', `${path}?${query}`, { token: full });
    expect(late['error']).toBe('sca_exceeded');
  });

  test('answers 404 for an account that is none', async () => {
    const { access_token: token } = await walk().connect();
    for (const kind of ['accounts', 'cards']) {
      const path = `/data/v1/${kind}/f1234560abf9f57287637624def390871`;
      for (const part of ['', '/balance', '/transactions']) {
        const { error } = await walk().ask(404, 'GET', `${path}${part}`, { token });
        expect(error).toBe('account_not_found');
      }
    }
  });

  test('answers both kinds of 429', async () => {
    const { access_token: token } = await walk().connect('ob-lloyds');
    const path = await fillPath(walk(), '/data/v1/accounts/{account_id}/balance', token);
    walk().app.simulator.faults.order({ path: /\/balance$/, status: 429 });
    const limited = await walk().ask(429, 'GET', path, { token });
    expect(limited['error']).toBe('provider_too_many_requests');
    // Nobody is present here, consent was given long ago, and the cache knows no question twice.
    await walk().pass(46 * MINUTE);
    const url = (time: number) => `${path.slice('/data/v1/'.length)}?t=${time}`;
    for (let time = 0; time < 4; time += 1) await walk().app.call(token, url(time));
    const response = await walk().app.call(token, url(4));
    expect(await walk().app.refusal(response)).toBe('429 provider_request_limit_exceeded');
  });

  test.each([
    ['wrong_credentials', 401],
    ['account_temporarily_locked', 403],
    ['account_permanently_locked', 403],
    ['user_input_required', 403],
    ['internal_error', 500],
    ['provider_error', 503],
  ])('answers the error user of %s with %i', async (code, status) => {
    const plan = { user: `error.${code}`, password: 'error' };
    const { access_token: token } = await walk().connect('mock', plan);
    const { error } = await walk().ask(status, 'GET', '/data/v1/accounts', { token });
    expect(error).toBe(code === 'internal_error' ? 'internal_server_error' : code);
  });

  test('answers 501 for pending rows where a bank has none', async () => {
    const { access_token: token } = await walk().connect('ob-nationwide');
    for (const kind of ['accounts', 'cards']) {
      const [first] = await walk().list(token, kind);
      const path = `/data/v1/${kind}/${first?.['account_id']}/transactions/pending`;
      const { error } = await walk().ask(501, 'GET', path, { token });
      expect(error).toBe('endpoint_not_supported');
    }
  });
}
