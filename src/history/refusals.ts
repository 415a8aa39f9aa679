import { addDays } from '../base/days.ts';
import { cutDays } from './plan.ts';
import { lengthOf, type Stretch } from './stretch.ts';

/** A span as far as its calls have come. */
export interface TriedSpan extends Stretch {
  /** `REFUSED` where the bank serves no such days, or was taken to serve none; `PLANNED`, `SAVED`. */
  readonly status: string;
  /** The meaning of the refusal of the newest call for these days; null where none was refused. */
  readonly refusedAs: string | null;
  /** How many days that call asked for: more than the span has, if it was cut since. */
  readonly refusedDays: number | null;
}

/** What to ask next where days were refused. */
export interface NextTries<S> {
  /** Whole once more, for the first time or as the rest of something longer. */
  readonly again: readonly S[];
  /** Its newer half alone. */
  readonly halve: S | null;
}

/**
 * Looks for the oldest day that a bank serves, as one does in a dictionary: of the newest refused
 * span the newer half is asked, and the rest once that was had. What is older than a refused day is
 * not asked at all, unless the call was refused for being too long.
 *
 * @param newestFirst - all spans of one account that end with the window, or all that do not
 * @param longestDays - days that one call may cover, as far as that is known
 */
export function nextTries<S extends TriedSpan>(
  newestFirst: readonly S[],
  longestDays: number,
): NextTries<S> {
  const first = newestFirst.findIndex(({ status }) => status === 'REFUSED');
  const newer = first === -1 ? [] : newestFirst.slice(0, first);
  // Whatever is newer decides first.
  if (first === -1 || newer.some(({ status }) => status === 'PLANNED')) return NOTHING;
  const again: S[] = [];
  for (const span of newestFirst.slice(first).filter(({ status }) => status === 'REFUSED')) {
    const { refusedAs, refusedDays } = span;
    const tooLong = refusedAs === 'RANGE_REFUSED' && (refusedDays ?? 0) > longestDays;
    if (refusedDays === null || tooLong) {
      again.push(span);
      continue;
    }
    if (again.length > 0) break;
    const days = lengthOf(span);
    // The rest of a call that was too long may well be short enough; of another it is halved on.
    if (refusedDays > days && (refusedAs === 'RANGE_REFUSED' || days === 1)) again.push(span);
    else return { again, halve: days > 1 ? span : null };
    break;
  }
  return { again, halve: null };
}

const NOTHING = { again: [], halve: null } as const;

/** The newer half of some days, the larger if they are odd, and the rest. */
export function halves(days: Stretch): readonly [newer: Stretch, older: Stretch] {
  const [newer, older] = cutDays(days, Math.ceil(lengthOf(days) / 2));
  if (newer === undefined || older === undefined) throw new RangeError('one day has no halves');
  return [newer, older];
}

/**
 * The span with the oldest day that an account's bank serves, once that was found: the day before was
 * refused for itself. Null before, and where something older was had after all.
 *
 * @param newestFirst - all spans of one account
 */
export function oldestServed<S extends TriedSpan>(newestFirst: readonly S[]): S | null {
  const first = newestFirst.findIndex(({ status }) => status === 'REFUSED');
  const refused = newestFirst[first];
  const served = newestFirst[first - 1];
  if (refused === undefined || served?.status !== 'SAVED') return null;
  if (refused.refusedDays !== 1 || addDays(refused.until, 1) !== served.from) return null;
  return newestFirst.slice(first).some(({ status }) => status === 'SAVED') ? null : served;
}

/**
 * The longest call that an account's bank answered, where it refused a longer one all of whose days
 * it gave in parts; null where length was not what it refused.
 */
export function longestServed(spans: readonly TriedSpan[]): number | null {
  const saved = spans.filter(({ status }) => status === 'SAVED');
  const tooLong = saved.flatMap((span) =>
    span.refusedAs === 'RANGE_REFUSED' && (span.refusedDays ?? 0) > lengthOf(span)
      ? [span.refusedDays ?? 0]
      : [],
  );
  const longest = Math.max(...saved.map(lengthOf));
  return tooLong.length > 0 && longest < Math.min(...tooLong) ? longest : null;
}
