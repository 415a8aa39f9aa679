/** The word that the simulator puts into every code and token of a test, and our client secret bears. */
export const CANARY = 'Canary7f3aXq';

/** A secret in a place where it does not belong. Never the secret itself. */
export interface Leak {
  readonly what: 'secret' | 'account number';
  /** The table and column, the line of the log, the answer. */
  readonly at: string;
}

/** Something was found. Its message says where, and not what. */
export class LeakError extends Error {
  readonly leaks: readonly Leak[];

  constructor(leaks: readonly Leak[]) {
    super(['Secrets were found', ...leaks.map(({ what, at }) => `${what} at ${at}`)].join('\n  '));
    this.name = 'LeakError';
    this.leaks = leaks;
  }
}

/** Everything that a search looks for. */
export interface Sought {
  /** IBANs and account numbers, which some places may show. */
  readonly identifiers?: readonly string[];
  /** Secrets other than those with the canary; looked for in every disguise. */
  readonly secrets?: readonly string[];
  /** Random texts of 40 characters and more, of which there may be thousands: looked for as they are. */
  readonly plain?: ReadonlySet<string>;
}

/** Looks through texts for one set of secrets. */
export interface Search {
  /** Whether a text has a secret in it, in whatever disguise. */
  holdsSecret(text: string): boolean;
  /** Whether a text has an account number in it. */
  holdsIdentifier(text: string): boolean;
}

const NOTHING = /(?!)/;
// From its beginning: tried at each of its letters, it would cost five times as much.
const LONG_WORD = /(?<![\w-])[\w-]{40,}/g;

/** A search whose patterns are made once: a megabyte of text takes milliseconds. */
export function makeSearch({ identifiers = [], secrets = [], plain }: Sought): Search {
  const secret = patternOf([...CANARY_DISGUISES, ...secrets.flatMap(disguisesOf)]);
  // Fewer than four different digits are the round numbers of the mock bank: they mean nothing.
  const usable = identifiers.filter((one) => new Set(one).size > 3);
  const identifier = patternOf(usable.flatMap(identifierDisguises));
  return {
    holdsSecret: (text) =>
      secret.test(text) ||
      (plain !== undefined &&
        plain.size > 0 &&
        (text.match(LONG_WORD) ?? []).some((word) => plain.has(word))),
    holdsIdentifier: (text) => identifier.test(text),
  };
}

// The forms in which codes and tokens bear the word, see `SimulatorOptions.canary`. Each of them may
// be wrapped once more.
const CANARY_DISGUISES = [CANARY, ...hexes(CANARY), ...base64s(CANARY)].flatMap(disguisesOf);

/** Patterns of all the ways in which a text may be written. */
export function disguisesOf(text: string): string[] {
  return [
    ...[text, reversed(text), ...hexes(text), ...base64s(text)].map(escaped),
    // Encoded byte by byte, in either case, and as often as wrapping in JSON doubles a backslash.
    codes(text, (code) => `%${anyCase(code)}`),
    codes(text, (code) => String.raw`\\+u00${anyCase(code)}`),
    codes(text, (code) => String.raw`\\+x${anyCase(code)}`),
  ];
}

// Eight digits stand in many a longer number and in UUIDs, so in clear they count only by themselves.
// Within an IBAN they are found as that.
function identifierDisguises(text: string): string[] {
  const [plain = '', backwards = '', ...others] = disguisesOf(text);
  const spaced = escaped((text.match(/.{1,4}/g) ?? []).join(' '));
  const alone = (pattern: string) => `(?<![0-9A-Za-z])${pattern}(?![0-9A-Za-z])`;
  return [alone(plain), alone(backwards), alone(spaced), ...others];
}

function hexes(text: string): string[] {
  const hex = Buffer.from(text).toString('hex');
  return [hex, hex.toUpperCase()];
}

/** What is the same wherever in a longer text it begins: at any of three offsets, in both alphabets. */
function base64s(text: string): string[] {
  const found = [0, 1, 2].map((offset) => {
    const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(text)]);
    const firstWhole = Math.ceil((offset * 8) / 6);
    const lastWhole = Math.floor((bytes.length * 8) / 6);
    return bytes.toString('base64').slice(firstWhole, lastWhole);
  });
  return [
    ...new Set([...found, ...found.map((one) => one.replaceAll('+', '-').replaceAll('/', '_'))]),
  ];
}

function reversed(text: string): string {
  return text.split('').toReversed().join('');
}

function codes(text: string, write: (code: string) => string): string {
  return [...Buffer.from(text)].map((byte) => write(byte.toString(16).padStart(2, '0'))).join('');
}

function anyCase(code: string): string {
  return code.replace(/[a-f]/g, (letter) => `[${letter}${letter.toUpperCase()}]`);
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`);
}

/** One pattern, whose parts are in order, so that the engine can share their beginnings. */
function patternOf(parts: readonly string[]): RegExp {
  return parts.length === 0 ? NOTHING : new RegExp([...new Set(parts)].toSorted().join('|'));
}
