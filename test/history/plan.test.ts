import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { later, MINUTE, SECOND } from '../../src/base/clock.ts';
import { addDays, addMonths, type Day, dayOf, daysBetween, startOf } from '../../src/base/days.ts';
import {
  cutDays,
  mayBegin,
  type PlannedSpan,
  planSpans,
  type PlanRequest,
} from '../../src/history/plan.ts';
import {
  halves,
  longestServed,
  nextTries,
  oldestServed,
  type TriedSpan,
} from '../../src/history/refusals.ts';
import { lengthOf, type Stretch } from '../../src/history/stretch.ts';

const usual: PlanRequest = {
  limits: { windowMinutes: 5, reachMonths: 72, reachDays: null, laterDays: 90, longestDays: 182 },
  consentedAt: new Date('2026-03-02T09:00:00Z'),
  now: new Date('2026-03-02T09:00:01Z'),
  covered: [],
  gaps: [],
  quick: false,
};

const anyLimits = fc.record({
  windowMinutes: fc.integer({ min: 1, max: 45 }),
  reachMonths: fc.integer({ min: 1, max: 72 }),
  reachDays: fc.option(fc.integer({ min: 1, max: 2_300 })),
  laterDays: fc.integer({ min: 1, max: 400 }),
  longestDays: fc.integer({ min: 1, max: 400 }),
});
const anyRequest: fc.Arbitrary<PlanRequest> = fc
  .record({
    limits: anyLimits,
    consentedAt: fc.integer({ min: 0, max: 20_000 * 1440 }).map((minutes) => atMinute(minutes)),
    waited: fc.integer({ min: 0, max: 60 }),
    covered: fc.array(anyStretch(), { maxLength: 6 }),
    gaps: fc.array(anyStretch(), { maxLength: 3 }),
    quick: fc.boolean(),
  })
  .map(({ consentedAt, waited, covered, gaps, ...request }) => {
    const backFrom = (stretch: { age: number; length: number }): Stretch => ({
      from: addDays(dayOf(consentedAt), -stretch.age - stretch.length),
      until: addDays(dayOf(consentedAt), -stretch.age),
    });
    return {
      ...request,
      consentedAt,
      now: later(consentedAt, waited * MINUTE),
      covered: covered.map(backFrom),
      gaps: gaps.map(backFrom),
    };
  });

function anyStretch() {
  return fc.record({
    age: fc.integer({ min: 0, max: 2_500 }),
    length: fc.integer({ min: 0, max: 800 }),
  });
}

function atMinute(minutes: number): Date {
  return later(startOf('1990-01-01' as Day), minutes * MINUTE);
}

const daysOf = ({ from, until }: Stretch): Day[] =>
  Array.from({ length: daysBetween(from, until) + 1 }, (_, index) => addDays(from, index));

function always(property: (request: PlanRequest, spans: readonly PlannedSpan[]) => void): void {
  fc.assert(
    fc.property(anyRequest, (request) => property(request, planSpans(request))),
    { seed: 6, numRuns: 80 },
  );
}

