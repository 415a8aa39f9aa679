import type { Clock } from '../../base/clock.ts';

/** Time that can be moved by hand, on top of another clock. */
export interface MovableClock extends Clock {
  readonly runs: boolean;
  /**
   * Jumps to an instant, forwards or backwards. What is due then happens at once.
   *
   * @throws RangeError before 1970, from the year 9999 on, and for a date that is none
   */
  moveTo(at: Date): void;
  /** Stops time, or lets it go on from where it stands. */
  setRunning(runs: boolean): void;
}

interface Timer {
  readonly fn: () => void;
  readonly at: number;
  handle: unknown;
}

// Further on, dates end that follow from the time: those of consents, of tokens, of rows.
const LAST = Date.UTC(9999, 0);

/** The longest wait of a timer: beyond it those of Node fire at once. */
const WAIT_MAX = 2 ** 31 - 1;

/** A clock that shows what `base` shows until it is moved. */
export function makeMovableClock(base: Clock): MovableClock {
  let offset = 0;
  let stoppedAt: number | undefined;
  const timers = new Set<Timer>();
  const now = () => stoppedAt ?? base.now() + offset;

  function arm(timer: Timer): void {
    const wait = Math.min(Math.max(0, timer.at - now()), WAIT_MAX);
    timer.handle = base.setTimeout(() => fireIfDue(timer), wait);
  }
  function fireIfDue(timer: Timer): void {
    if (!timers.has(timer)) return;
    if (now() < timer.at) {
      // Timers of Node may fire a millisecond before the wall clock gets there.
      if (stoppedAt === undefined) arm(timer);
      return;
    }
    timers.delete(timer);
    base.clearTimeout(timer.handle);
    timer.fn();
  }
  /** Other times have come: each timer either fires or waits anew. */
  function rearm(): void {
    // A copy: firing takes timers away, and may add some.
    for (const timer of Array.from(timers)) {
      base.clearTimeout(timer.handle);
      if (now() >= timer.at) fireIfDue(timer);
      else if (stoppedAt === undefined) arm(timer);
    }
  }

  return {
    now,
    get runs() {
      return stoppedAt === undefined;
    },
    moveTo(at) {
      if (!(at.getTime() >= 0 && at.getTime() < LAST)) {
        throw new RangeError('the clock goes from 1970 to the end of 9998');
      }
      if (stoppedAt === undefined) offset = at.getTime() - base.now();
      else stoppedAt = at.getTime();
      rearm();
    },
    setRunning(runs) {
      if (runs === (stoppedAt === undefined)) return;
      if (runs) offset = now() - base.now();
      stoppedAt = runs ? undefined : now();
      rearm();
    },
    setTimeout(fn, ms) {
      const timer: Timer = { fn, at: now() + ms, handle: undefined };
      timers.add(timer);
      arm(timer);
      return timer;
    },
    clearTimeout(timer) {
      timers.delete(timer as Timer);
      base.clearTimeout((timer as Timer).handle);
    },
    setInterval: (fn, ms) => base.setInterval(fn, ms),
    clearInterval: (handle) => base.clearInterval(handle),
  };
}
