import { DAY, HOUR, MINUTE } from '../../src/base/clock.ts';

const QUARTER = 15 * MINUTE;

/**
 * When each alert before an end is due, told anew and in another way than the house does, by looking
 * at the clock on the wall: the last moment between nine and seven, the user's time, that is so many
 * whole days before the end; the last of all an hour before it.
 */
export function expectedSteps(
  consentedAt: Date,
  endsAt: Date,
  daysBefore: readonly number[],
  zone: string,
): ReadonlyMap<number, Date> {
  const steps = new Map<number, Date>();
  for (const days of daysBefore) {
    const latest = endsAt.getTime() - (days === 0 ? HOUR : days * DAY);
    const at = lastCivil(latest, zone);
    if (at >= consentedAt.getTime()) steps.set(days, new Date(at));
  }
  return steps;
}

/** The first moment from then on at which people may be spoken to. */
export function nextCivil(instant: Date, zone: string): Date {
  let at = instant.getTime();
  while (!isWithin(at, zone, 20)) at = Math.floor(at / QUARTER) * QUARTER + QUARTER;
  return new Date(at);
}

function lastCivil(latest: number, zone: string): number {
  let at = latest;
  while (!isWithin(at, zone, 19)) {
    const boundary = Math.floor(at / QUARTER) * QUARTER;
    at = boundary === at ? at - QUARTER : boundary;
  }
  return at;
}

/** Whether the wall shows nine or later, and not more than an hour on the dot. */
function isWithin(at: number, zone: string, until: number): boolean {
  const { hour, minute, second } = wall(at, zone);
  const seconds = (hour * 60 + minute) * 60 + second + (at % 1_000) / 1_000;
  return seconds >= 9 * 3_600 && seconds <= until * 3_600;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function wall(at: number, zone: string) {
  const format =
    formats.get(zone) ??
    new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      hourCycle: 'h23',
    });
  formats.set(zone, format);
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const part = (name: 'hour' | 'minute' | 'second') => parts.get(name) ?? 0;
  return { hour: part('hour'), minute: part('minute'), second: part('second') };
}