describe('a plan', () => {
  it('for six years begins with the last month and goes from new to old', () => {
    const spans = planSpans(usual);
    expect(spans.slice(0, 3)).toEqual([
      { from: '2026-02-01', until: '2026-03-02', windowOnly: false, closed: null },
      { from: '2025-06-04', until: '2025-12-02', windowOnly: true, closed: null },
      { from: '2024-12-04', until: '2025-06-03', windowOnly: true, closed: null },
    ]);
    expect(spans.at(-1)).toMatchObject({ from: '2025-12-03', until: '2026-01-31' });
    expect(spans.at(-2)?.from).toBe('2020-03-02');
  });

  it('covers exactly the days that are wanted and not here, without overlap', () => {
    always((request, spans) => {
      const { limits, consentedAt, covered, gaps, quick } = request;
      const today = dayOf(consentedAt);
      const all = { from: addMonths(today, -limits.reachMonths), until: today };
      const here = new Set(covered.flatMap(daysOf));
      const lacking = new Set([all, ...gaps].flatMap(daysOf).filter((day) => !here.has(day)));
      const days = spans.flatMap(daysOf);
      expect(new Set(days).size).toBe(days.length);
      const [first] = spans;
      if (quick && first !== undefined) {
        expect(first.until).toBe(today);
        // The quick call is made though its days may be here.
        const recent = daysOf({ from: addDays(today, -30), until: today });
        const older = (day: Day) => !recent.includes(day);
        expect(new Set(days.filter(older))).toEqual(new Set([...lacking].filter(older)));
      } else {
        expect(new Set(days)).toEqual(lacking);
      }
    });
  });

  it('asks for no more than the longest call, and for nothing out of reach or too late', () => {
    always(({ limits, consentedAt, now }, spans) => {
      const today = dayOf(consentedAt);
      const late = now >= later(consentedAt, limits.windowMinutes * MINUTE);
      for (const span of spans) {
        if (span.closed !== 'OUT_OF_REACH') {
          expect(lengthOf(span)).toBeLessThanOrEqual(limits.longestDays);
        }
        const age = daysBetween(span.from, today);
        const outOfReach = limits.reachDays !== null && age > limits.reachDays;
        expect(span.closed === 'OUT_OF_REACH').toBe(outOfReach);
        if (!outOfReach) expect(span.closed).toBe(span.windowOnly && late ? 'WINDOW_CLOSED' : null);
      }
    });
  });

  it('puts what the window takes away before what can wait, newest first, after the quick call', () => {
    always(({ limits, consentedAt }, spans) => {
      const today = dayOf(consentedAt);
      const asked = spans.filter(({ closed }) => closed !== 'OUT_OF_REACH');
      const isQuick = ({ from, windowOnly }: PlannedSpan) =>
        !windowOnly && daysBetween(from, today) < Math.min(30, limits.longestDays);
      const rank = (span: PlannedSpan) => (isQuick(span) ? 0 : span.windowOnly ? 1 : 2);
      const ranks = asked.map(rank);
      expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
      for (const one of [0, 1, 2]) {
        const untils = asked.filter((span) => rank(span) === one).map(({ until }) => until);
        expect(untils).toEqual(untils.toSorted().toReversed());
      }
      for (const { from, windowOnly } of asked) {
        const wanted = addMonths(today, -limits.reachMonths);
        if (from >= wanted) expect(windowOnly).toBe(daysBetween(from, today) >= limits.laterDays);
      }
    });
  });

  it('begins no call that cannot end before the deadline', () => {
    const pace = fc.record({
      milliseconds: fc.integer({ min: 0, max: 60 * SECOND }),
      atOnce: fc.integer({ min: 1, max: 8 }),
    });
    fc.assert(
      fc.property(anyLimits, pace, (limits, { milliseconds, atOnce }) => {
        const request = { ...usual, limits };
        const deadline = later(usual.consentedAt, limits.windowMinutes * MINUTE);
        const spans = planSpans(request).filter((span) => span.windowOnly && span.closed === null);
        const ends = spans.flatMap((_, index) => {
          const began = later(request.now, Math.floor(index / atOnce) * milliseconds);
          return mayBegin(deadline, began, milliseconds) ? [later(began, milliseconds)] : [];
        });
        const last = ends.at(-1) ?? request.now;
        expect(last <= deadline).toBe(true);
        // And none is left out for which there was time.
        const next = later(request.now, Math.floor(ends.length / atOnce) * milliseconds);
        if (ends.length < spans.length) {
          expect(later(next, Math.max(milliseconds, 1)) > deadline).toBe(true);
        }
      }),
      { seed: 7, numRuns: 100 },
    );
    expect(mayBegin(null, usual.now, MINUTE)).toBe(true);
    expect(mayBegin(usual.now, usual.now, 0)).toBe(false);
  });

  it.each([{ reachMonths: 0 }, { reachMonths: 73 }, { laterDays: Number.NaN }, { longestDays: 0 }])(
    'within %j is refused',
    (wrong) => {
      const limits = { ...usual.limits, ...wrong };
      expect(() => planSpans({ ...usual, limits })).toThrow(RangeError);
    },
  );
});

const RANGE = 'RANGE_REFUSED';

