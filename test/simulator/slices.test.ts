import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addDays, dayOf, type Day } from '../../src/base/days.ts';
import type { TrueHolding } from '../../src/simulator/control/ground-truth.ts';
import type { WalkPlan } from '../../src/simulator/walk.ts';
import { connectionOf, type App } from './app.ts';
import { edits, inWorld, makeEdit, worldsAt } from './arbitrary-worlds.ts';

const BANKS = [
  'mock',
  'ob-lloyds',
  'ob-halifax',
  'ob-starling',
  'ob-quirky',
  'ob-barclaycard',
  'xs2a-boi',
  'xs2a-erste-at',
];

/** A little less than the shortest range that one of these banks refuses. */
const DAYS_MAX = 180;

type Row = Readonly<Record<string, unknown>>;

describe('slices of a range of days', () => {
  test('give its true rows, however it is cut', async () => {
    const cuts = fc.array(fc.nat(300), { maxLength: 4 });
    const range = fc.record({ back: fc.nat(480), length: fc.nat(300), cuts });
    const check = fc.asyncProperty(worldsAt(BANKS), range, edits(60), (world, asked, changes) =>
      inWorld(world, async (app) => {
        // So that what lies before all records is asked for as well.
        app.simulator.adjust(world.provider, { maxHistoryMonths: 14 });
        const today = dayOf(world.now);
        // Half of all ranges end today, where what was changed by hand is.
        const to = addDays(today, asked.back % 2 === 0 ? 0 : -asked.back);
        const from = addDays(to, -asked.length);
        const slices = cut(from, to, asked.cuts);
        const password = passwordOf(world.user);
        const tokens = await app.connect(world.provider, {}, { user: world.user, password });
        const compare = async () => {
          const truth = app.simulator.truthOfConsent(connectionOf(tokens));
          for (const [kind, holding] of [
            ...truth.accounts.map((account) => ['accounts', account] as const),
            ...truth.cards.map((card) => ['cards', card] as const),
          ]) {
            const path = `${kind}/${holding.id}/transactions`;
            const rows = await read(app, tokens.access_token, path, slices);
            expect(rows).toEqual(within(holding, from, to).map(normalised));
          }
        };
        await compare();
        for (const change of changes) makeEdit(app, world, change, addDays(today, -400));
        app.simulator.forgetAnswers();
        if (changes.length > 0) await compare();
      }),
    );
    await fc.assert(check, { seed: 20_260_301, numRuns: 14 });
  });
});

/** Slices that cover a range without a gap, newest first. */
function cut(from: Day, to: Day, at: readonly number[]): readonly (readonly [Day, Day])[] {
  const inside = at.map((days) => addDays(from, days)).filter((day) => day > from && day <= to);
  const needed: Day[] = [];
  for (let day = addDays(from, DAYS_MAX); day <= to; day = addDays(day, DAYS_MAX)) needed.push(day);
  const starts = [...new Set([from, ...inside, ...needed])].toSorted();
  return starts
    .map((start, index) => [start, addDays(starts[index + 1] ?? addDays(to, 1), -1)] as const)
    .toReversed();
}

async function read(
  app: App,
  token: string,
  path: string,
  slices: readonly (readonly [Day, Day])[],
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [from, to] of slices) {
    rows.push(...(await app.list(token, `${path}?from=${from}&to=${to}`)));
  }
  return rows.map(normalised);
}

function within({ transactions }: TrueHolding, from: Day, to: Day): readonly Row[] {
  return transactions.filter(({ timestamp }) => {
    const day = String(timestamp).slice(0, 10);
    return day >= from && day <= to;
  });
}

/** All but the id that some banks change. */
function normalised({ transaction_id: _id, ...content }: Row): Row {
  return content;
}

function passwordOf(user: string): WalkPlan['password'] {
  return user.startsWith('user') ? user.replace('user', 'pass') : user.replace('john', 'doe');
}
