import { addDays, dayOf } from '../base/days.ts';
import { nowOf } from '../base/clock.ts';
import { firstKeptDay } from './date-range.ts';
import { wireBooked, wirePending } from './holdings-endpoints.ts';
import type { Ledger } from './ledger.ts';
import { wireBalance, wireHolding, type Wire } from './wire.ts';
import type { World } from './world.ts';

/** Everything a person has at a bank now, without windows, limits or choices. */
export interface GroundTruth {
  readonly accounts: readonly TrueHolding[];
  readonly cards: readonly TrueHolding[];
}

/** One account or card with every row that the bank still keeps, all in the wire's form. */
export interface TrueHolding {
  readonly id: string;
  readonly holding: Wire;
  readonly balance: Wire;
  /** Booked rows, newest first. */
  readonly transactions: readonly Wire[];
  /** What is pending now; also at banks that do not show it. */
  readonly pending: readonly Wire[];
}

/**
 * The truth that tests hold against what a client has gathered. `update_timestamp` is the only
 * field that two looks differ in.
 *
 * @throws RangeError for a user or bank that does not exist
 */
export function truthOf(world: World, user: string, providerId: string): GroundTruth {
  const now = nowOf(world.clock);
  const holdings = world.holder.holdingsOf(user, providerId, now);
  const { bank } = holdings;
  const tomorrow = addDays(dayOf(now), 1);
  const look = (ledger: Ledger): TrueHolding => ({
    id: ledger.account.id,
    holding: wireHolding(holdings, ledger, world.url, now),
    balance: wireBalance(ledger, now),
    transactions: wireBooked(bank, ledger, firstKeptDay(bank, now), tomorrow, now),
    pending: wirePending(bank, ledger, now),
  });
  const isCard = ({ account }: Ledger) => account.role === 'card';
  return {
    accounts: holdings.ledgers.filter((ledger) => !isCard(ledger)).map(look),
    cards: holdings.ledgers.filter(isCard).map(look),
  };
}
