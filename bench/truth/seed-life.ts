import { DAY, HOUR, later } from '../../src/base/clock.ts';
import { resync } from '../../src/history/resync.ts';
import { chanceOf, type Chance } from '../../src/simulator/chance.ts';
import type { Bank } from '../../src/simulator/banks/bank.ts';
import { firstKeptDay } from '../../src/simulator/data/date-range.ts';
import type { GroundTruth } from '../../src/simulator/control/ground-truth.ts';
import type { Simulator } from '../../src/simulator/simulator.ts';
import { connect } from '../life/acts.ts';
import type { HouseOfLife } from '../life/house-of-life.ts';
import { liveADay } from './changes.ts';
import { compare, type Comparison } from './compare.ts';
import { orderTroubles, troublesMet } from './trouble.ts';

/** Banks of all characters. */
const BANKS = [
  'mock',
  'ob-lloyds',
  'ob-monzo',
  'ob-halifax',
  'ob-barclays',
  'ob-starling',
  'ob-nationwide',
  'ob-yorkshire-building-society',
  'ob-revolut',
  'ob-amex',
  'ob-danske',
  'ob-quirky',
  'xs2a-n26-de',
  'xs2a-boi',
];
const SCOPES = ['info', 'accounts', 'balance', 'cards', 'transactions', 'offline_access'];
/** The share of calls for data that trouble meets. */
const TROUBLED = 0.3;
/** So long at the end nothing goes wrong and nothing changes: a row that is gone is looked for twice. */
const CALM_DAYS = 3;
const ROUNDS_MAX = 3;
/** Looking again and again at the very end is not what the quota of a day is about. */
const CALLS_OF_THE_END = 100;

/** What came of one life. */
export interface LivedSeed extends Comparison {
  readonly name: string;
  readonly troubles: readonly string[];
  /** Calls for data that the bank was asked. */
  readonly calls: number;
  /** Those that trouble met. */
  readonly troubled: number;
}

/**
 * Lives some days with one new user: their bank answers ill three times in ten, its rows change, the
 * worker and Postgres start anew now and then. Afterwards what is stored is held against the truth.
 */
export async function liveSeed(
  house: HouseOfLife,
  seed: string,
  number: number,
): Promise<LivedSeed> {
  const { simulator, clock } = house;
  const chance = chanceOf(seed, 'truth', number);
  const person = {
    number,
    user: `user${number}`,
    password: `pass${number}`,
    providerId: chance.pick(BANKS),
    zone: 'Europe/London',
    stays: true,
    beginsAt: new Date(clock.now()),
  };
  const whose = { user: person.user, providerId: person.providerId };
  simulator.journal.clear();
  const troubles = orderTroubles(simulator.faults, chance, person.user, TROUBLED);
  const consentId = await connect({ app: house.app, simulator }, person, SCOPES);
  await live(house, chance, later(new Date(clock.now()), 2 * HOUR));
  for (let day = chance.whole(1, 3); day > 0; day -= 1) {
    liveADay(simulator, chance, whose, new Date(clock.now()));
    await live(house, chance, later(new Date(clock.now()), DAY));
  }
  const met = simulator.journal.entries.filter(({ path }) => path.startsWith('/data/v1/'));
  const troubled = troublesMet(simulator.faults);
  simulator.faults.clear();
  await live(house, null, later(new Date(clock.now()), CALM_DAYS * DAY));
  const bank = bankOf(simulator, person.providerId);
  const { unattendedCallsPerDay } = bank;
  simulator.adjust(bank.id, { unattendedCallsPerDay: CALLS_OF_THE_END });
  const truth = await readOnceMore(house, consentId);
  simulator.adjust(bank.id, { unattendedCallsPerDay });
  const compared = await compare(house.owner, consentId, truth, {
    keptFrom: firstKeptDay(bank, new Date(clock.now())),
    showsPending: bank.pending,
  });
  // Nobody waits for this user any more.
  await house.owner.query('delete from viewer where subject = $1', [`person-${number}`]);
  const name = `seed ${number} at ${person.providerId}`;
  return { ...compared, name, troubles, calls: met.length, troubled };
}

/**
 * Has everything read once more, as far as a bank shows it, until nothing happened there meanwhile.
 *
 * @returns what the bank has
 */
async function readOnceMore(house: HouseOfLife, consentId: string): Promise<GroundTruth> {
  const { simulator } = house;
  const { rows } = await house.owner.query<{ id: string }>(
    'select credentials_id as id from consent where id = $1',
    [consentId],
  );
  const look = () => simulator.truthOfConsent(rows[0]?.id ?? '');
  for (let round = 1; ; round += 1) {
    const before = look();
    simulator.forgetAnswers();
    await resync(house.app, 'simulation', { kind: 'CONSENT', id: consentId });
    await house.settle();
    const after = look();
    if (round === ROUNDS_MAX || rowsOf(before) === rowsOf(after)) return after;
  }
}

/** All that may have changed of a truth within moments, in text. */
function rowsOf({ accounts, cards }: GroundTruth): string {
  return JSON.stringify(
    [...accounts, ...cards].map(({ transactions, pending }) => [
      transactions.length,
      pending.map((row) => [row['timestamp'], row['description'], row['amount']]),
    ]),
  );
}

function bankOf({ banks }: Simulator, providerId: string): Bank {
  const bank = banks.find(({ id }) => id === providerId);
  if (bank === undefined) throw new Error(`there is no bank ${providerId}`);
  return bank;
}

/** Lives until an instant, from one due instant to the next; chance stops what stands behind it. */
async function live(house: HouseOfLife, chance: Chance | null, until: Date): Promise<void> {
  for (;;) {
    const next = await house.nextDue();
    if (next === null || next > until) break;
    if (next.getTime() > house.clock.now()) await house.clock.setTime(next);
    if (chance?.happens(0.01) === true) await house.restart();
    if (chance?.happens(0.01) === true) await house.dropDatabaseSessions();
    await house.settle();
  }
  if (until.getTime() > house.clock.now()) await house.clock.setTime(until);
}
