import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DAY, HOUR, MINUTE, SECOND } from '../../src/base/clock.ts';
import { openApp, type App, type Tokens } from './app.ts';

const JOHN = { user: 'john', providerId: 'ob-lloyds' };
const PSU = { 'x-psu-ip': '192.0.2.1' };

describe('the limits of a bank', () => {
  let app: App;
  let tokens: Tokens;
  beforeEach(async () => {
    app = await openApp();
    tokens = await app.connect('ob-lloyds');
  });
  afterEach(() => app.simulator.close());

  const pass = (milliseconds: number) => app.clock.setTime(app.clock.now() + milliseconds);
  const idOf = (key: string) => {
    const { accounts, cards } = app.simulator.truth('john', 'ob-lloyds');
    return [...accounts, ...cards].find((holding) => holding.key === key)?.id ?? '';
  };
  const call = (path: string, headers: Record<string, string> = {}) =>
    app.call(tokens.access_token, path, headers);
  const read = async (path: string, headers: Record<string, string> = {}) => {
    const response = await call(path, headers);
    const text = await response.text();
    return { status: response.status, headers: response.headers, text };
  };
  const refreshed = async (from: Tokens) =>
    (await (await app.refresh(from.refresh_token ?? '')).json()) as Tokens;

  describe('its answers of the last hour', () => {
    test('are given again byte for byte, and count down', async () => {
      const path = `accounts/${idOf('main')}/balance`;
      const first = await read(path);
      expect(first.headers.get('cache-control')).toBe('max-age=3600');
      expect(first.headers.get('last-modified')).toBe('Sun, 01 Mar 2026 09:00:00 GMT');
      await pass(20 * MINUTE + 1);
      const again = await read(path);
      expect(again.text).toBe(first.text);
      expect(again.headers.get('cache-control')).toBe('max-age=2400');
      expect(again.headers.get('last-modified')).toBe('Sun, 01 Mar 2026 09:00:00 GMT');
      expect(again.headers.get('date')).toBe('Sun, 01 Mar 2026 09:20:00 GMT');
    });

    test('end when the hour is over', async () => {
      const path = `accounts/${idOf('main')}/balance`;
      const first = await read(path);
      await pass(HOUR - 1);
      tokens = await refreshed(tokens);
      expect((await read(path)).text).toBe(first.text);
      await pass(1);
      const later = await read(path);
      expect(later.text).not.toBe(first.text);
      expect(later.headers.get('last-modified')).toBe('Sun, 01 Mar 2026 10:00:00 GMT');
    });

    test('are for the same request alone: a parameter that means nothing defeats them', async () => {
      const path = `accounts/${idOf('main')}/balance`;
      const first = await read(path);
      await pass(MINUTE);
      expect((await read(`${path}?t=1`)).text).not.toBe(first.text);
      expect((await read(path, PSU)).text).toBe(first.text);
      const other = await app.connect('ob-lloyds');
      const foreign = await app.call(other.access_token, path);
      expect(foreign.headers.get('cache-control')).toBe('max-age=3600');
    });

    test('are good ones: refusals are not kept', async () => {
      const path = `accounts/${idOf('main')}/balance`;
      app.simulator.adjust('ob-lloyds', { healthy: false });
      const down = await read(path);
      expect(down.status).toBe(503);
      expect(down.headers.get('cache-control')).toBe('no-store');
      app.simulator.adjust('ob-lloyds', { healthy: true });
      expect((await read(path)).status).toBe(200);
      app.simulator.adjust('ob-lloyds', { healthy: false });
      expect((await read(path)).status).toBe(200);
    });

    test('do not turn into refusals when a bank changes its mind', async () => {
      expect((await read('cards')).status).toBe(200);
      app.simulator.adjust('ob-lloyds', { onlyInWindow: ['cards'], windowSeconds: 60 });
      expect((await read('cards')).headers.get('cache-control')).toBe('max-age=3600');
      await pass(2 * MINUTE);
      expect((await read('cards')).status).toBe(200);
      app.simulator.forgetAnswers();
      const late = await read('cards');
      expect([late.status, late.headers.get('cache-control')]).toEqual([403, 'no-store']);
    });

    test('lack what was added since, for an hour or until they are forgotten', async () => {
      const path = `accounts/${idOf('main')}/transactions`;
      const balancePath = `accounts/${idOf('main')}/balance`;
      const [before, balance] = [await read(path), await read(balancePath)];
      app.simulator.hand.add(JOHN, { amount: '-1.23', description: 'A NEW THING' });
      expect((await read(path)).text).toBe(before.text);
      expect((await read(balancePath)).text).toBe(balance.text);
      app.simulator.forgetAnswers();
      expect((await read(path)).text).toContain('A NEW THING');
      app.simulator.hand.add(JOHN, { amount: '-4.56', description: 'A NEWER THING' });
      await pass(HOUR - SECOND);
      tokens = await refreshed(tokens);
      expect((await read(path)).text).not.toContain('A NEWER THING');
      await pass(SECOND);
      expect((await read(path)).text).toContain('A NEWER THING');
    });
  });

  describe('its four calls a day without the user', () => {
    let count = 0;
    /** Asks what has not been asked before, so that the bank has to answer. */
    const ask = async (path: string, headers: Record<string, string> = {}) => {
      count += 1;
      const response = await call(`${path}?t=${count}`, headers);
      return response.status === 200 ? '200' : app.refusal(response);
    };
    const spend = async (path: string) => {
      for (let time = 0; time < 4; time += 1) expect(await ask(path)).toBe('200');
    };
    const LIMITED = '429 provider_request_limit_exceeded';
    beforeEach(async () => {
      await pass(46 * MINUTE);
    });

    test('are four for each account and endpoint', async () => {
      const [main, savings] = [`accounts/${idOf('main')}`, `accounts/${idOf('savings')}`];
      await spend(`${main}/balance`);
      expect(await ask(`${main}/balance`)).toBe(LIMITED);
      expect(await ask(`${main}/transactions`)).toBe('200');
      expect(await ask(`${savings}/balance`)).toBe('200');
      expect(await ask('accounts')).toBe('200');
      expect(await ask(`${main}/balance`)).toBe(LIMITED);
    });

    test('count all days of an account as one endpoint', async () => {
      const path = `accounts/${idOf('main')}/transactions`;
      for (const day of ['20', '21', '22', '23']) {
        const query = `from=2026-02-${day}&to=2026-02-${day}`;
        expect((await read(`${path}?${query}`)).status).toBe(200);
      }
      expect(await ask(path)).toBe(LIMITED);
    });

    test('are counted for each connection by itself', async () => {
      const path = `accounts/${idOf('main')}/balance`;
      const other = await app.connect('ob-lloyds');
      await pass(46 * MINUTE);
      tokens = await refreshed(tokens);
      await spend(path);
      expect(await ask(path)).toBe(LIMITED);
      tokens = await refreshed(other);
      expect(await ask(path)).toBe('200');
    });

    test('do not count what is answered from memory, nor what was refused', async () => {
      const path = `accounts/${idOf('main')}/balance`;
      for (let time = 0; time < 10; time += 1) expect((await read(path)).status).toBe(200);
      for (let time = 0; time < 3; time += 1) expect(await ask(path)).toBe('200');
      for (let time = 0; time < 3; time += 1) expect(await ask(path)).toBe(LIMITED);
      expect((await read(path)).status).toBe(200);
    });

    test('come back one by one, a day after each', async () => {
      const path = `accounts/${idOf('main')}/balance`;
      for (let time = 0; time < 4; time += 1) {
        expect(await ask(path)).toBe('200');
        await pass(MINUTE);
      }
      await pass(DAY - 4 * MINUTE - 1);
      tokens = await refreshed(tokens);
      expect(await ask(path)).toBe(LIMITED);
      await pass(1);
      expect(await ask(path)).toBe('200');
      expect(await ask(path)).toBe(LIMITED);
    });

    test('are no limit with the address of a user who is there', async () => {
      const path = `accounts/${idOf('main')}/balance`;
      await spend(path);
      for (let time = 0; time < 6; time += 1) expect(await ask(path, PSU)).toBe('200');
      expect(await ask(path)).toBe(LIMITED);
    });

    test('are no limit shortly after consent', async () => {
      tokens = await app.connect('ob-lloyds');
      const path = `accounts/${idOf('main')}/balance`;
      for (let time = 0; time < 6; time += 1) expect(await ask(path)).toBe('200');
      await pass(45 * MINUTE + 1);
      await spend(path);
      expect(await ask(path)).toBe(LIMITED);
    });

    test('are as many as a bank allows', async () => {
      app.simulator.adjust('ob-lloyds', { unattendedCallsPerDay: 1 });
      expect(await ask('cards')).toBe('200');
      expect(await ask('cards')).toBe(LIMITED);
    });
  });
});
