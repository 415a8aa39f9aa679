import { DAY, HOUR, MINUTE, SECOND } from './clock.ts';

/** A time zone by its name in IANA's list: `Europe/London`. */
export type Zone = string & { readonly __kind: 'Zone' };

// Offsets such as +01:00 would pass too, yet they know nothing of summer.
const SHAPE = /^[A-Za-z][\w+-]*(\/[A-Za-z0-9][\w+-]*){0,2}$/;
const LENGTH_MAX = 64;

/** Reads the name of a time zone that exists; null for anything else. */
export function parseZone(text: string): Zone | null {
  if (text.length > LENGTH_MAX || !SHAPE.test(text)) return null;
  try {
    partsOf(text as Zone);
    return text as Zone;
  } catch {
    return null;
  }
}

/** What a clock on the wall shows in a zone. */
export interface WallTime {
  /** Milliseconds since its midnight, as the clock shows them. */
  readonly ofDay: number;
  /** What would be that instant if the zone were UTC: its days are 24 hours each. */
  readonly shown: number;
}

/** What the clock on the wall shows at an instant. */
export function wallTime(instant: Date, zone: Zone): WallTime {
  const parts = partsOf(zone).formatToParts(instant);
  const numberOf = (type: Intl.DateTimeFormatPartTypes) =>
    Number(parts.find((part) => part.type === type)?.value);
  const seconds = Date.UTC(
    numberOf('year'),
    numberOf('month') - 1,
    numberOf('day'),
    numberOf('hour'),
    numberOf('minute'),
    numberOf('second'),
  );
  const milliseconds = ((instant.getTime() % SECOND) + SECOND) % SECOND;
  const shown = seconds + milliseconds;
  return { shown, ofDay: ((shown % DAY) + DAY) % DAY };
}

/**
 * The instant at which the clock on the wall shows something. Where it shows that twice, the first;
 * where it leaps over it, null.
 *
 * @param shown - as in `WallTime`
 */
export function instantOf(shown: number, zone: Zone): Date | null {
  // The offset is one of those that hold a day before and a day after: none changes twice so soon.
  const offsets = [-DAY, DAY].map((distance) => {
    const near = new Date(shown + distance);
    return wallTime(near, zone).shown - near.getTime();
  });
  const found = [...new Set(offsets)]
    .map((offset) => new Date(shown - offset))
    .filter((instant) => wallTime(instant, zone).shown === shown);
  return found.toSorted((a, b) => a.getTime() - b.getTime())[0] ?? null;
}

/** From when to when on the wall, both inclusive. */
export interface WallHours {
  readonly from: number;
  readonly until: number;
}

/** Whether the clock on the wall shows one of these hours. */
export function isWithin(instant: Date, hours: WallHours, zone: Zone): boolean {
  const { ofDay } = wallTime(instant, zone);
  return ofDay >= hours.from * HOUR && ofDay <= hours.until * HOUR;
}

// A zone may leap over a whole day, as Samoa did in December 2011.
const LOOKS_MAX = 3;

/** The last instant of these hours that is not after another: that itself where it is within. */
export function lastWithin(limit: Date, hours: WallHours, zone: Zone): Date {
  if (isWithin(limit, hours, zone)) return limit;
  const { shown, ofDay } = wallTime(limit, zone);
  const today = shown - ofDay;
  for (let look = ofDay < hours.from * HOUR ? 1 : 0; look <= LOOKS_MAX; look += 1) {
    const instant = instantOf(today - look * DAY + hours.until * HOUR, zone);
    if (instant !== null && instant <= limit) return instant;
  }
  throw new Error(`there are no such hours in ${zone} before ${limit.toISOString()}`);
}

/** The first instant of these hours that is not before another: that itself where it is within. */
export function firstWithin(limit: Date, hours: WallHours, zone: Zone): Date {
  if (isWithin(limit, hours, zone)) return limit;
  const { shown, ofDay } = wallTime(limit, zone);
  const today = shown - ofDay;
  for (let look = ofDay < hours.from * HOUR ? 0 : 1; look <= LOOKS_MAX; look += 1) {
    const instant = instantOf(today + look * DAY + hours.from * HOUR, zone);
    if (instant !== null && instant >= limit) return instant;
  }
  throw new Error(`there are no such hours in ${zone} after ${limit.toISOString()}`);
}

/** An instant in words, as people of a zone say it: `Sunday 31 May 2026 at 10:00`. */
export function instantInWords(instant: Date, zone: Zone): string {
  const { shown, ofDay } = wallTime(instant, zone);
  const day = DAY_WORDS.formatToParts(new Date(shown));
  const word = (type: Intl.DateTimeFormatPartTypes) =>
    day.find((part) => part.type === type)?.value ?? '';
  const two = (number: number) => String(Math.floor(number)).padStart(2, '0');
  const time = `${two(ofDay / HOUR)}:${two((ofDay % HOUR) / MINUTE)}`;
  return `${word('weekday')} ${word('day')} ${word('month')} ${word('year')} at ${time}`;
}

const DAY_WORDS = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeZone: 'UTC' });

/** One for each zone asked for, of which the world has some hundreds: making one is slow. */
const formats = new Map<Zone, Intl.DateTimeFormat>();

function partsOf(zone: Zone): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  if (formats.size >= FORMATS_MAX) formats.clear();
  formats.set(zone, format);
  return format;
}

// The names are taken in any case, so there may be more of them than zones.
const FORMATS_MAX = 1_000;
