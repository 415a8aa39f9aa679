import type { z } from 'zod';
import { UnreadableAnswer } from './errors.ts';
import { isExactObject, type ExactJson } from './exact-json.ts';

/** A list as served, with the records that made no sense counted and left out. */
export interface Listing<T> {
  readonly items: readonly T[];
  /** How many records could not be understood. */
  readonly refused: number;
  /** The fields that were at fault, at most five, without any value: `amount`, `account_id`. */
  readonly refusedReasons: readonly string[];
  /** The first of those records, at most a hundred. */
  readonly refusals: readonly Refusal[];
}

/** A record that could not be understood, and what it was first refused for. */
export interface Refusal {
  readonly record: ExactJson;
  readonly field: string;
  /** What is there in place of the field. */
  readonly reason: 'MISSING' | 'NULL' | 'WRONG_TYPE' | 'NOT_UNDERSTOOD';
}

const REASONS_MAX = 5;
const REFUSALS_MAX = 100;

/**
 * Reads each record by itself, so that a bad one is counted and the others are kept.
 *
 * @throws UnreadableAnswer if `records` is no list at all
 */
export function listingOf<T>(records: ExactJson | undefined, shape: z.ZodType<T>): Listing<T> {
  if (!Array.isArray(records)) throw new UnreadableAnswer('MALFORMED');
  const items: T[] = [];
  const reasons = new Set<string>();
  const refusals: Refusal[] = [];
  for (const record of records as readonly ExactJson[]) {
    const read = shape.safeParse(record);
    if (read.success) items.push(read.data);
    else {
      for (const issue of read.error.issues) reasons.add(fieldOf(issue.path));
      if (refusals.length < REFUSALS_MAX) {
        refusals.push(refusalOf(record, read.error.issues[0]?.path ?? []));
      }
    }
  }
  return {
    items,
    refused: records.length - items.length,
    refusedReasons: [...reasons].slice(0, REASONS_MAX),
    refusals,
  };
}

function refusalOf(record: ExactJson, path: readonly PropertyKey[]): Refusal {
  let value: ExactJson | undefined = record;
  for (const key of path) value = isExactObject(value) ? value[String(key)] : undefined;
  return { record, field: fieldOf(path), reason: reasonOf(value) };
}

function reasonOf(value: ExactJson | undefined): Refusal['reason'] {
  if (value === undefined) return 'MISSING';
  if (value === null) return 'NULL';
  // Numbers are texts here; whatever must be there is a text.
  return typeof value === 'string' ? 'NOT_UNDERSTOOD' : 'WRONG_TYPE';
}

/**
 * Reads the list out of the Data API's envelope `{results, status}`. An empty list is believed
 * only where status is absent or Succeeded and no error stands beside it.
 *
 * @throws UnreadableAnswer otherwise
 */
export function resultsOf<T>(body: ExactJson, shape: z.ZodType<T>): Listing<T> {
  if (!isExactObject(body)) throw new UnreadableAnswer('MALFORMED');
  const status = body['status'] ?? null;
  const succeeded =
    status === null || (typeof status === 'string' && status.toLowerCase() === 'succeeded');
  if (!succeeded || (body['error'] ?? null) !== null) throw new UnreadableAnswer('NOT_SUCCEEDED');
  return listingOf(body['results'], shape);
}

/**
 * Reads the one record of an envelope, null for an empty list: endpoints for one thing answer with
 * a list too.
 *
 * @throws UnreadableAnswer if a record is there and makes no sense
 */
export function resultOrNull<T>(body: ExactJson, shape: z.ZodType<T>): T | null {
  const { items, refused } = resultsOf(body, shape);
  if (items.length === 0 && refused > 0) throw new UnreadableAnswer('MALFORMED');
  return items[0] ?? null;
}

/**
 * Reads the one record of an envelope that must be there.
 *
 * @throws UnreadableAnswer if there is none, or it makes no sense
 */
export function resultOf<T>(body: ExactJson, shape: z.ZodType<T>): T {
  const item = resultOrNull(body, shape);
  if (item === null) throw new UnreadableAnswer('EMPTY');
  return item;
}

function fieldOf(path: readonly PropertyKey[]): string {
  return path.length === 0 ? '(record)' : path.map(String).join('.');
}
