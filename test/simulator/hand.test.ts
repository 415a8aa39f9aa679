import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { askControl, openApp, type App, type Tokens } from './app.ts';

const WHOSE = { user: 'john', bank: 'ob-lloyds' };

describe('the books of a bank, by hand', () => {
  let app: App;
  let tokens: Tokens;
  beforeEach(async () => {
    app = await openApp();
    tokens = await app.connect('ob-lloyds');
  });
  afterEach(() => app.simulator.close());

  const ask = (method: string, path: string, body?: unknown) =>
    askControl(app.simulator, method, path, body);
  const done = async (method: string, path: string, body?: unknown) => {
    const answer = await askControl(app.simulator, method, path, body);
    expect(answer).toMatchObject({ status: 200 });
    return answer.body;
  };
  const read = (path: string) => {
    app.simulator.forgetAnswers();
    return app.list(tokens.access_token, path);
  };
  const main = () => {
    const [account] = app.simulator.truth('john', 'ob-lloyds').accounts;
    return `accounts/${account?.id}`;
  };
  const rowOf = async (description: string) => {
    const rows = await read(`${main()}/transactions`);
    return rows.find((row) => row['description'] === description);
  };

  test('writes into the books: added, amended, settled, removed', async () => {
    const balance = async () => Number((await read(`${main()}/balance`))[0]?.['current']);
    const before = await balance();
    const row = { ...WHOSE, description: 'MARKET', amount: -12.34 };
    const { transactionId: id } = await done('POST', '/transactions', row);
    expect(await rowOf('MARKET')).toMatchObject({ transaction_id: id, amount: -12.34 });
    expect(await balance()).toBeCloseTo(before - 12.34, 6);
    const changes = { ...WHOSE, amount: '-20.00', at: '2026-02-27T08:00:00Z' };
    await done('PATCH', `/transactions/${id}`, changes);
    expect(await rowOf('MARKET')).toMatchObject({
      transaction_id: id,
      amount: -20,
      timestamp: '2026-02-27T00:00:00',
    });
    await done('DELETE', `/transactions/${id}?user=john&bank=ob-lloyds`);
    expect(await rowOf('MARKET')).toBeUndefined();
    expect(await balance()).toBe(before);

    const pending = { ...WHOSE, description: 'PUMP', amount: '-99', pending: true };
    const { transactionId: hold } = await done('POST', '/transactions', pending);
    await done('PATCH', `/transactions/${hold}`, { ...WHOSE, at: '2026-02-28T08:00:00Z' });
    const waiting = await read(`${main()}/transactions/pending`);
    expect(waiting).toContainEqual(
      expect.objectContaining({ transaction_id: hold, timestamp: '2026-02-28T00:00:00' }),
    );
    const settled = await done('POST', `/transactions/${hold}/settle`, { ...WHOSE, amount: -41.5 });
    expect(settled['transactionId']).not.toBe(hold);
    expect(await rowOf('PUMP')).toMatchObject({
      transaction_id: settled['transactionId'],
      amount: -41.5,
    });
    expect(await balance()).toBeCloseTo(before - 41.5, 6);
    const again = await ask('POST', `/transactions/${hold}/settle`, WHOSE);
    expect(again.body['faults']).toEqual(['the transaction is booked already']);
  });

  test('keeps pending what is pending, also on another day', async () => {
    const { accounts } = app.simulator.truth('john', 'ob-lloyds');
    const [waiting] = accounts[0]?.pending ?? [];
    const id = String(waiting?.['transaction_id']);
    await done('PATCH', `/transactions/${id}`, { ...WHOSE, at: '2026-02-25T08:00:00Z' });
    expect(await read(`${main()}/transactions/pending`)).toContainEqual({
      ...waiting,
      timestamp: '2026-02-25T00:00:00',
    });
  });

  test('takes amounts that stay exact, and dates', () => {
    const { hand } = app.simulator;
    const whose = { user: 'john', providerId: 'ob-lloyds' };
    const description = 'MUCH';
    for (let count = 0; count < 100; count += 1) {
      hand.add(whose, { amount: '99999999999.99', description });
    }
    const [account] = app.simulator.truth('john', 'ob-lloyds').accounts;
    expect(account?.transactions[0]).toMatchObject({
      running_balance: { amount: account?.balance['current'] },
    });
    expect(String(account?.balance['current'])).toMatch(/^\d{14}\.\d\d?$/);
    const tooMuch = { amount: '100000000000.01', description };
    expect(() => hand.add(whose, tooMuch)).toThrow('too large');
    const noDate = { amount: '1', description, at: new Date('never') };
    expect(() => hand.add(whose, noDate)).toThrow('the date is none');
  });
});
