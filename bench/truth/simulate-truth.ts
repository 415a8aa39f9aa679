import { parseArgs } from 'node:util';
import { emptyDatabase, withPostgres } from '../database.ts';
import { Figures } from '../figures.ts';
import { HouseOfLife } from '../life/house-of-life.ts';
import { type LivedSeed, liveSeed } from './seed-life.ts';

const BEGIN = new Date('2026-03-02T09:00:00Z');
/** Enough for every kind of row in six years; more of each would only take longer. */
const TEMPO = 0.15;

/**
 * Lets so many users live some days with banks that answer ill, and holds what is stored of each against
 * what their bank has. Prints every seed that differs, and how.
 *
 * @returns whether none does
 */
export async function simulateTruth(args: readonly string[]): Promise<boolean> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      truth: { type: 'boolean' },
      seeds: { type: 'string', default: '1000' },
      seed: { type: 'string', default: '1' },
      shard: { type: 'string', default: '1/1' },
    },
  });
  const seeds = Number(values.seeds);
  const [shard = 0, shards = 0] = values.shard.split('/').map(Number);
  if (!(seeds >= 1 && seeds <= 10_000)) throw new RangeError('seeds: 1 to 10000');
  if (!(shards >= 1 && shard >= 1 && shard <= shards)) throw new RangeError('shard: 1/4 to 4/4');
  const numbers = Array.from({ length: seeds }, (_, index) => index + 1).filter(
    (number) => number % shards === shard - 1,
  );
  const figures = new Figures();
  await withPostgres(async (adminUrl) => {
    const url = await emptyDatabase(adminUrl, 'truth');
    const house = await HouseOfLife.start(url, values.seed, BEGIN, { READ_EVERY_HOURS: '24' });
    house.letHappen(TEMPO);
    try {
      const begun = performance.now();
      const lived: LivedSeed[] = [];
      for (const number of numbers) {
        const one = await liveSeed(house, values.seed, number);
        lived.push(one);
        if (one.differences.length > 0) tellSeed(one);
      }
      tell(figures, lived, (performance.now() - begun) / 1_000);
    } finally {
      await house.close();
    }
  });
  return figures.tell();
}

const SHOWN_MAX = 12;

function tellSeed({ name, troubles, differences }: LivedSeed): void {
  process.stdout.write(`${name} differs in ${differences.length}; ${troubles.join(', ')}\n`);
  for (const text of differences.slice(0, SHOWN_MAX)) process.stdout.write(`  ${text}\n`);
}

function tell(figures: Figures, lived: readonly LivedSeed[], seconds: number): void {
  const sum = (of: (one: LivedSeed) => number) => lived.reduce((all, one) => all + of(one), 0);
  const differing = lived.filter(({ differences }) => differences.length > 0);
  figures.show('seeds', String(lived.length));
  figures.exactly('seeds that differ from the truth', differing.length, 0);
  figures.show('booked rows compared', String(sum(({ rows }) => rows)));
  figures.show('days beyond reach or window', String(sum(({ daysMissed }) => daysMissed)));
  figures.show('calls for data while trouble lasted', String(sum(({ calls }) => calls)));
  const share =
    (100 * sum(({ troubled }) => troubled)) /
    Math.max(
      1,
      sum(({ calls }) => calls),
    );
  figures.show('of these met by trouble, percent', share.toFixed(1));
  figures.show('seconds a seed', (seconds / Math.max(1, lived.length)).toFixed(2));
}
