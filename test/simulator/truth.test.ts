import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { connectionOf, openApp, type App } from './app.ts';

type Body = Readonly<Record<string, any>>;

describe('the truth', () => {
  let app: App;
  beforeEach(async () => {
    app = await openApp();
  });
  afterEach(() => app.simulator.close());

  const ask = async (query: string) =>
    (await (await fetch(`${app.simulator.url}/control/truth?${query}`)).json()) as Body;

  test.each(['ob-lloyds', 'xs2a-boi', 'ob-amex', 'mock'])(
    'of a consent at %s is what its client can read, and no more',
    async (provider) => {
      app.simulator.adjust(provider, { maxHistoryMonths: 12 });
      const { access_token, ...rest } = await app.connect(provider);
      const credentialsId = connectionOf({ access_token, ...rest });
      const truth = await ask(`consent=${encodeURIComponent(credentialsId)}`);
      for (const kind of ['accounts', 'cards']) {
        if (truth[kind].length === 0) continue;
        const list = await app.list(access_token, kind);
        expect(list).toEqual(truth[kind].map(({ holding }: Body) => holding));
        for (const { balance, id, pending, transactions } of truth[kind] as Body[]) {
          const path = `${kind}/${id}`;
          const range = 'from=2020-01-01&to=2026-03-01';
          expect(await app.list(access_token, `${path}/balance`)).toEqual([balance]);
          expect(await app.list(access_token, `${path}/transactions?${range}`)).toEqual(
            transactions,
          );
          expect(await app.list(access_token, `${path}/transactions/pending`)).toEqual(pending);
        }
      }
    },
  );

  test('of a consent leaves out what was not shared', async () => {
    const tokens = await app.connect('ob-lloyds', {}, { accounts: ['Easy Saver'] });
    const truth = app.simulator.truthOfConsent(connectionOf(tokens));
    expect(truth.accounts.map(({ key }) => key)).toEqual(['savings']);
    expect(truth.cards).toEqual([]);
  });

  test('of a user has everything, with changes by hand', async () => {
    const whose = { user: 'john7', providerId: 'ob-amex' };
    const id = app.simulator.hand.add(whose, { amount: '-5', description: 'BY HAND' }, 'card');
    const truth = await ask('user=john7&bank=ob-amex');
    expect(truth['accounts']).toEqual([]);
    expect(truth['cards'][0].transactions[0]).toMatchObject({
      transaction_id: id,
      description: 'BY HAND',
      amount: 5,
      transaction_type: 'DEBIT',
    });
    expect((await ask('user=john&bank=ob-amex'))['cards'][0].transactions[0]).not.toMatchObject({
      description: 'BY HAND',
    });
  });
});
