import { z } from 'zod';
import { parseDay, type Day } from '../base/days.ts';
import { parseDecimal, type Decimal } from '../base/money.ts';
import type { ExactJson } from './exact-json.ts';

// The pieces that records are made of. A piece ending in `OrNull` takes absence, emptiness and
// nonsense alike for null, because banks leave out and mangle whatever is optional; the others
// refuse the record.

/** Ids go into indexes, which hold no long keys. */
const ID_LENGTH_MAX = 512;

/** An id, exactly as given; one of bare dots would climb out of the path that it is put into. */
export const id = z
  .string()
  .max(ID_LENGTH_MAX)
  .regex(/\S/)
  .refine((text) => !/^\.{1,2}$/.test(text));

/** Text without outer blanks. */
export const textOrNull = optional(readText);

/** An id where the bank gives one. */
export const idOrNull = optional((value) => {
  const text = readText(value);
  return text === null || text.length > ID_LENGTH_MAX ? null : text;
});

/** Identifiers of accounts; `NOT_SUPPORTED_BY_GEO` and its like stand for none. */
export const identifierOrNull = optional((value) => {
  const text = readText(value);
  return text === null || /^NOT_SUPPORTED/i.test(text) ? null : text;
});

/** A word of an open enumeration in upper case; `UNKNOWN` where absent. */
export const word = optional((value) => readText(value)?.toUpperCase() ?? 'UNKNOWN');

/** A list of texts; empty where absent, of one where the bank gives a single text. */
export const texts = optional(readTexts);

/** Scopes, as a list or as one text with blanks between. */
export const scopes = optional((value) => readTexts(value).flatMap((text) => text.split(/ +/)));

/** An error code: lower-case words. Anything else could be a token played back at us. */
export const codeOrNull = optional((value) => {
  const known = typeof value === 'string' && /^[a-z]+(?:_[a-z]+){0,7}$/.test(value);
  return known && value.length <= 60 ? value : null;
});

/** A truth value where the bank gives one. */
export const flagOrNull = optional((value) => (typeof value === 'boolean' ? value : null));

/** An address that a browser may load. */
export const webAddress = required(readWebAddress, 'not a web address');

/** An address that a browser may load, where there is one. */
export const webAddressOrNull = optional(readWebAddress);

/** An exact amount, from a JSON number or a text with one in it. */
export const amount = required(readAmount, 'not an amount');

/** An exact amount where there is one. */
export const amountOrNull = optional(readAmount);

/** Three letters, upper case; whether ISO 4217 knows them is not asked. */
export const currency = z
  .string()
  .trim()
  .regex(/^[a-z]{3}$/i)
  .toUpperCase();

/** A currency where the bank gives one. */
export const currencyOrNull = optional((value) => {
  const text = readText(value);
  return text !== null && /^[a-z]{3}$/i.test(text) ? text.toUpperCase() : null;
});

/** An instant; a time without a zone is UTC, a bare day its midnight. */
export const instantOrNull = optional((value) => readMoment(value)?.instant ?? null);

/** A calendar day, as written where a time follows. */
export const dayOrNull = optional((value) => readMoment(value)?.day ?? null);

/** A month `YYYY-MM`, as cards show their validity. */
export const monthOrNull = optional((value) => {
  const month = /^\d{4}-(?:0[1-9]|1[0-2])(?=$|-\d{2})/.exec(readText(value) ?? '');
  return month === null ? null : month[0];
});

/** A point in time as the bank wrote it. */
export interface Moment {
  /** The calendar day as written, which is the bank's local day. */
  readonly day: Day;
  readonly instant: Date;
  /** False for a bare day and for midnight, with which banks say "some time that day". */
  readonly hasTime: boolean;
}

/** A moment that must be there. */
export const moment = required(readMoment, 'not a moment');

// Fractions run to seven digits, zones may lack, and a day may stand alone.
const MOMENT =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?)(?:\.(\d{1,9}))?(Z|[+-]\d{2}:?\d{2})?)?$/i;

function readMoment(value: ExactJson | undefined): Moment | null {
  const match = MOMENT.exec(readText(value) ?? '');
  if (match === null) return null;
  const [, date = '', time = '00:00', fraction = '', zone = 'Z'] = match;
  // `0001-01-01` is how .NET writes a date that nobody set, and `9999-12-31` one that never comes.
  if (date < '1900' || date > '9999') return null;
  const seconds = time.length === 5 ? `${time}:00` : time;
  const milliseconds = fraction.padEnd(3, '0').slice(0, 3);
  const offset = zone.toUpperCase().replace(/(\d{2}):?(\d{2})$/, '$1:$2');
  const instant = new Date(`${date}T${seconds}.${milliseconds}${offset}`);
  if (Number.isNaN(instant.getTime())) return null;
  try {
    return { day: parseDay(date), instant, hasTime: /[1-9]/.test(seconds + fraction) };
  } catch {
    return null;
  }
}

function readText(value: ExactJson | undefined): string | null {
  if (typeof value !== 'string') return null;
  const text = value.trim();
  return text === '' ? null : text;
}

function readTexts(value: ExactJson | undefined): string[] {
  const list = Array.isArray(value) ? (value as readonly ExactJson[]) : [value];
  return list.map(readText).filter((text) => text !== null);
}

function readWebAddress(value: ExactJson | undefined): string | null {
  const text = readText(value);
  if (text === null || !URL.canParse(text)) return null;
  const { protocol, hostname } = new URL(text);
  // A simulator on this machine shows its own pictures and dialog.
  const local = protocol === 'http:' && ['localhost', '127.0.0.1'].includes(hostname);
  return protocol === 'https:' || local ? text : null;
}

function readAmount(value: ExactJson | undefined): Decimal | null {
  const text = readText(value);
  if (text === null) return null;
  try {
    return parseDecimal(text);
  } catch {
    return null;
  }
}

/** A field without which the record is refused. */
function required<T>(read: (text: string) => T | null, message: string) {
  return z.string().transform((text, context): T => {
    const value = read(text);
    if (value !== null) return value;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });
}

/** A field that may be missing: `unknown` alone would make its key required. */
function optional<T>(read: (value: ExactJson | undefined) => T) {
  return z
    .unknown()
    .optional()
    .transform((value) => read(value as ExactJson | undefined));
}
