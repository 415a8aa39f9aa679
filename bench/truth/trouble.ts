import type { Chance } from '../../src/simulator/chance.ts';
import type { Fault, FaultEffect, Faults } from '../../src/simulator/faults.ts';

/** A way in which a bank's answer goes wrong, by its number among the faults that are planned for. */
export interface Trouble {
  readonly name: string;
  readonly effect: FaultEffect;
}

const DATA = /^\/data\/v1\//;

/** Everything that touches data and that another try or another way gets past. */
export const TROUBLES: readonly Trouble[] = [
  { name: 'P1 the line is cut before an answer', effect: { reset: true } },
  { name: 'P3 the line is cut in mid-answer', effect: { reset: 'mid-answer' } },
  { name: 'P4 429 with seconds', effect: { status: 429, headers: { 'Retry-After': '7' } } },
  {
    name: 'P5 429 with an absurd wait',
    effect: { status: 429, headers: { 'Retry-After': '999999999' } },
  },
  { name: 'P6 429 without a wait', effect: { status: 429 } },
  { name: 'P8 500', effect: { status: 500 } },
  { name: 'P8 502 as HTML', effect: { status: 502, text: '<html>Bad gateway</html>' } },
  { name: 'P8 503', effect: { status: 503 } },
  { name: 'P8 504', effect: { status: 504 } },
  { name: 'P10 a 200 with HTML', effect: { status: 200, text: '<html>Maintenance</html>' } },
  { name: 'P10 a 200 with nothing', effect: { status: 200, text: '' } },
  { name: 'P10 JSON that breaks off', effect: { malformed: true } },
  { name: 'P12 another shape', effect: { status: 200, body: { results: { __proto__: 1 } } } },
  { name: 'P33 a failure in a 200', effect: { status: 200, body: { status: 'Failed' } } },
  { name: 'P31 results that expire', effect: { task: 'expired' } },
  { name: 'P32 a task that hangs', effect: { task: 'stuck' } },
  { name: 'P33 a task that fails', effect: { task: 'failed' } },
  { name: 'W1 no notice', effect: { webhook: 'never' } },
  { name: 'W2 a notice twice', effect: { webhook: 'twice' } },
  { name: 'W6 a notice before the answer', effect: { webhook: 'early' } },
  { name: 'W7 a notice that is late', effect: { webhook: 'late' } },
];

/** How many kinds of trouble one life meets. */
const KINDS = 4;
/** More than anybody meets. */
const TIMES = 1_000_000;

/**
 * Orders trouble for one user's calls for data: some kinds of it, together at the given share of calls.
 *
 * @returns what was ordered
 */
export function orderTroubles(
  faults: Faults,
  chance: Chance,
  user: string,
  share: number,
): readonly string[] {
  const left = [...TROUBLES];
  const kinds = Array.from({ length: KINDS }, () => {
    const [kind] = left.splice(chance.whole(0, left.length - 1), 1);
    return kind as Trouble;
  });
  kinds.forEach(({ effect }, index) => {
    // Each is tried only where those before it let a call pass.
    const probability = share / KINDS / (1 - (share / KINDS) * index);
    const fault: Fault = {
      ...effect,
      path: DATA,
      user,
      times: TIMES,
      probability,
      seed: `${user} ${index}`,
    };
    faults.order(fault);
  });
  return kinds.map(({ name }) => name);
}

/** How often what was ordered has happened. */
export function troublesMet({ ordered }: Faults): number {
  return ordered.reduce((sum, { left }) => sum + TIMES - left, 0);
}
