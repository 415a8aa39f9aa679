import type { Bank, BankTraits } from './bank.ts';
import { BANKS } from './banks.ts';

/** The banks of one simulator. */
export interface Banks {
  /** All of them, in the table's order. */
  readonly all: readonly Bank[];
  find(id: string): Bank | undefined;
  /** True for a provider id, an alias of one (`uk-ob-monzo`) or a group (`uk-ob-all`). */
  knows(name: string): boolean;
  /** The banks that a `providers` parameter covers; all of them for an empty one. */
  covered(names: readonly string[]): readonly Bank[];
  /** Changes the character of one bank from now on. False if there is no such bank. */
  adjust(id: string, traits: Partial<BankTraits>): boolean;
}

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

/** The banks of the table, each with its own character. */
export function makeBanks(): Banks {
  const banks = new Map(BANKS.map((bank) => [bank.id, bank]));
  return {
    get all() {
      return [...banks.values()];
    },
    find: (id) => banks.get(id),
    knows: (name) => GROUPS.has(name) || BANKS.some((bank) => covers(name, bank)),
    covered: (names) =>
      [...banks.values()].filter(
        (bank) => names.length === 0 || names.some((name) => covers(name, bank)),
      ),
    adjust(id, traits) {
      const bank = banks.get(id);
      if (bank !== undefined) banks.set(id, { ...bank, ...traits });
      return bank !== undefined;
    },
  };
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
