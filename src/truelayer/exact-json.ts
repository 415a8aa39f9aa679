/** What JSON can hold, with every number as the text that it was written in: `12.340`, `1E21`. */
export type ExactJson = string | boolean | null | readonly ExactJson[] | ExactObject;

/** A JSON object under the same rule. */
export interface ExactObject {
  readonly [key: string]: ExactJson;
}

/** No answer of the bank's nests deeper than six; more is an attack on whoever walks it later. */
const DEPTH_MAX = 64;

type SourceReviver = (key: string, value: unknown, context: { source?: string }) => unknown;

// TypeScript's library does not know the reviver's third argument yet.
const parseWithSource = JSON.parse as (text: string, reviver: SourceReviver) => ExactJson;

/**
 * Reads JSON and keeps numbers as text, so that money never passes through a binary float. Text is
 * made fit to store: Postgres refuses NUL and halves of surrogate pairs, and one such character in
 * a description must not cost the whole page. A `__proto__` key is left out.
 *
 * @throws SyntaxError if it is no JSON
 * @throws RangeError if it nests deeper than 64
 */
export function parseExactJson(text: string): ExactJson {
  limitDepth(text);
  return parseWithSource(text, (key, value, context) => {
    if (key === '__proto__') return undefined;
    if (typeof value === 'number') return context.source ?? String(value);
    return typeof value === 'string' ? storableText(value) : value;
  });
}

/** True for an object, false for a list, text, a truth value or null. */
export function isExactObject(value: ExactJson | undefined): value is ExactObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The text without what Postgres cannot hold: lone surrogates and NUL. */
function storableText(text: string): string {
  const whole = text.isWellFormed() && !text.includes('\0');
  return whole ? text : text.toWellFormed().replaceAll('\0', '');
}

/** Counts brackets outside of strings before parsing: the parser itself would recurse as deep. */
function limitDepth(text: string): void {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) at = endOfString(text, at);
    else if (unit === OPEN_LIST || unit === OPEN_OBJECT) {
      depth += 1;
      if (depth > DEPTH_MAX) throw new RangeError('JSON nests too deeply');
    } else if (unit === CLOSE_LIST || unit === CLOSE_OBJECT) depth -= 1;
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** The place of the closing quote, or the end of the text where there is none. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text.charCodeAt(at) !== QUOTE) {
    at += text.charCodeAt(at) === BACKSLASH ? 2 : 1;
  }
  return at;
}
