/** The steps in which payments are counted. */
export type FrequencyUnit = 'DAY' | 'WORKING_DAY' | 'WEEK' | 'MONTH' | 'QUARTER' | 'UNKNOWN';

/** How often something is paid. */
export interface Frequency {
  readonly unit: FrequencyUnit;
  /** Every so many of them; null where that is not known. */
  readonly interval: number | null;
  /** Of the month, negative from its end, or of the week, Monday being 1; null where it is neither. */
  readonly day: number | null;
}

const UNKNOWN: Frequency = { unit: 'UNKNOWN', interval: null, day: null };

type Reading = readonly [RegExp, (first: number, second: number) => Frequency];

const READINGS: readonly Reading[] = [
  [/^EvryDay$/, () => ({ unit: 'DAY', interval: 1, day: null })],
  [/^EvryWorkgDay$/, () => ({ unit: 'WORKING_DAY', interval: 1, day: null })],
  [/^IntrvlDay:(\d{1,3})$/, (interval) => ({ unit: 'DAY', interval, day: null })],
  [/^IntrvlWkDay:(\d{1,2}):(\d{1,2})$/, (interval, day) => ({ unit: 'WEEK', interval, day })],
  [/^IntrvlMnthDay:(\d{1,2}):(-?\d{1,2})$/, (interval, day) => ({ unit: 'MONTH', interval, day })],
  // On a weekday of a certain week: monthly, on a date that moves.
  [/^WkInMnthDay:\d{1,2}:\d{1,2}$/, () => ({ unit: 'MONTH', interval: 1, day: null })],
  [/^QtrDay(?::.*)?$/, () => ({ unit: 'QUARTER', interval: 1, day: null })],
];

/**
 * Reads the bank's word for how often a standing order is paid: `IntrvlMnthDay:01:26` is each month on
 * the 26th. What has another shape is unknown.
 *
 * @see https://docs.truelayer.com "Standing orders"; the grammar is that of Open Banking
 */
export function readFrequency(text: string | null): Frequency {
  for (const [shape, read] of READINGS) {
    const match = shape.exec(text ?? '');
    if (match !== null) return read(Number(match[1]), Number(match[2]));
  }
  return UNKNOWN;
}
