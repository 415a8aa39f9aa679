import type { Clock } from 'pg-boss';

/**
 * The one source of time. It is the queue's own interface, so that a single test clock drives
 * house, queue and simulator together.
 */
export type { Clock } from 'pg-boss';

/** Real time, from the operating system. */
export const systemClock: Clock = {
  now: () => Date.now(),
  setTimeout: (fn, ms) => setTimeout(fn, ms),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
  setInterval: (fn, ms) => setInterval(fn, ms),
  clearInterval: (timer) => clearInterval(timer as NodeJS.Timeout),
};

/** The present instant of a clock as a `Date`. */
export function nowOf(clock: Clock): Date {
  return new Date(clock.now());
}

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** The instant `milliseconds` after another; negative for before. */
export function later(instant: Date, milliseconds: number): Date {
  return new Date(instant.getTime() + milliseconds);
}
