import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addDays, addMonths, type Day, daysBetween, parseDay } from '../../src/base/days.ts';
import { planSpans } from '../../src/history/plan.ts';

const usual = { windowMinutes: 5, reachMonths: 72, laterDays: 90 };
const anyDay = fc
  .integer({ min: 0, max: 20_000 })
  .map((days) => addDays(parseDay('1990-01-01'), days));
const anyLimits = fc.record({
  windowMinutes: fc.integer({ min: 1, max: 45 }),
  reachMonths: fc.integer({ min: 1, max: 72 }),
  laterDays: fc.integer({ min: 1, max: 400 }),
});

describe('a plan', () => {
  it('for six years begins with the last month and goes from new to old', () => {
    const spans = planSpans(usual, parseDay('2026-03-02'));
    expect(spans.slice(0, 3)).toEqual([
      { from: '2026-02-01', until: '2026-03-02', windowOnly: false },
      { from: '2025-06-03', until: '2025-12-02', windowOnly: true },
      { from: '2024-12-03', until: '2025-06-02', windowOnly: true },
    ]);
    expect(spans.at(-1)).toEqual({ from: '2025-12-03', until: '2026-01-31', windowOnly: false });
    expect(spans.at(-2)?.from).toBe('2020-03-02');
  });

  it('covers the wanted days exactly, without overlap', () => {
    fc.assert(
      fc.property(anyLimits, anyDay, (limits, today) => {
        const spans = planSpans(limits, today);
        const days = spans.flatMap(({ from, until }) =>
          Array.from({ length: daysBetween(from, until) + 1 }, (_, index) => addDays(from, index)),
        );
        expect(new Set(days).size).toBe(days.length);
        const oldest = addMonths(today, -limits.reachMonths);
        expect(days).toHaveLength(daysBetween(oldest, today) + 1);
        expect(days.reduce(earlier)).toBe(oldest);
        expect(days.reduce(later)).toBe(today);
      }),
      { seed: 2, numRuns: 150 },
    );
  });

  it('puts what the window takes away before what can wait, newest first, in calls of six months at most', () => {
    fc.assert(
      fc.property(anyLimits, anyDay, (limits, today) => {
        const [, ...rest] = planSpans(limits, today);
        const order = rest.map((span) => span.windowOnly);
        expect(order).toEqual(order.toSorted((a, b) => Number(b) - Number(a)));
        for (const only of [true, false]) {
          const untils = rest.filter((span) => span.windowOnly === only).map(({ until }) => until);
          expect(untils).toEqual(untils.toSorted().toReversed());
        }
        for (const { from, until, windowOnly } of rest) {
          expect(until < addMonths(from, 6) || daysBetween(from, until) <= 183).toBe(true);
          expect(windowOnly).toBe(daysBetween(from, today) >= limits.laterDays);
        }
      }),
      { seed: 3, numRuns: 150 },
    );
  });

  it.each([0, 73, Number.NaN])('for %d months is refused', (reachMonths) => {
    expect(() => planSpans({ ...usual, reachMonths }, parseDay('2026-03-02'))).toThrow(RangeError);
  });
});

const earlier = (a: Day, b: Day): Day => (a < b ? a : b);
const later = (a: Day, b: Day): Day => (a > b ? a : b);
