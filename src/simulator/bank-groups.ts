import type { Bank } from './bank.ts';
import { BANKS } from './banks.ts';

/** Countries with a group of their own, `de-xs2a-all` and so on. */
const XS2A_COUNTRIES = 'nl de fr ie es it pt be fi dk no pl at ro lt lv ee'.split(' ');

/** Countries whose banks also speak the open banking standard, `es-ob-all`. */
const OPEN_BANKING_COUNTRIES = ['uk', 'es', 'ee'];

const GROUPS: ReadonlySet<string> = new Set([
  'uk-oauth-all',
  'uk-cs-mock',
  ...XS2A_COUNTRIES.map((country) => `${country}-xs2a-all`),
  ...OPEN_BANKING_COUNTRIES.map((country) => `${country}-ob-all`),
]);

/** True for a provider id, an alias of one (`uk-ob-monzo`) or a group (`uk-ob-all`) that exists. */
export function isKnownProviderName(name: string): boolean {
  return GROUPS.has(name) || BANKS.some((bank) => covers(name, bank));
}

/**
 * The banks that a `providers` parameter covers, in the table's order; all of them for an empty
 * one.
 */
export function coveredBanks(names: readonly string[]): readonly Bank[] {
  if (names.length === 0) return BANKS;
  return BANKS.filter((bank) => names.some((name) => covers(name, bank)));
}

function covers(name: string, bank: Bank): boolean {
  return name === bank.id || name === `${bank.country}-${bank.id}` || groupsOf(bank).includes(name);
}

function groupsOf(bank: Bank): readonly string[] {
  if (bank.id === 'mock') return ['uk-cs-mock'];
  // These two once had an access of their own, and lists written then still name it.
  if (bank.id === 'ob-amex' || bank.id === 'ob-starling') return ['uk-ob-all', 'uk-oauth-all'];
  const standard = bank.id.startsWith('ob-') ? 'ob' : 'xs2a';
  return [`${bank.country}-${standard}-all`];
}
