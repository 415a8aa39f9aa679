import { TestClock } from 'pg-boss';
import { describe, expect, test } from 'vitest';
import { DAY, HOUR, MINUTE } from '../../src/base/clock.ts';
import { makeMovableClock } from '../../src/simulator/control/movable-clock.ts';

const START = Date.parse('2026-03-01T09:00:00Z');

describe('a clock that can be moved', () => {
  const open = () => {
    const base = new TestClock(new Date(START));
    return { base, clock: makeMovableClock(base) };
  };

  test('shows what its base shows, on top of where it was moved', async () => {
    const { base, clock } = open();
    await base.tick(MINUTE);
    expect(clock.now()).toBe(START + MINUTE);
    clock.moveTo(new Date(START + DAY));
    await base.tick(MINUTE);
    expect(clock.now()).toBe(START + DAY + MINUTE);
    clock.moveTo(new Date(START - DAY));
    expect(clock.now()).toBe(START - DAY);
  });

  test('stands still, can be moved meanwhile, and goes on from there', async () => {
    const { base, clock } = open();
    clock.setRunning(false);
    expect(clock.runs).toBe(false);
    await base.tick(HOUR);
    expect(clock.now()).toBe(START);
    clock.moveTo(new Date(START + DAY));
    await base.tick(HOUR);
    expect(clock.now()).toBe(START + DAY);
    clock.setRunning(true);
    await base.tick(MINUTE);
    expect(clock.now()).toBe(START + DAY + MINUTE);
  });

  test('fires timers by its own time', async () => {
    const { base, clock } = open();
    const fired: string[] = [];
    clock.setTimeout(() => fired.push('soon'), MINUTE);
    clock.setTimeout(() => fired.push('late'), DAY);
    clock.clearTimeout(clock.setTimeout(() => fired.push('never'), MINUTE));
    clock.setRunning(false);
    await base.tick(HOUR);
    expect(fired).toEqual([]);
    clock.setRunning(true);
    await base.tick(MINUTE - 1);
    expect(fired).toEqual([]);
    await base.tick(1);
    expect(fired).toEqual(['soon']);
    clock.moveTo(new Date(START + DAY));
    expect(fired).toEqual(['soon', 'late']);
    await base.tick(2 * DAY);
    expect(fired).toEqual(['soon', 'late']);
  });

  test('waits on where its base fires early, as timers of Node do', () => {
    let now = START;
    const armed: { readonly fn: () => void; readonly ms: number }[] = [];
    const clock = makeMovableClock({
      now: () => now,
      setTimeout: (fn, ms) => armed.push({ fn, ms }),
      clearTimeout: () => {},
      setInterval: () => 0,
      clearInterval: () => {},
    });
    let fired = 0;
    clock.setTimeout(() => (fired += 1), MINUTE);
    now += MINUTE - 1;
    armed[0]?.fn();
    expect(fired).toBe(0);
    expect(armed[1]?.ms).toBe(1);
    now += 1;
    armed[1]?.fn();
    expect(fired).toBe(1);
  });

  test.each(['1969-12-31T23:59:59Z', '9999-01-01T00:00:00Z', 'no date'])(
    'is not moved to %s',
    (text) => {
      const { clock } = open();
      expect(() => clock.moveTo(new Date(text))).toThrow(RangeError);
      expect(clock.now()).toBe(START);
    },
  );
});
