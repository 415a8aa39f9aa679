import { createHash } from 'node:crypto';
import { supports, type Bank } from '../banks/bank.ts';
import { chanceOf } from '../chance.ts';
import { makeBritishIban, makeIban } from '../banks/iban.ts';
import type { User } from './users.ts';

/** What an account is for; the household lives by these parts. */
export type AccountRole = 'main' | 'savings' | 'spare' | 'joint' | 'foreign' | 'card';

/** One account or card of a person at a bank, before any row of it. Amounts in minor units. */
export interface PlannedAccount {
  /** Short name within the person's accounts at this bank: `main`, `card-2`. */
  readonly key: string;
  readonly role: AccountRole;
  /** Names it for ever, and its rows; the wire's `account_id` is told by `accountIdOf`. */
  readonly id: string;
  /** What the bank has come to call it since. */
  readonly wireId?: string;
  readonly displayName: string;
  readonly currency: string;
  /** How the bank has come to spell that since. */
  readonly wireCurrency?: string;
  /** The balance that it always shows, whatever its rows add up to. */
  readonly standingMinor?: number;
  /** The overdraft of an account, the credit limit of a card. */
  readonly limitMinor: number;
  /** Card network, cards only. */
  readonly network: string | undefined;
  /** Account number in the shape of the wire; for a card its last four digits as `number`. */
  readonly numbers: Readonly<Record<string, string>>;
}

/** Ids that the sandbox's mock bank has shown for john/doe in 2021 and in 2025. */
const MOCK_IDS: ReadonlyMap<string, string> = new Map([
  ['main', '56c7b029e0f8ec5a2334fb0ffc2fface'],
  ['savings', '3c6edb9484ecd581dc1cedde8bedb1f1'],
  ['spare', '89c3139784a055b9b47998f9dce9122e'],
  ['savings-2', '328df3a40b828340fa4c3100e17de121'],
  ['spare-2', '8de2de9eab01b935b21abcbed11adf26'],
  ['card', '2cbf9b6063102763ccbe3ea62f1b3e72'],
  ['card-2', '328f557c68aebd532cbbd05ce5bcb6c8'],
]);

/** The `account_id` under which a consent shows an account: at some banks each has its own. */
export function accountIdOf(bank: Bank, account: PlannedAccount, credentialsId: string): string {
  const id = account.wireId ?? account.id;
  if (bank.accountIds === 'steady') return id;
  const words = JSON.stringify(['account', id, credentialsId]);
  return createHash('sha256').update(words).digest('hex').slice(0, 32);
}

/** The one IBAN that the mock bank shows for all five accounts, except to the iban users. */
const MOCK_IBAN = 'GB08CLRB04066800003435';

/** The accounts and cards that a person has at a bank; the same for ever. */
export function planAccounts(seed: string, user: User, bank: Bank): readonly PlannedAccount[] {
  return bank.id === 'mock' ? planMock(seed, user, bank) : planUsual(seed, user, bank);
}

function planMock(seed: string, user: User, bank: Bank): readonly PlannedAccount[] {
  const accounts = [
    ['main', 'main', 'TRANSACTION ACCOUNT 1'],
    ['savings', 'savings', 'SAVINGS ACCOUNT 1'],
    ['spare', 'spare', 'TRANSACTION ACCOUNT 2'],
    ['savings-2', 'savings', 'SAVINGS ACCOUNT 2'],
    ['spare-2', 'spare', 'TRANSACTION ACCOUNT 3'],
  ] as const;
  const cards = [
    ['card', 'MASTERCARD', 'CREDIT CARD 1', 1000],
    ['card-2', 'VISA', 'CREDIT CARD 2', 2000],
  ] as const;
  const idOf = (key: string) =>
    (user.person === 'john' ? MOCK_IDS.get(key) : undefined) ??
    accountId(seed, user.person, bank, key);
  return [
    ...accounts.map(([key, role, displayName], index): PlannedAccount => {
      const number = String((index + 1) * 10_000_000 + user.number);
      const iban = user.ownIbans ? makeBritishIban('CLRB', '040668', number) : MOCK_IBAN;
      return {
        key,
        role,
        id: idOf(key),
        displayName,
        currency: 'GBP',
        standingMinor: 2_900 * (index + 1),
        limitMinor: 10_000 * (index + 1),
        network: undefined,
        numbers: { iban, swift_bic: 'CPBKGB00', number, sort_code: bank.sortCode },
      };
    }),
    ...cards.map(([key, network, displayName, lastDigits], index): PlannedAccount => ({
      key,
      role: 'card',
      id: idOf(key),
      displayName,
      currency: 'GBP',
      standingMinor: -2_000 * (index + 1),
      limitMinor: 330_000,
      network,
      numbers: { number: String(lastDigits + (user.number % 1000)) },
    })),
  ];
}

