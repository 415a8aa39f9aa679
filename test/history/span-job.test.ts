import { expect, it } from 'vitest';
import { askForSpans, PRIORITY_NOW } from '../../src/history/span-job.ts';

const DEADLINE = new Date('2026-03-02T09:05:00Z');

/** The spans of a viewer's one consent, account by account, as they are planned. */
function spansOf(viewerId: string, accounts: number, deadlineAt: Date | null = DEADLINE) {
  const places = [...Array(13).keys()];
  return [...Array(accounts).keys()].flatMap((account) =>
    places.map((place) => {
      const id = `${viewerId}-${account}-${place}`;
      return { id, viewerId, consentId: viewerId, ordinal: place + 1, deadlineAt };
    }),
  );
}

const requestsOf = (...args: Parameters<typeof spansOf>) =>
  askForSpans(spansOf(...args), 'ob-monzo').map(({ priority = 0, group }) => ({
    whose: args[0],
    priority,
    group,
  }));

it('a viewer with ten accounts lets one with a single account have theirs in turn', () => {
  const queue = [...requestsOf('many', 10), ...requestsOf('one', 1)].toSorted(
    (a, b) => b.priority - a.priority,
  );
  expect(queue.slice(0, 26).filter(({ whose }) => whose === 'one')).toHaveLength(13);
  expect(new Set(queue.map(({ group }) => group))).toEqual(new Set(['ob-monzo']));
});

it('the sooner a window closes the sooner its days are asked for, those without one last', () => {
  const soon = requestsOf('soon', 10);
  const late = requestsOf('late', 1, new Date(DEADLINE.getTime() + 60_000));
  const whenever = requestsOf('whenever', 1, null);
  const highest = (requests: typeof soon) => Math.max(...requests.map((r) => r.priority));
  const lowest = (requests: typeof soon) => Math.min(...requests.map((r) => r.priority));
  expect(highest(soon)).toBeLessThan(PRIORITY_NOW);
  expect(lowest(soon)).toBeGreaterThan(highest(late));
  expect(lowest(late)).toBeGreaterThan(highest(whenever));
  // Postgres's integer.
  expect(highest(requestsOf('far', 1, new Date('2050-01-01')))).toBeGreaterThan(0);
  expect(Math.abs(lowest(requestsOf('past', 1, new Date('2025-06-01'))))).toBeLessThan(2 ** 31);
});
