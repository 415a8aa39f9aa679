import { parseArgs } from 'node:util';
import { HOUR, later } from '../../src/base/clock.ts';
import { inParallel } from '../../src/keys/sealed-values.ts';
import { emptyDatabase, withPostgres } from '../database.ts';
import { Figures } from '../figures.ts';
import { choiceOf, connect, renew, turnAccounts } from './acts.ts';
import { HouseOfLife } from './house-of-life.ts';
import { MatchingJudge, tellMatching } from './matching.ts';
import { BANKS, drawTurn, makePerson, type Person } from './person.ts';

const BEGIN = new Date('2026-03-02T00:00:00Z');
const PEOPLE_AT_ONCE = 200;

/**
 * Lets so many people connect a bank and renew that an hour later, with every kind of change to their
 * accounts in between, and nothing else. Prints what became of their accounts here.
 *
 * @returns whether each figure is as it has to be
 */
export async function simulateRenewals(args: readonly string[]): Promise<boolean> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      renewals: { type: 'string', default: '10000' },
      seed: { type: 'string', default: '1' },
    },
  });
  const renewals = Number(values.renewals);
  if (!(renewals >= 1 && renewals <= 10_000)) throw new RangeError('renewals: 1 to 10000');
  const figures = new Figures();
  await withPostgres(async (adminUrl) => {
    const url = await emptyDatabase(adminUrl, 'renewals');
    const house = await HouseOfLife.start(url, values.seed, BEGIN, {});
    try {
      const matching = new MatchingJudge();
      const begun = performance.now();
      for (let first = 1; first <= renewals; first += PEOPLE_AT_ONCE) {
        const length = Math.min(PEOPLE_AT_ONCE, renewals + 1 - first);
        const people = Array.from({ length }, (_, index) =>
          makePerson(values.seed, first + index, BEGIN, BANKS),
        );
        await renewAll(house, values.seed, people, matching);
      }
      figures.show('renewals', String(renewals));
      await tellMatching(house, matching, figures);
      const seconds = (performance.now() - begun) / 1_000;
      figures.show('seconds', seconds.toFixed(0));
    } finally {
      await house.close();
    }
  });
  return figures.tell();
}

async function renewAll(
  house: HouseOfLife,
  seed: string,
  people: readonly Person[],
  matching: MatchingJudge,
): Promise<void> {
  const { app, simulator } = house;
  const place = { app, simulator };
  const consents = new Map<Person, string>();
  const look = async () => {
    await house.settle();
    for (const [{ number }, id] of consents) await matching.look(house, number, id);
    await house.clock.setTime(later(new Date(house.clock.now()), HOUR));
  };
  await inParallel(people, async (person) => {
    consents.set(person, await connect(place, person));
  });
  await look();
  await inParallel(people, async (person) => {
    const { accounts, cards } = simulator.truth(person.user, person.providerId);
    const keys = [...accounts, ...cards].map(({ key }) => key);
    const turn = drawTurn(seed, person.number, 1, keys);
    turnAccounts(place, person, turn);
    await renew(place, person, consents.get(person) ?? '', choiceOf(place, person, turn));
  });
  await look();
}
