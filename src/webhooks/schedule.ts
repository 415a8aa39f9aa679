import { HOUR, later, MINUTE, SECOND } from '../base/clock.ts';
import { fractionOf } from '../base/entropy.ts';

/**
 * When an event is sent, counted from the first attempt: ten times in a day, as Standard Webhooks
 * recommends.
 */
const ATTEMPTS_AT = [
  0,
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
];
/** The most by which a wait is lengthened, so that what failed together does not come back together. */
const JITTER = 0.1;

/** How long an endpoint may do nothing but fail before it is disabled. */
export const FAILING_DAYS_MAX = 5;

/**
 * When a delivery that failed is tried again.
 *
 * @param attempts - how often it was tried by now, from 1
 * @returns null where it was tried often enough
 */
export function nextAttempt(deliveryId: string, attempts: number, now: Date): Date | null {
  const [before, next] = [ATTEMPTS_AT[attempts - 1], ATTEMPTS_AT[attempts]];
  if (before === undefined || next === undefined) return null;
  const longer = 1 + JITTER * fractionOf('webhook', deliveryId, String(attempts));
  return later(now, Math.ceil((next - before) * longer));
}
