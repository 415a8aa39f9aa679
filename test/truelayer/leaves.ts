import { isDeepStrictEqual } from 'node:util';

/** What JSON can hold, as the platform's own parser gives it. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/**
 * What becomes of a field: `kept` where it arrives in what is read; `decides` where another value
 * has the answer refused; `none` where the value says the same as its absence, though another would
 * arrive; `dropped` where its value changes nothing.
 */
export type Fate = 'kept' | 'decides' | 'none' | 'dropped';

/** A single value within a document, and the fate that it was seen to have. */
export interface Leaf {
  /** `results[].meta.location`: the places within lists are left out. */
  readonly path: string;
  readonly fate: Fate;
}

/** Reads a document with each value changed, then taken away, and sees what that does. */
export function leavesOf(document: Json, read: (document: Json) => unknown): Leaf[] {
  const whole = outcomeOf(document, read);
  return placesOf(document).map((place) => {
    const changed = outcomeOf(edited(document, place, anotherValue), read);
    const taken = outcomeOf(edited(document, place, undefined), read);
    return {
      path: place.reduce<string>(
        (path, step) => path + (typeof step === 'number' ? '[]' : `${path && '.'}${step}`),
        '',
      ),
      fate: fateOf(whole, changed, taken),
    };
  });
}

function fateOf(whole: Outcome, changed: Outcome, taken: Outcome): Fate {
  if (changed === REFUSED) return 'decides';
  const heeded = !isDeepStrictEqual(changed, whole);
  const missed = !isDeepStrictEqual(taken, whole);
  if (!heeded) return 'dropped';
  return missed ? 'kept' : 'none';
}

type Place = readonly (string | number)[];
type Outcome = { readonly read: unknown } | typeof REFUSED;
const REFUSED = Symbol('refused');

function outcomeOf(document: Json, read: (document: Json) => unknown): Outcome {
  try {
    return { read: read(document) };
  } catch {
    return REFUSED;
  }
}

function placesOf(value: Json, at: Place = []): Place[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => placesOf(item, [...at, index]));
  if (typeof value !== 'object' || value === null) return [at];
  return Object.entries(value).flatMap(([key, item]) => placesOf(item, [...at, key]));
}

/** A copy with one value replaced, or taken away together with its key. */
function edited(document: Json, place: Place, replace: ((value: Json) => Json) | undefined): Json {
  const copy = structuredClone(document);
  const holder = place.slice(0, -1).reduce<Json>((value, step) => childrenOf(value)[step]!, copy);
  const last = place.at(-1)!;
  const children = childrenOf(holder);
  if (replace !== undefined) children[last] = replace(children[last]!);
  else if (Array.isArray(holder)) holder.splice(Number(last), 1);
  else delete children[last];
  return copy;
}

function childrenOf(value: Json): Record<string | number, Json> {
  return value as Record<string, Json>;
}

/** Another value that makes as much sense as the one given. */
function anotherValue(value: Json): Json {
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'number') return value - 1;
  if (typeof value !== 'string') return 'x';
  if (/^\d{4}-\d{2}/.test(value)) return `2001${value.slice(4)}`;
  return /^[A-Z]{3}$/.test(value) ? 'XTS' : `${value}x`;
}
