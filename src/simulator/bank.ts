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

/** A simulated bank: what clients are told of it, and the character that they find out. */
export interface Bank {
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
  /** How long after authentication old transactions can be read. */
  readonly windowSeconds: number;
  /** How far back its records go. */
  readonly maxHistoryMonths: number;
  /** How far back requests may reach once the window has closed. */
  readonly laterDays: number;
  readonly refusal: Refusal;
  readonly accessTokenSeconds: number;
  readonly latencyMilliseconds: number;
  readonly timestamps: TimestampShape;
  /** Whether rows bear `normalised_provider_transaction_id`. */
  readonly normalisedIds: boolean;
  /** Whether rows bear the bank's own `provider_transaction_id`. */
  readonly providerIds: boolean;
  readonly runningBalance: 'always' | 'sometimes' | 'never';
  /** False: the pending endpoints answer 501. */
  readonly pending: boolean;
  /** Whether customers here also have an account in euros. */
  readonly euroAccount: boolean;
  /** A choice that the bank asks for before its login, as `steps` of the providers list. */
  readonly branches?: readonly (readonly [value: string, name: string])[];
}

/** What most banks have in common. */
export const USUAL = {
  currency: 'GBP',
  sortCode: '20-00-00',
  windowSeconds: 2700,
  maxHistoryMonths: 72,
  laterDays: 90,
  refusal: 'sca_exceeded',
  accessTokenSeconds: 3600,
  latencyMilliseconds: 180,
  timestamps: 'midnight',
  normalisedIds: true,
  providerIds: true,
  runningBalance: 'always',
  pending: true,
  euroAccount: false,
} as const satisfies Partial<Bank>;

const BASIC = ['accounts', 'balance', 'transactions', 'offline_access'];

/** The sets of scopes that banks support, as the providers list shows them. */
export const SCOPES = {
  all: ['info', ...BASIC, 'cards', 'direct_debits', 'standing_orders'],
  noCards: ['info', ...BASIC, 'direct_debits', 'standing_orders'],
  cardsButNoOrders: ['info', ...BASIC, 'cards'],
  plain: ['info', ...BASIC],
  noInfo: BASIC,
  cardsOnly: ['info', 'balance', 'cards', 'transactions', 'offline_access'],
  cardsOnlyNoInfo: ['balance', 'cards', 'transactions', 'offline_access'],
} as const;

/** True if the bank has the feature that a scope opens. */
export function supports(bank: Bank, scope: string): boolean {
  return bank.scopes.includes(scope);
}
