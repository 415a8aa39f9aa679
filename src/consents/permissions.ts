/**
 * Names the words below: it changes with each of them, so that a receipt tells what its user read. An
 * app that shows words of its own names those instead.
 */
export const PERMISSIONS_TEXT_VERSION = 'consentry-en-2';

/** One permission, as a user reads it. */
export interface ScopeText {
  readonly name: string;
  readonly title: string;
  readonly text: string;
}

/** Every permission that the Data API knows, in the order in which they are shown. */
export const SCOPES = [
  'info',
  'accounts',
  'balance',
  'cards',
  'transactions',
  'direct_debits',
  'standing_orders',
  'offline_access',
] as const;

const TEXTS: Readonly<Record<(typeof SCOPES)[number], readonly [title: string, text: string]>> = {
  info: [
    'Who you are',
    'Your full name as your bank has it and, where it tells them, your e-mail addresses, telephone numbers, postal addresses and date of birth.',
  ],
  accounts: [
    'Your accounts',
    'The accounts that you choose: what they are called, their currency and their numbers.',
  ],
  balance: ['Your balances', 'How much is in those accounts and cards, and how much can be spent.'],
  cards: [
    'Your cards',
    'The credit and charge cards that you choose: what they are called, their last digits and the name on them.',
  ],
  transactions: [
    'Your transactions',
    'What came in and went out, up to six years back: amounts, dates, and with whom.',
  ],
  direct_debits: [
    'Your direct debits',
    'Who may collect from your accounts, and what they last took.',
  ],
  standing_orders: [
    'Your standing orders',
    'What you pay regularly, to whom, and when it is next due.',
  ],
  offline_access: [
    'Access while you are away',
    'Your bank is read again, without you being there, until this permission ends or you take it back. It cannot move money.',
  ],
};

/** The words for permissions, in the order in which they are shown; those that are unknown are left out. */
export function scopeTexts(scopes: readonly string[]): readonly ScopeText[] {
  return SCOPES.filter((scope) => scopes.includes(scope)).map((name) => {
    const [title, text] = TEXTS[name];
    return { name, title, text };
  });
}

const VERSION = /^[\x21-\x7e](?:[\x20-\x7e]{0,98}[\x21-\x7e])?$/;

/** Whether a version can be kept: up to 100 letters, digits and signs. */
export function isTextVersion(version: string): boolean {
  return VERSION.test(version);
}

/** Whether two lists name the same permissions, in whatever order. */
export function areSameScopes(some: readonly string[], others: readonly string[]): boolean {
  const [first, second] = [new Set(some), new Set(others)];
  return first.size === second.size && [...first].every((scope) => second.has(scope));
}
