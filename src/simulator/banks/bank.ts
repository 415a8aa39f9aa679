/** How a bank writes the time of a transaction; all of these occur in life. */
export type TimestampShape =
  /** `2026-03-01T00:00:00Z` */
  | 'midnight'
  /** `2026-03-01T00:00:00`, no zone */
  | 'midnight-no-zone'
  /** `2026-03-01T00:00:00+00:00` */
  | 'midnight-offset'
  /** `2026-03-01T00:00:00+01:00`: midnight in the bank's own country */
  | 'midnight-local'
  /** `2026-03-01T08:12:44.318Z`, an instant */
  | 'instant'
  /** `2026-03-01T08:12:44.3180000Z`, an instant */
  | 'instant-seven-digits';

/** What a bank answers to a request that reaches further back than it still allows. */
export type Refusal = 'sca_exceeded' | 'access_denied' | 'invalid_date_range';

/** The character of a bank: what clients find out about it. Any of it can be changed while it runs. */
export interface BankTraits {
  /** False: every call to the bank fails as unavailable, and the list of providers says so. */
  readonly healthy: boolean;
  /** How long after authentication old transactions can be read. */
  readonly windowSeconds: number;
  /** How far back its records go. */
  readonly maxHistoryMonths: number;
  /** How far back requests may reach once the window has closed. */
  readonly laterDays: number;
  readonly refusal: Refusal;
  /** The most days that one request may span; 0 for any number. */
  readonly longestRangeDays: number;
  /** True: it refuses days of which it has no records any more; else it has no rows of them. */
  readonly refusesLostDays: boolean;
  /** Scopes whose lists are answered inside the window only. */
  readonly onlyInWindow: readonly string[];
  /** How often a day it answers for an account and endpoint without the user being present. */
  readonly unattendedCallsPerDay: number;
  /** How long a consent lasts, from authentication or the last extension. */
  readonly consentSeconds: number;
  readonly accessTokenSeconds: number;
  readonly latencyMilliseconds: number;
  /** False: `async=true` is ignored, and the answer comes at once. */
  readonly asynchronous: boolean;
  readonly timestamps: TimestampShape;
  /** Whether rows bear `normalised_provider_transaction_id`. */
  readonly normalisedIds: boolean;
  /** Whether rows bear the bank's own `provider_transaction_id`. */
  readonly providerIds: boolean;
  /** Changing: a row has another `transaction_id` in each answer. */
  readonly transactionIds: 'steady' | 'changing';
  /** Per consent: the same account has another `account_id` after a renewal. */
  readonly accountIds: 'steady' | 'per-consent';
  /** Reversed: summed up from the newest row to the oldest, as the mock bank does. */
  readonly runningBalance: 'always' | 'sometimes' | 'never' | 'reversed';
  /** False: the pending endpoints answer 501. */
  readonly pending: boolean;
  /** Currencies in which customers here have an account besides their own. */
  readonly foreignCurrencies: readonly string[];
  /** True: an account is shared with a second holder, who has it at this bank too. */
  readonly joint: boolean;
  /** How much happens on accounts: 1 as in life, 0 nothing at all, 4 four times as much. */
  readonly tempo: number;
}

/** A simulated bank: its name and place, and its character. */
export interface Bank extends BankTraits {
  readonly id: string;
  readonly name: string;
  /** Lower case, with `uk` for the United Kingdom as on the wire. */
  readonly country: string;
  readonly currency: string;
  readonly scopes: readonly string[];
  /** The colour of its logo and login page. */
  readonly colour: string;
  /** The four letters that stand for it in IBANs and BICs. */
  readonly letters: string;
  readonly sortCode: string;
  /** A choice that the bank asks for before its login, as `steps` of the providers list. */
  readonly branches?: readonly (readonly [value: string, name: string])[];
}

/** What most banks have in common. */
export const USUAL: BankTraits = {
  healthy: true,
  windowSeconds: 2700,
  maxHistoryMonths: 72,
  laterDays: 90,
  refusal: 'sca_exceeded',
  longestRangeDays: 0,
  refusesLostDays: false,
  onlyInWindow: [],
  unattendedCallsPerDay: 4,
  consentSeconds: 90 * 86_400,
  accessTokenSeconds: 3600,
  latencyMilliseconds: 180,
  asynchronous: true,
  timestamps: 'midnight',
  normalisedIds: true,
  providerIds: true,
  transactionIds: 'steady',
  accountIds: 'steady',
  runningBalance: 'always',
  pending: true,
  foreignCurrencies: [],
  joint: false,
  tempo: 1,
};

const BASIC = ['accounts', 'balance', 'transactions', 'offline_access'];

/** The sets of scopes that banks support, as the providers list shows them. */
export const SCOPES = {
  all: ['info', ...BASIC, 'cards', 'direct_debits', 'standing_orders'],
  noCards: ['info', ...BASIC, 'direct_debits', 'standing_orders'],
  cardsButNoOrders: ['info', ...BASIC, 'cards'],
  standingOrdersOnly: ['info', ...BASIC, 'standing_orders'],
  plain: ['info', ...BASIC],
  noInfo: BASIC,
  cardsOnly: ['info', 'balance', 'cards', 'transactions', 'offline_access'],
  cardsOnlyNoInfo: ['balance', 'cards', 'transactions', 'offline_access'],
} as const;

/** True if the bank has the feature that a scope opens. */
export function supports(bank: Bank, scope: string): boolean {
  return bank.scopes.includes(scope);
}
