import type { AccountKind } from '../generated/prisma/enums.ts';

/** What a bank shows of an account by which it may be known again, as it stands in rows. */
export interface AccountView {
  readonly kind: AccountKind;
  readonly displayName: string | null;
  readonly currency: string | null;
  readonly iban: string | null;
  readonly accountNumber: string | null;
  readonly sortCode: string | null;
  readonly bic: string | null;
  readonly cardNetwork: string | null;
  readonly lastDigits: string | null;
  readonly nameOnCard: string | null;
}

/** The same in one spelling; null for what is not given or cannot identify, such as masked numbers. */
export interface Identifiers {
  readonly iban: string | null;
  /** Bank code, then number; a British or Irish IBAN holds both. */
  readonly branch: string | null;
  readonly number: string | null;
  readonly bic: string | null;
  readonly currency: string | null;
  readonly network: string | null;
  readonly digits: string | null;
  readonly name: readonly string[] | null;
}

/** How two views stand to each other. */
export type Likeness =
  /** All that both have agrees, and it identifies. */
  | 'SAME'
  /** Something that identifies agrees, something else does not. */
  | 'DISPUTED'
  /** Nothing that both have differs, and nothing of it identifies. */
  | 'UNKNOWN'
  /** They differ, and nothing speaks for them. */
  | 'DIFFERENT';

/**
 * Brings the identifiers of a view into one spelling: blanks, case, leading zeros, words for a
 * currency, titles and order of a name.
 *
 * @param withIban - false where the bank shows one IBAN for several accounts: there it says nothing
 */
export function identifiersOf(view: AccountView, withIban = true): Identifiers {
  const iban = withIban ? ibanOf(view.iban) : null;
  const derived = /^(?:GB|IE)\d{2}[A-Z]{4}(\d{6})(\d{8})$/.exec(iban ?? '');
  return {
    iban,
    branch: digitsOf(view.sortCode, 4) ?? derived?.[1] ?? null,
    number: numberOf(view.accountNumber) ?? numberOf(derived?.[2] ?? null),
    bic: bare(view.bic)?.slice(0, 8) ?? null,
    currency: currencyOf(view.currency),
    network: networkOf(view.cardNetwork),
    digits: digitsOf(view.lastDigits, 4),
    name: nameOf(view.nameOnCard),
  };
}

/** An IBAN in one spelling; null where it is none, or masked. */
export function ibanOf(iban: string | null): string | null {
  const text = bare(iban);
  return text !== null && /^[A-Z]{2}\d{2}[A-Z\d]{8,30}$/.test(text) ? text : null;
}

/** A currency in one spelling: pence are not another currency. */
export function currencyOf(currency: string | null): string | null {
  const text = bare(currency);
  return text === null ? null : (CURRENCIES[text] ?? text);
}

const CURRENCIES: Readonly<Record<string, string>> = {
  GBX: 'GBP',
  STG: 'GBP',
  RMB: 'CNY',
  CNH: 'CNY',
};

/** Tells how two views of accounts of one kind at one bank stand to each other. */
export function compare(kind: AccountKind, a: Identifiers, b: Identifiers): Likeness {
  const { speaksFor, speaksAgainst } = kind === 'CARD' ? cards(a, b) : bankAccounts(a, b);
  const against = speaksAgainst || agree(a.currency, b.currency) === false;
  if (speaksFor) return against ? 'DISPUTED' : 'SAME';
  return against ? 'DIFFERENT' : 'UNKNOWN';
}

interface Evidence {
  readonly speaksFor: boolean;
  readonly speaksAgainst: boolean;
}

// The BIC is asked only where a bare number is all that there is: a bank that changes its BIC changes it
// for all accounts at once, while IBAN or sort code name the bank by themselves.
function bankAccounts(a: Identifiers, b: Identifiers): Evidence {
  const iban = agree(a.iban, b.iban);
  const branch = agree(a.branch, b.branch);
  const number = agree(a.number, b.number);
  const bic = agree(a.bic, b.bic);
  const bareNumbers = number === true && a.branch === null && b.branch === null;
  return {
    speaksFor: iban === true || (number === true && branch === true) || bareNumbers,
    speaksAgainst:
      iban === false ||
      number === false ||
      branch === false ||
      (iban !== true && bareNumbers && bic === false),
  };
}

// Four digits alone are too few: the network or the name must agree with them. Amex once showed five.
function cards(a: Identifiers, b: Identifiers): Evidence {
  const digits = agree(a.digits, b.digits, (x, y) => x.endsWith(y) || y.endsWith(x));
  const network = agree(a.network, b.network);
  const name = agree(a.name, b.name, isSameName);
  return {
    speaksFor: digits === true && (network === true || name === true),
    speaksAgainst: digits === false || network === false || name === false,
  };
}

/** True or false where both are known, else null. */
function agree<T>(
  a: T | null,
  b: T | null,
  isSame: (a: T, b: T) => boolean = (x, y) => x === y,
): boolean | null {
  return a === null || b === null ? null : isSame(a, b);
}

/** Whether each word of the shorter name stands in the longer one, an initial for a whole word. */
function isSameName(a: readonly string[], b: readonly string[]): boolean {
  const [shorter, longer] = a.length <= b.length ? [a, b] : [b, a];
  const left = [...longer];
  let whole = 0;
  // Whole words first, so that an initial does not take another word's place.
  for (const word of shorter.toSorted((x, y) => y.length - x.length)) {
    const exact = left.indexOf(word);
    const place = exact === -1 ? left.findIndex((other) => isInitial(word, other)) : exact;
    if (place === -1) return false;
    if (exact !== -1 && word.length > 1) whole += 1;
    left.splice(place, 1);
  }
  return whole > 0;
}

function isInitial(a: string, b: string): boolean {
  return (a.length === 1 && b.startsWith(a)) || (b.length === 1 && a.startsWith(b));
}

const TITLES = new Set(['MR', 'MRS', 'MS', 'MISS', 'MX', 'DR', 'SIR', 'HERR', 'FRAU', 'M', 'MME']);

function nameOf(name: string | null): readonly string[] | null {
  if (name === null) return null;
  const plain = name.normalize('NFD').replaceAll(/\p{M}/gu, '').toUpperCase();
  const words = plain.match(/[\p{L}\d]+/gu) ?? [];
  const named = words.filter((word) => !TITLES.has(word));
  return named.length === 0 ? null : named;
}

const NETWORKS: Readonly<Record<string, string>> = {
  AMERICANEXPRESS: 'AMEX',
  MASTER: 'MASTERCARD',
  MC: 'MASTERCARD',
  UNKNOWN: '',
};

function networkOf(network: string | null): string | null {
  const text = network?.toUpperCase().replaceAll(/[^A-Z]/g, '') ?? '';
  return (NETWORKS[text] ?? text) || null;
}

function numberOf(number: string | null): string | null {
  const text = bare(number)?.replace(/^0+/, '') ?? '';
  return /^[A-Z\d]{5,}$/.test(text) ? text : null;
}

function digitsOf(text: string | null, least: number): string | null {
  const digits = text?.replaceAll(/\D/g, '') ?? '';
  return digits.length >= least ? digits : null;
}

/** Upper case, without the blanks and dashes that banks put between groups. */
function bare(text: string | null): string | null {
  return text?.toUpperCase().replaceAll(/[\s-]/g, '') || null;
}
