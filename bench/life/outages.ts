import { DAY, HOUR, later } from '../../src/base/clock.ts';
import { chanceOf } from '../../src/simulator/chance.ts';

/** From one instant to another, the second excluded. */
export interface Stretch {
  readonly from: Date;
  readonly until: Date;
}

/** What goes wrong in a life, and when. */
export interface Outages {
  /** Nothing at all runs: neither the house nor its users. */
  readonly everything: Stretch;
  /** One bank answers nothing. */
  readonly bank: Stretch & { readonly providerId: string };
  /** The house knows a wrong client secret. */
  readonly secret: Stretch;
  /** The house is stopped and started anew. */
  readonly restarts: readonly Date[];
}

/** Draws them for a life of so many days, with room for the first consents before. */
export function drawOutages(
  seed: string,
  begin: Date,
  days: number,
  banks: readonly string[],
): Outages {
  const chance = chanceOf(seed, 'outages');
  const at = (fraction: number) => later(begin, Math.floor(days * fraction * 24) * HOUR);
  const stretch = (from: Date, milliseconds: number) => ({
    from,
    until: later(from, milliseconds),
  });
  return {
    everything: stretch(at(0.45), 5 * DAY),
    bank: { ...stretch(at(0.3), 6 * HOUR), providerId: chance.pick(banks) },
    secret: stretch(at(0.36), HOUR),
    restarts: Array.from({ length: Math.max(2, Math.floor(days / 25)) }, () =>
      later(begin, chance.whole(1, days * 24 * 4 - 1) * (HOUR / 4)),
    ),
  };
}

/** Whether an instant lies in a stretch. */
export function isIn(instant: Date, { from, until }: Stretch): boolean {
  return instant >= from && instant < until;
}