function planUsual(seed: string, user: User, bank: Bank): readonly PlannedAccount[] {
  const chance = chanceOf(seed, user.person, bank.id, 'plan');
  const scale = bank.currency === 'PLN' ? 4 : 1;
  const planned: PlannedAccount[] = [];
  const account = (
    key: string,
    role: AccountRole,
    displayName: string,
    limitMinor: number,
    currency = bank.currency,
  ) => {
    // Both holders of a joint account see the same one.
    const owner = role === 'joint' ? coupleOf(user) : user.person;
    planned.push({
      key,
      role,
      id: accountId(seed, owner, bank, key),
      displayName,
      currency,
      limitMinor: limitMinor * scale,
      network: undefined,
      numbers: numbersOf(seed, owner, bank, key),
    });
  };
  if (supports(bank, 'accounts')) {
    account('main', 'main', `${bank.name} Current Account`, chance.whole(1, 20) * 10_000);
    account('savings', 'savings', 'Easy Saver', 0);
    if (chance.happens(0.4)) account('spare', 'spare', 'Second Account', 0);
    if (bank.joint) account('joint', 'joint', 'Joint Account', 0);
    for (const currency of bank.foreignCurrencies) {
      account(currency.toLowerCase(), 'foreign', `${currency} Account`, 0, currency);
    }
  }
  if (supports(bank, 'cards')) {
    const networks = bank.id === 'ob-amex' ? ['AMEX', 'AMEX'] : ['VISA', 'MASTERCARD'];
    for (const [index, network] of networks.slice(0, chance.whole(1, 2)).entries()) {
      const key = index === 0 ? 'card' : 'card-2';
      planned.push({
        key,
        role: 'card',
        id: accountId(seed, user.person, bank, key),
        displayName: `${bank.name} ${index === 0 ? 'Rewards' : 'Platinum'} Card`,
        currency: bank.currency,
        limitMinor: chance.whole(25, 80) * 10_000 * Math.max(1, bank.tempo),
        network,
        numbers: { number: String(chance.whole(0, 9999)).padStart(4, '0') },
      });
    }
  }
  return planned;
}

function numbersOf(seed: string, owner: string, bank: Bank, key: string): Record<string, string> {
  const chance = chanceOf(seed, owner, bank.id, key, 'number');
  const bic = `${bank.letters}${bank.country === 'uk' ? 'GB2L' : `${bank.country.toUpperCase()}22`}`;
  if (bank.country !== 'uk') {
    return { iban: makeIban(bank.country, bank.letters, chance), swift_bic: bic };
  }
  const number = String(chance.whole(10_000_000, 89_999_999));
  const sortCode = bank.sortCode.replaceAll('-', '');
  const iban = makeBritishIban(bank.letters, sortCode, number);
  return { iban, swift_bic: bic, number, sort_code: bank.sortCode };
}

/** The other holder of a joint account is the neighbour by number: john and john1, john2 and john3. */
function coupleOf({ number, person }: User): string {
  return `${person.replace(/\d+$/, '')} couple ${Math.floor(number / 2)}`;
}

function accountId(seed: string, owner: string, bank: Bank, key: string): string {
  const words = JSON.stringify(['account', seed, owner, bank.id, key]);
  return createHash('sha256').update(words).digest('hex').slice(0, 32);
}
