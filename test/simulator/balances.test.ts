import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DAY } from '../../src/base/clock.ts';
import { addDays, dayOf } from '../../src/base/days.ts';
import type { TrueHolding } from '../../src/simulator/control/ground-truth.ts';
import type { App } from './app.ts';
import { edits, inWorld, makeEdit, worldsAt, type ArbitraryWorld } from './arbitrary-worlds.ts';
import { exactMinor, sumOf } from './exact.ts';

const BANKS = [
  'ob-lloyds',
  'ob-hsbc',
  'ob-revolut',
  'ob-quirky',
  'ob-natwest',
  'ob-barclaycard',
  'ob-amex',
  'xs2a-boi',
  'xs2a-pko-bank-polski',
];

const HISTORY_MONTHS = 5;

describe('the balances of accounts and cards', () => {
  const worlds = worldsAt(BANKS);

  test('move by the sum of what is booked, to the last digit', async () => {
    const waits = fc.array(fc.integer({ min: 0, max: 20 * DAY }), { minLength: 1, maxLength: 4 });
    const check = fc.asyncProperty(worlds, waits, edits(40), (world, pauses, changes) =>
      inWorld(world, async (app) => {
        shorten(app, world);
        // Old enough for all changes, young enough for the last look to reach it.
        const since = addDays(dayOf(world.now), -45);
        let before = look(app, world, since);
        for (const [index, pause] of pauses.entries()) {
          await app.clock.setTime(app.clock.now() + pause);
          for (const [number, change] of changes.entries()) {
            if (number % pauses.length === index) makeEdit(app, world, change, since);
          }
          const after = look(app, world, since);
          expect(after.map(({ restMinor }) => restMinor)).toEqual(
            before.map(({ restMinor }) => restMinor),
          );
          before = after;
        }
      }),
    );
    await fc.assert(check, { seed: 20_260_301, numRuns: 30 });
  });

  test('are the end of a chain of running balances', async () => {
    const check = fc.asyncProperty(worlds, edits(60), (world, changes) =>
      inWorld(world, async (app) => {
        shorten(app, world);
        for (const change of changes) makeEdit(app, world, change, '2000-01-01');
        for (const { balance, transactions } of holdingsOf(app, world)) {
          const { currency } = balance;
          let left = exactMinor(balance['current'], currency);
          for (const row of transactions) {
            const running = row['running_balance'] as { readonly amount?: number } | undefined;
            if (running?.amount !== undefined) {
              expect(exactMinor(running.amount, currency)).toBe(left);
            }
            left -= exactMinor(row['amount'], currency);
          }
        }
      }),
    );
    await fc.assert(check, { seed: 20_260_301, numRuns: 30 });
  });

  test('tell what is available: with the overdraft or limit, and without what is pending', async () => {
    const check = fc.asyncProperty(worlds, edits(60), (world, changes) =>
      inWorld(world, async (app) => {
        shorten(app, world);
        for (const change of changes) makeEdit(app, world, change, '2000-01-01');
        const { accounts, cards } = app.simulator.truth(world.user, world.provider);
        for (const { balance, pending } of accounts) {
          const of = (name: string) => exactMinor(balance[name], balance['currency']);
          const reserved = sumOf(
            pending.map(({ amount, currency }) => exactMinor(amount, currency)),
          );
          expect(of('available')).toBe(of('current') + of('overdraft') + reserved);
        }
        for (const { balance } of cards) {
          const of = (name: string) => exactMinor(balance[name], balance['currency']);
          expect(of('available')).toBe(of('credit_limit') - of('current'));
        }
      }),
    );
    await fc.assert(check, { seed: 20_260_301, numRuns: 14 });
  });
});

/** Few months of rows: a truth is all that there are. */
function shorten({ simulator }: App, { provider }: ArbitraryWorld): void {
  simulator.adjust(provider, { maxHistoryMonths: HISTORY_MONTHS });
}

function holdingsOf({ simulator }: App, { provider, user }: ArbitraryWorld) {
  const { accounts, cards } = simulator.truth(user, provider);
  return [...accounts, ...cards];
}

interface Look {
  readonly holding: TrueHolding;
  /** The balance less all rows since a day: what no row since then explains. */
  readonly restMinor: bigint;
}

function look(app: App, world: ArbitraryWorld, since: string): readonly Look[] {
  return holdingsOf(app, world).map((holding) => {
    const { balance, transactions } = holding;
    const rows = transactions.filter(({ timestamp }) => String(timestamp) >= since);
    const amounts = rows.map(({ amount, currency }) => exactMinor(amount, currency));
    const restMinor = exactMinor(balance['current'], balance['currency']) - sumOf(amounts);
    return { holding, restMinor };
  });
}
