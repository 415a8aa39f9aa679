import { DAY, later } from '../../src/base/clock.ts';
import type { Chance } from '../../src/simulator/chance.ts';
import type { Whose } from '../../src/simulator/control/hand.ts';
import type { Wire } from '../../src/simulator/data/wire.ts';
import type { Simulator } from '../../src/simulator/simulator.ts';

/** What may happen at the bank in a day. */
const CHANGES_MAX = 6;
/** Rows of so many days are read again each day; older ones are not looked at any more. */
const RECENT_DAYS = 8;

/** Has life go on at the bank: rows come, change, settle and go, two of them alike on a day. */
export function liveADay(simulator: Simulator, chance: Chance, whose: Whose, now: Date): void {
  const { hand } = simulator;
  for (let count = chance.whole(1, CHANGES_MAX); count > 0; count -= 1) {
    const { accounts, cards } = simulator.truth(whose.user, whose.providerId);
    const holding = chance.pick([...accounts, ...cards]);
    const since = later(now, -RECENT_DAYS * DAY)
      .toISOString()
      .slice(0, 10);
    const booked = holding.transactions.filter((row) => dayOf(row) >= since);
    const amount = `-${chance.whole(1, 90)}.${chance.whole(10, 99)}`;
    const kind = chance.whole(1, 10);
    if (kind <= 3) hand.add(whose, { amount, description: 'SHOP' }, holding.key);
    else if (kind === 4) {
      // Two that nothing tells apart.
      for (const _twin of [1, 2]) {
        hand.add(whose, { amount: '-2.80', description: 'COFFEE' }, holding.key);
      }
    } else if (kind <= 6)
      hand.add(whose, { amount, description: 'HOLD', pending: true }, holding.key);
    else if (kind <= 8 && holding.pending.length > 0) {
      const row = chance.pick(holding.pending);
      hand.settle(whose, idOf(row), chance.happens(0.5) ? amount : undefined);
    } else if (kind === 9 && booked.length > 0) {
      hand.amend(whose, idOf(chance.pick(booked)), { description: 'AMENDED' });
    } else if (booked.length > 0) hand.remove(whose, idOf(chance.pick(booked)));
  }
}

const dayOf = (row: Wire) => String(row['timestamp']).slice(0, 10);
const idOf = (row: Wire) => String(row['transaction_id']);
