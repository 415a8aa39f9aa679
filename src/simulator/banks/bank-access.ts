import type { Bank } from './bank.ts';

/**
 * How TrueLayer reaches a bank. Lists and links once told these apart, and old clients still do:
 * `ob-…` by the open banking standard, the mock bank by sharing credentials (its group is called
 * `uk-cs-mock`), all others by a redirect of their own.
 */
export type BankAccess = 'open-banking' | 'oauth' | 'credentials-sharing';

/** The one access that a bank has. */
export function accessOf(bank: Bank): BankAccess {
  if (bank.id === 'mock') return 'credentials-sharing';
  return bank.id.startsWith('ob-') ? 'open-banking' : 'oauth';
}
