import type { App } from '../app.ts';
import type { Consent } from '../generated/prisma/client.ts';
import type { AccountKind } from '../generated/prisma/enums.ts';
import type { Bank } from '../truelayer/bank.ts';
import { BankError } from '../truelayer/errors.ts';
import type { Listing } from '../truelayer/listing.ts';
import type { WireAccount } from '../truelayer/wire-account.ts';
import type { WireCard } from '../truelayer/wire-card.ts';
import type { WireInfo } from '../truelayer/wire-info.ts';
import type { WireMe } from '../truelayer/wire-me.ts';

/** What a fresh consent opens, in the bank's words. */
export interface BankView {
  readonly me: WireMe | null;
  /** Null where the bank was not asked, or did not answer. */
  readonly holders: readonly WireInfo[] | null;
  /** The holders' names; null where the bank does not say. */
  readonly holderName: string | null;
  readonly accounts: readonly WireAccount[];
  readonly cards: readonly WireCard[];
  /** The kinds whose list is whole: what it leaves out is not shared. */
  readonly whole: readonly AccountKind[];
  /** What of the lists could not be understood. */
  readonly refused: readonly RefusedList[];
}

/** Records of one list that could not be understood. */
export interface RefusedList extends Pick<Listing<unknown>, 'refusals'> {
  readonly endpoint: 'ACCOUNTS' | 'CARDS';
}

/**
 * Reads what a consent opens, as far as its scopes go. What the bank says of the consent and its
 * holder may fail without harm; the lists of accounts and cards may not. Calls the network.
 *
 * @throws BankError if a list cannot be read
 */
export async function readBankView(app: App, bank: Bank, consent: Consent): Promise<BankView> {
  const may = (scope: string) => consent.scopes.includes(scope);
  const [me, info, accounts, cards] = await Promise.all([
    orNull(bank.me()),
    may('info') ? orNull(bank.info()) : null,
    may('accounts') ? listOf(app, 'accounts', bank.accounts()) : NOT_ALLOWED,
    may('cards') ? listOf(app, 'cards', bank.cards()) : NOT_ALLOWED,
  ]);
  const names = (info?.items ?? []).flatMap(({ fullName }) => fullName ?? []);
  return {
    me,
    holders: info?.items ?? null,
    holderName: names.length === 0 ? null : names.join(' and '),
    accounts: accounts.items,
    cards: cards.items,
    whole: [
      ...(accounts.whole ? (['BANK_ACCOUNT'] as const) : []),
      ...(cards.whole ? (['CARD'] as const) : []),
    ],
    refused: [
      { endpoint: 'ACCOUNTS', refusals: accounts.refusals },
      { endpoint: 'CARDS', refusals: cards.refusals },
    ],
  };
}

/** A list, and whether it names all that there is. */
interface WholeList<T> extends Pick<Listing<T>, 'items' | 'refusals'> {
  readonly whole: boolean;
}

/** Without its scope the user shares none of them: so much is certain. */
const NOT_ALLOWED: WholeList<never> = { items: [], refusals: [], whole: true };

async function orNull<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await call;
  } catch (error) {
    // A refused token is for whoever lent the access: it is refreshed, and all is read again.
    if (error instanceof BankError && error.meaning !== 'TOKEN_REJECTED') return null;
    throw error;
  }
}

/** A list; empty only where the bank has no such thing, never because it refused. */
async function listOf<T>(app: App, what: string, call: Promise<Listing<T>>): Promise<WholeList<T>> {
  try {
    const { items, refused, refusedReasons, refusals } = await call;
    if (refused > 0) app.log.warn({ what, refused, at: refusedReasons }, 'records not understood');
    // A record that made no sense may be any of those that are missing.
    return { items, refusals, whole: refused === 0 };
  } catch (error) {
    if (error instanceof BankError && error.meaning === 'NOT_SUPPORTED') {
      // It says nothing of accounts that were there before.
      return { items: [], refusals: [], whole: false };
    }
    throw error;
  }
}
