import { DAY, MINUTE } from '../base/clock.ts';
import type { BankMeaning } from '../truelayer/errors.ts';

/** What mends a consent or an account, and so who can. */
export type Remedy = 'NONE' | 'WAIT' | 'RENEW' | 'RECONNECT' | 'CONTACT_BANK' | 'OPERATOR';

/** What to do about a consent or an account, and what to say of it. */
export interface Advice {
  readonly remedy: Remedy;
  /** For the user, in plain words; null where there is nothing to say. */
  readonly message: string | null;
  /** Whether nothing at all is read by the consent until it is mended. */
  readonly stops: boolean;
  /** From when on; null where there is nothing to say. */
  readonly since: Date | null;
  /** When reading will stop; null where it has, or where that is not known. */
  readonly until: Date | null;
}

/** A thing that the bank does not give. */
export interface KnownTrouble {
  readonly endpoint: string;
  readonly meaning: string;
  readonly since: Date;
  readonly lastSeenAt: Date;
}

/** A bank, as far as what is said of it goes. */
export interface BankManner {
  readonly name: string;
  /** Whether TrueLayer recommends it at present; null where not said. */
  readonly healthy: boolean | null;
}

/** Said where only the operator can help. */
export const OURS = 'Something on our side is in the way. We are on it; you need not do anything.';

const WELL: Advice = { remedy: 'NONE', message: null, stops: false, since: null, until: null };

/**
 * What mends an account: what mends its consent, where that stops all reading; else what mends the
 * worst of its own troubles.
 */
export function accountAdvice(
  consent: Advice,
  troubles: readonly KnownTrouble[],
  bank: BankManner,
  now: Date,
): Advice {
  if (consent.stops) return consent;
  return troubleAdvice(troubles, bank, now);
}

/** How long an outage lasts before anybody hears of it: a bad moment is over at the next try. */
const MOMENT_MILLISECONDS = MINUTE;
/** How long a refusal may last before it is not waited for any longer. */
const PATIENCE_MILLISECONDS = 7 * DAY;

/**
 * What each meaning asks for. Refusals are waited for at first, for many pass, and neither of the
 * two words for a 403 says anything of the consent; later the bank is the one to ask.
 */
const TROUBLES: Readonly<Record<BankMeaning, Remedy | 'WAIT_THEN_CONTACT_BANK'>> = {
  UNAVAILABLE: 'WAIT',
  RATE_LIMITED: 'WAIT',
  RESULTS_GONE: 'WAIT',
  UNATTENDED_LIMIT: 'NONE',
  NOT_SUPPORTED: 'NONE',
  ACCESS_DENIED: 'WAIT_THEN_CONTACT_BANK',
  SCA_EXCEEDED: 'WAIT_THEN_CONTACT_BANK',
  TOKEN_REJECTED: 'WAIT_THEN_CONTACT_BANK',
  RANGE_REFUSED: 'WAIT_THEN_CONTACT_BANK',
  ACCOUNT_GONE: 'CONTACT_BANK',
  USER_ACTION: 'CONTACT_BANK',
  PROVIDER_DEPRECATED: 'CONTACT_BANK',
  REQUEST_REFUSED: 'OPERATOR',
  OPERATOR_FAULT: 'OPERATOR',
  // Said of tokens and codes, never of data: the consent's own status tells of them.
  GRANT_ENDED: 'NONE',
  NOT_EXTENDABLE: 'NONE',
  CODE_REFUSED: 'NONE',
  CONNECTION_GONE: 'NONE',
};

/** The worst first: where the user can do something, they hear of that. */
const WORST_FIRST: readonly Remedy[] = ['CONTACT_BANK', 'OPERATOR', 'WAIT'];

const WHAT: Readonly<Record<string, string>> = {
  BALANCE: 'the balance of this account',
  TRANSACTIONS: 'the transactions of this account',
  PENDING: 'the pending payments of this account',
  DIRECT_DEBITS: 'the direct debits of this account',
  STANDING_ORDERS: 'the standing orders of this account',
  ACCOUNTS: 'the list of your accounts',
};

/** What mends the worst of some troubles, told so that a user understands it. */
export function troubleAdvice(
  troubles: readonly KnownTrouble[],
  { name, healthy }: BankManner,
  now: Date,
): Advice {
  const told = troubles.map((trouble) => ({ trouble, remedy: remedyOf(trouble, healthy, now) }));
  for (const remedy of WORST_FIRST) {
    const { trouble } = told.find((one) => one.remedy === remedy) ?? {};
    if (trouble === undefined) continue;
    const message = messageOf(trouble, remedy, name);
    return { remedy, message, stops: false, since: trouble.since, until: null };
  }
  return WELL;
}

function remedyOf(
  { meaning, since, lastSeenAt }: KnownTrouble,
  healthy: boolean | null,
  now: Date,
) {
  // A meaning of a later version is waited for.
  const remedy = TROUBLES[meaning as BankMeaning] ?? 'WAIT';
  if (remedy === 'WAIT_THEN_CONTACT_BANK') {
    return now.getTime() - since.getTime() < PATIENCE_MILLISECONDS ? 'WAIT' : 'CONTACT_BANK';
  }
  const lasts = lastSeenAt.getTime() - since.getTime() >= MOMENT_MILLISECONDS;
  return remedy === 'WAIT' && !lasts && healthy !== false ? 'NONE' : remedy;
}

function messageOf({ endpoint, meaning }: KnownTrouble, remedy: Remedy, bank: string): string {
  const what = WHAT[endpoint] ?? 'your accounts';
  if (remedy === 'OPERATOR') return OURS;
  if (remedy === 'WAIT') {
    return `${bank} does not show us ${what} at present. We keep trying; you need not do anything.`;
  }
  switch (meaning) {
    case 'USER_ACTION':
      return `${bank} wants you to do something before it shows us ${what}. Please sign in there.`;
    case 'ACCOUNT_GONE':
      return `${bank} no longer knows this account. Please ask it whether the account was closed.`;
    case 'PROVIDER_DEPRECATED':
      return `${bank} no longer shows us your accounts under this name. Please ask it what to do.`;
    default:
      return `${bank} has not shown us ${what} for a while. Please ask it why.`;
  }
}
