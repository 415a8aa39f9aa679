import { GraphQLError } from 'graphql';
import { parseDay } from '../base/days.ts';
import { PAGE_DEFAULT, PAGE_MAX } from './builder.ts';

/** A Relay connection as resolvers give it. */
export interface Page<T> {
  readonly edges: { readonly cursor: string; readonly node: T }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
}

/** How many rows a page shall have. */
export function pageSize(first: number | null | undefined): number {
  const size = first ?? PAGE_DEFAULT;
  if (size >= 1 && size <= PAGE_MAX) return size;
  throw badInput(`first is ${size}: a page has 1 to ${PAGE_MAX} rows.`);
}

/** What a page asks of its cost: its rows, each as dear as its fields. */
export function pageComplexity(args: {
  first?: number | null | undefined;
  last?: number | null | undefined;
}): {
  field: number;
  multiplier: number;
} {
  return {
    field: 1,
    multiplier: Math.min(Math.max(args.first ?? args.last ?? PAGE_DEFAULT, 1), PAGE_MAX),
  };
}

/**
 * Makes a page of the rows that were read: one more than wanted where there is a next page.
 *
 * @param position - the words of a row's place in the order, for its cursor
 */
export function toPage<T>(
  rows: readonly T[],
  size: number,
  after: string | null | undefined,
  position: (row: T) => readonly string[],
): Page<T> {
  const edges = rows.slice(0, size).map((node) => ({ cursor: toCursor(position(node)), node }));
  return {
    edges,
    pageInfo: {
      hasNextPage: rows.length > size,
      hasPreviousPage: typeof after === 'string',
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}

/** Opaque text for a place in an order. */
export function toCursor(words: readonly string[]): string {
  return Buffer.from(JSON.stringify(words)).toString('base64url');
}

/**
 * The words of a cursor.
 *
 * @param checks - what each word must be
 * @throws GraphQLError `BAD_CURSOR` for text that is no cursor of this list
 */
export function fromCursor(
  cursor: string,
  checks: readonly ((word: string) => boolean)[],
): string[] {
  try {
    const words: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (
      Array.isArray(words) &&
      words.length === checks.length &&
      checks.every((check, index) => typeof words[index] === 'string' && check(words[index]))
    ) {
      return words as string[];
    }
  } catch {
    // Told below, as for any other text.
  }
  throw badInput('after is no cursor of this list.', 'BAD_CURSOR');
}

/** The error for an argument that cannot be meant. */
export function badInput(message: string, code = 'BAD_INPUT'): GraphQLError {
  return new GraphQLError(message, { extensions: { code } });
}

/** No row has this id. */
export const NIL_UUID = '00000000-0000-0000-0000-000000000000';
export const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Whether a word of a cursor is a day. */
export function isDay(word: string): boolean {
  try {
    return parseDay(word) === word;
  } catch {
    return false;
  }
}

/** Whether a word of a cursor is one of our ids. */
export function isUuid(word: string): boolean {
  return UUID.test(word);
}

/** Whether a word of a cursor can be a name: Postgres has no text with a NUL. */
export function isName(word: string): boolean {
  return !word.includes('\0');
}