/** Asks a bank that serves so many days, by calls of so many, until nothing is left to ask. */
function askAll(reach: number, longest: number, odd: ReadonlySet<number>, refusedAs = RANGE) {
  const today = dayOf(usual.consentedAt);
  const fresh = { status: 'PLANNED', refusedAs: null, refusedDays: null };
  const planned = planSpans(usual).filter(({ windowOnly }) => windowOnly);
  const dayAfter = addDays(planned[0]?.until ?? today, 1);
  let spans: TriedSpan[] = [
    { ...fresh, from: dayAfter, until: dayAfter, status: 'SAVED' },
    ...planned.map(({ from, until }) => ({ ...fresh, from, until })),
  ];
  const replace = (old: TriedSpan, ...parts: TriedSpan[]) =>
    (spans = spans.flatMap((span) => (span === old ? parts : [span])));
  let calls = 0;
  let refused = 0;
  for (let step = 0; step < 1_000; step += 1) {
    const known = longestServed(spans) ?? 182;
    const span = spans.find(({ status }) => status === 'PLANNED');
    if (span === undefined) {
      const { again, halve } = nextTries(spans, known);
      if (again.length === 0 && halve === null) return { spans, refused };
      for (const one of again) replace(one, { ...one, status: 'PLANNED' });
      if (halve === null) continue;
      const [newer, older] = halves(halve);
      replace(halve, { ...fresh, ...newer }, { ...halve, ...older });
      continue;
    }
    const days = lengthOf(span);
    const newer = spans.slice(0, spans.indexOf(span));
    if (newer.some(({ status }) => status === 'REFUSED')) {
      replace(span, { ...span, status: 'REFUSED' });
    } else if (days > known) {
      replace(span, ...cutDays(span, known).map((part) => ({ ...fresh, ...part })));
    } else {
      calls += 1;
      const tooMuch = days > longest || daysBetween(span.from, today) > reach || odd.has(calls);
      refused += tooMuch ? 1 : 0;
      const refusal = { status: 'REFUSED', refusedAs, refusedDays: days };
      replace(span, { ...span, ...(tooMuch ? refusal : { status: 'SAVED' }) });
    }
  }
  throw new Error('it never ends');
}

describe('what is asked after refusals', () => {
  const today = dayOf(usual.consentedAt);
  const anyMeaning = fc.constantFrom(RANGE, 'SCA_EXCEEDED');
  const oddCalls = fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 2 });
  const oldestSaved = (spans: readonly TriedSpan[]) =>
    spans.findLast(({ status }) => status === 'SAVED')?.from;

  it('ends at the very day that the bank serves, in few calls, and names it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 90, max: 2_190 }), anyMeaning, (reach, meaning) => {
        const { spans, refused } = askAll(reach, 182, new Set(), meaning);
        expect(oldestSaved(spans)).toBe(addDays(today, -reach));
        expect(oldestServed(spans)?.from).toBe(addDays(today, -reach));
        expect(refused).toBeLessThanOrEqual(10);
      }),
      { seed: 8, numRuns: 60 },
    );
  });

  it('has everything where calls were too long, and knows how long they may be', () => {
    fc.assert(
      fc.property(fc.integer({ min: 14, max: 181 }), (longest) => {
        const { spans } = askAll(3_000, longest, new Set());
        expect(spans.filter(({ status }) => status !== 'SAVED')).toEqual([]);
        const learnt = longestServed(spans) ?? 0;
        expect(learnt).toBeLessThanOrEqual(longest);
        expect(learnt * 2).toBeGreaterThan(longest);
      }),
      { seed: 9, numRuns: 30 },
    );
  });

  it('has everything where single refusals were odd, and learns no reach from them', () => {
    fc.assert(
      fc.property(oddCalls, anyMeaning, (odd, meaning) => {
        const { spans } = askAll(
          3_000,
          182,
          new Set(meaning === RANGE ? odd : odd.slice(1)),
          meaning,
        );
        expect(spans.filter(({ status }) => status !== 'SAVED')).toEqual([]);
        expect(oldestServed(spans)).toBeNull();
      }),
      { seed: 10, numRuns: 60 },
    );
  });
});
