/** A calendar day without a time or zone, `YYYY-MM-DD`. Days compare as text. */
export type Day = string & { readonly __kind: 'Day' };

const SHAPE = /^(?!0000)(\d{4})-(\d{2})-(\d{2})$/;
const DAY_MILLISECONDS = 86_400_000;

/**
 * Reads a day that really exists.
 *
 * @throws RangeError for anything else, `2026-02-30` included
 */
export function parseDay(text: string): Day {
  const match = SHAPE.exec(text);
  const instant = match === null ? Number.NaN : Date.parse(`${text}T00:00:00Z`);
  if (Number.isNaN(instant) || new Date(instant).toISOString().slice(0, 10) !== text) {
    throw new RangeError(`not a calendar day: ${JSON.stringify(text.slice(0, 40))}`);
  }
  return text as Day;
}

/** The day that an instant falls on, in UTC. */
export function dayOf(instant: Date): Day {
  return instant.toISOString().slice(0, 10) as Day;
}

/** Midnight UTC at the start of a day. */
export function startOf(day: Day): Date {
  return new Date(`${day}T00:00:00Z`);
}

/** The day `count` days later; negative for earlier. */
export function addDays(day: Day, count: number): Day {
  return dayOf(new Date(startOf(day).getTime() + count * DAY_MILLISECONDS));
}

/** The same day of the month `count` months later, or that month's last day where it is shorter. */
export function addMonths(day: Day, count: number): Day {
  const start = startOf(day);
  const first = new Date(Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + count, 1));
  const length = new Date(
    Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0),
  ).getUTCDate();
  first.setUTCDate(Math.min(start.getUTCDate(), length));
  return dayOf(first);
}

/** How many days lie from `from` to `to`: 0 for the same day, negative when `to` is earlier. */
export function daysBetween(from: Day, to: Day): number {
  return Math.round((startOf(to).getTime() - startOf(from).getTime()) / DAY_MILLISECONDS);
}

/** The later of two days. */
export function laterDay(a: Day, b: Day): Day {
  return a > b ? a : b;
}
