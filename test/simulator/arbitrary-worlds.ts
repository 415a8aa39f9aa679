import fc from 'fast-check';
import { TestClock } from 'pg-boss';
import { DAY } from '../../src/base/clock.ts';
import type { TrueHolding } from '../../src/simulator/control/ground-truth.ts';
import type { Simulator } from '../../src/simulator/simulator.ts';
import { openApp, type App } from './app.ts';

/** A world that chance has made up: whose money, at which bank, and when. */
export interface ArbitraryWorld {
  readonly seed: string;
  readonly user: string;
  readonly provider: string;
  readonly now: Date;
}

/** Moments at which calendars go wrong, beside any other of ten years. */
const MOMENTS = [
  '2024-02-29T00:00:00Z',
  '2024-02-29T23:59:59.999Z',
  '2024-03-01T00:00:00Z',
  '2025-12-31T23:59:59Z',
  '2026-01-01T00:00:00Z',
  '2026-01-31T12:00:00Z',
  '2026-03-29T01:30:00Z',
  '2026-04-30T05:10:00Z',
  '2026-10-25T00:30:00Z',
  '2027-03-31T03:40:00Z',
];

const USERS = ['john', 'john7', 'user12'];

/** Worlds at some banks. */
export function worldsAt(providers: readonly string[]): fc.Arbitrary<ArbitraryWorld> {
  const anyTime = fc.date({
    min: new Date('2021-01-01T00:00:00Z'),
    max: new Date('2030-12-31T23:59:59Z'),
    noInvalidDate: true,
  });
  return fc.record({
    seed: fc.integer({ min: 0, max: 1e9 }).map(String),
    user: fc.constantFrom(...USERS),
    provider: fc.constantFrom(...providers),
    now: fc.oneof(
      fc.constantFrom(...MOMENTS).map((text) => new Date(text)),
      anyTime,
    ),
  });
}

/** Opens a world for as long as something is done in it. */
export async function inWorld(
  { now, seed }: ArbitraryWorld,
  act: (app: App) => Promise<void>,
): Promise<void> {
  const app = await openApp(new TestClock(now), seed);
  try {
    await act(app);
  } finally {
    await app.simulator.close();
  }
}

/** What somebody does to an account by hand. The numbers pick what it is done to. */
export interface HandEdit {
  readonly act: 'add' | 'add pending' | 'amend' | 'move' | 'settle' | 'remove';
  readonly pick: number;
  readonly daysBack: number;
  readonly pence: number;
}

/** A few changes by hand, none older than so many days. */
export function edits(daysBackMax: number): fc.Arbitrary<readonly HandEdit[]> {
  const edit = fc.record({
    act: fc.constantFrom('add', 'add pending', 'amend', 'move', 'settle', 'remove'),
    pick: fc.nat(1000),
    daysBack: fc.nat(daysBackMax),
    pence: fc.integer({ min: -90_000, max: 90_000 }),
  });
  return fc.array(edit, { maxLength: 8 });
}

/** Makes one change, where there is anything to change. Rows older than `sinceDay` are let be. */
export function makeEdit(
  { clock, simulator }: Pick<App, 'clock'> & { readonly simulator: Simulator },
  { provider: providerId, user }: ArbitraryWorld,
  edit: HandEdit,
  sinceDay: string,
): void {
  const whose = { user, providerId };
  const { accounts, cards } = simulator.truth(user, providerId);
  const holdings = [...accounts, ...cards];
  const { key, pending, transactions } = pickOf(holdings, edit.pick) as TrueHolding;
  const amount = (edit.pence / 100).toFixed(2);
  const at = new Date(clock.now() - edit.daysBack * DAY);
  const row = { amount, description: `BY HAND ${edit.pick}` };
  const recent = transactions.filter(({ timestamp }) => String(timestamp) >= sinceDay);
  const booked = idOf(pickOf(recent, edit.pick));
  const waiting = idOf(pickOf(pending, edit.pick));
  if (edit.act === 'add') simulator.hand.add(whose, { ...row, at }, key);
  if (edit.act === 'add pending') simulator.hand.add(whose, { ...row, at, pending: true }, key);
  if (edit.act === 'amend' && booked !== undefined) {
    simulator.hand.amend(whose, booked, row);
  }
  if (edit.act === 'move' && booked !== undefined) {
    simulator.hand.amend(whose, booked, { at });
  }
  if (edit.act === 'remove' && booked !== undefined) simulator.hand.remove(whose, booked);
  if (edit.act === 'settle' && waiting !== undefined) {
    simulator.hand.settle(whose, waiting, amount);
  }
}

function pickOf<T>(list: readonly T[], pick: number): T | undefined {
  return list[pick % Math.max(list.length, 1)];
}

function idOf(row: Readonly<Record<string, unknown>> | undefined): string | undefined {
  return row === undefined ? undefined : String(row['transaction_id']);
}
