import { addDays, type Day, daysBetween, laterDay } from '../base/days.ts';

/** Days in a row, both ends included. */
export interface Stretch {
  readonly from: Day;
  readonly until: Day;
}

/** How many days it has. */
export function lengthOf({ from, until }: Stretch): number {
  return daysBetween(from, until) + 1;
}

/** The same days as stretches that neither touch nor overlap, oldest first; reversed ones are none. */
export function joined(stretches: readonly Stretch[]): readonly Stretch[] {
  const whole: Stretch[] = [];
  const sorted = stretches
    .filter(({ from, until }) => from <= until)
    .toSorted((a, b) => (a.from < b.from ? -1 : 1));
  for (const next of sorted) {
    const last = whole.at(-1);
    if (last === undefined || next.from > addDays(last.until, 1)) whole.push(next);
    else whole[whole.length - 1] = { from: last.from, until: laterDay(last.until, next.until) };
  }
  return whole;
}

/** The days of `stretches` that are in none of `taken`, joined. */
export function without(
  stretches: readonly Stretch[],
  taken: readonly Stretch[],
): readonly Stretch[] {
  const gone = joined(taken);
  return joined(stretches).flatMap(({ from, until }) => {
    const left: Stretch[] = [];
    let next = from;
    for (const hole of gone) {
      if (hole.until < next || hole.from > until) continue;
      if (hole.from > next) left.push({ from: next, until: addDays(hole.from, -1) });
      next = addDays(hole.until, 1);
    }
    if (next <= until) left.push({ from: next, until });
    return left;
  });
}

/** The days that both have, joined. */
export function common(
  stretches: readonly Stretch[],
  others: readonly Stretch[],
): readonly Stretch[] {
  return without(stretches, without(stretches, others));
}
