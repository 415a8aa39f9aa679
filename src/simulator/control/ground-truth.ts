import { addDays, dayOf } from '../../base/days.ts';
import { nowOf } from '../../base/clock.ts';
import { accountIdOf, type PlannedAccount } from '../people/accounts-plan.ts';
import { firstKeptDay } from '../data/date-range.ts';
import { wireBooked, wirePending } from '../data/holdings-endpoints.ts';
import type { Holdings } from '../people/ledger.ts';
import { wireBalance, wireHolding, type Wire } from '../data/wire.ts';
import type { World } from '../world.ts';

/** Everything a person has at a bank now, without windows, limits or choices. */
export interface GroundTruth {
  readonly accounts: readonly TrueHolding[];
  readonly cards: readonly TrueHolding[];
}

/** One account or card with every row that the bank still keeps, all in the wire's form. */
export interface TrueHolding {
  /** Short name within the person's accounts at this bank: `main`, `card-2`. */
  readonly key: string;
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
 * field that two looks differ in, and `transaction_id` where the bank changes it.
 *
 * @throws RangeError for a user or bank that does not exist
 */
export function truthOf(world: World, user: string, providerId: string): GroundTruth {
  const holdings = world.ledgers.holdingsOf(user, providerId);
  return look(world, holdings, holdings.accounts, ({ id }) => id);
}

/**
 * What a perfect client would now hold of one connection: what was shared, under the ids that it
 * shows there.
 *
 * @throws RangeError for a connection that has not been met
 */
export function truthOfConsent(world: World, credentialsId: string): GroundTruth {
  const grant = world.memory.grantOf(credentialsId);
  if (grant === undefined)
    throw new RangeError(`no such connection: ${credentialsId.slice(0, 60)}`);
  const holdings = world.ledgers.holdingsOf(grant.user, grant.providerId);
  const shared = holdings.accounts.filter(({ key }) => grant.accountKeys.includes(key));
  return look(world, holdings, shared, (one) => accountIdOf(holdings.bank, one, credentialsId));
}

function look(
  world: World,
  holdings: Holdings,
  accounts: readonly PlannedAccount[],
  idOf: (account: PlannedAccount) => string,
): GroundTruth {
  const now = nowOf(world.clock);
  const view = { now, version: world.edits.version };
  const days = { from: firstKeptDay(holdings.bank, now), to: addDays(dayOf(now), 1) };
  const lookAt = (account: PlannedAccount): TrueHolding => ({
    key: account.key,
    id: idOf(account),
    holding: wireHolding(holdings, account, idOf(account), world.url, now),
    balance: wireBalance(world.ledgers, holdings, account, view),
    transactions: wireBooked(world, holdings, account, days, view),
    pending: wirePending(world, holdings, account, view),
  });
  const isCard = ({ role }: PlannedAccount) => role === 'card';
  return {
    accounts: accounts.filter((account) => !isCard(account)).map(lookAt),
    cards: accounts.filter(isCard).map(lookAt),
  };
}
