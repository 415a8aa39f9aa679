import type { AccountKind } from '../generated/prisma/enums.ts';
import {
  type AccountView,
  compare,
  currencyOf,
  type Identifiers,
  identifiersOf,
  ibanOf,
  type Likeness,
} from './identifiers.ts';

// Matching is by the plain columns of the viewer's own accounts at one bank, a few dozen rows under their
// lock. Keyed indexes over identifiers would find rows among many, and hide what stands in clear
// beside them for the API to show: here they would do neither.

/** An account as one answer of a bank lists it. */
export interface ListedView extends AccountView {
  readonly providerAccountId: string;
}

/** An account that the viewer has at the bank. */
export interface KnownAccount {
  readonly id: string;
  readonly kind: AccountKind;
  /** What was seen of it, and of each account that was merged into it. */
  readonly views: readonly AccountView[];
  /** The provider's ids for it, all that it ever had. */
  readonly aliases: readonly string[];
  /** False while another living consent feeds it: then its absence here says nothing. */
  readonly missable: boolean;
}

/** Why two accounts may be one. */
export type ProposalReason =
  | 'SAME_PROVIDER_ID'
  | 'NOT_UNIQUE'
  | 'PARTLY_ALIKE'
  | 'SAME_NAME'
  | 'CARD_REPLACED'
  | 'TOOK_ITS_PLACE';

/** An account of the answer that may be one that the viewer has, or may not. */
export interface Doubt {
  /** Its place in the answer. */
  readonly listed: number;
  readonly knownId: string;
  readonly reason: ProposalReason;
}

/** What an answer was matched to. */
export interface Matching {
  /** By place in the answer, the id of the account that it is; null for a new one. */
  readonly known: readonly (string | null)[];
  readonly doubts: readonly Doubt[];
}

const DOUBTS_MAX = 5;

interface ListedEntry {
  readonly place: number;
  readonly view: ListedView;
  readonly identifiers: Identifiers;
}
interface KnownEntry {
  readonly account: KnownAccount;
  readonly identifiers: readonly Identifiers[];
}

/**
 * Tells which of the viewer's accounts at a bank the accounts of one answer are. Two views are the
 * same where all identifiers that both have agree and one of them identifies, one to one, or where
 * the provider's id is the same and no identifier speaks against it. Whatever two accounts of the
 * answer, or two of the viewer's, could claim alike identifies neither. Anything less is a doubt,
 * for the viewer to decide. The result does not depend on any order.
 *
 * @param listed - each provider's id once for each kind
 * @param known - all accounts of the viewer at this bank in this environment
 */
export function matchAccounts(
  listed: readonly ListedView[],
  known: readonly KnownAccount[],
): Matching {
  const entries = listedEntries(listed);
  const accounts = knownEntries(known);
  const matched = new Map<number, string>();
  const free = () => ({
    left: entries.filter(({ place }) => !matched.has(place)),
    right: accounts.filter(({ account }) => ![...matched.values()].includes(account.id)),
  });
  for (const isSame of [byAlias, byIdentifiers]) {
    const { left, right } = free();
    const pairs = left.flatMap((entry) =>
      right.filter((other) => isSame(entry, other)).map((other) => [entry, other] as const),
    );
    for (const [entry, other] of pairs) {
      const rivals = pairs.filter(([a, b]) => a === entry || b === other);
      if (rivals.length === 1) matched.set(entry.place, other.account.id);
    }
  }
  const { left, right } = free();
  const doubts = left.flatMap((entry) => doubtsOf(entry, right));
  return {
    known: listed.map((_, place) => matched.get(place) ?? null),
    doubts: [...doubts, ...successors(left, right, doubts)],
  };
}

/**
 * Where of a kind one account is gone and one is new, and nothing that is known of both differs, it may be
 * one whose id and name have changed at a bank that says no more of it.
 */
function successors(
  left: readonly ListedEntry[],
  right: readonly KnownEntry[],
  doubts: readonly Doubt[],
): Doubt[] {
  const possible = left.flatMap(({ place, view, identifiers }) =>
    right
      .filter(({ account, identifiers: views }) => {
        const { kind, missable } = account;
        return kind === view.kind && missable && best(kind, identifiers, views) === 'UNKNOWN';
      })
      .map(({ account }) => ({ listed: place, knownId: account.id })),
  );
  const others = (one: Pick<Doubt, 'listed' | 'knownId'>) =>
    [...possible, ...doubts].filter(
      ({ listed, knownId }) => listed === one.listed || knownId === one.knownId,
    );
  return possible
    .filter((one) => others(one).length === 1)
    .map((one) => ({ ...one, reason: 'TOOK_ITS_PLACE' }));
}

function byAlias({ view, identifiers }: ListedEntry, { account, ...other }: KnownEntry): boolean {
  if (view.kind !== account.kind || !account.aliases.includes(view.providerAccountId)) return false;
  const likeness = best(view.kind, identifiers, other.identifiers);
  return likeness === 'SAME' || likeness === 'UNKNOWN';
}

function byIdentifiers({ view, identifiers }: ListedEntry, other: KnownEntry): boolean {
  if (view.kind !== other.account.kind) return false;
  return best(view.kind, identifiers, other.identifiers) === 'SAME';
}

/** What the view of an account that is most like says. */
function best(kind: AccountKind, listed: Identifiers, views: readonly Identifiers[]): Likeness {
  const found = new Set(views.map((view) => compare(kind, listed, view)));
  const order = ['SAME', 'UNKNOWN', 'DISPUTED'] as const;
  return order.find((likeness) => found.has(likeness)) ?? 'DIFFERENT';
}

function doubtsOf({ place, view }: ListedEntry, right: readonly KnownEntry[]): Doubt[] {
  const doubts = right.flatMap(({ account }): Doubt[] => {
    const reason = view.kind === account.kind ? doubtOf(view, account) : null;
    return reason === null ? [] : [{ listed: place, knownId: account.id, reason }];
  });
  // By id, so that the order of rows decides nothing.
  return doubts.toSorted((a, b) => (a.knownId < b.knownId ? -1 : 1)).slice(0, DOUBTS_MAX);
}

// Here an IBAN counts though several accounts show it: it is a hint, and no more is asked of it.
function doubtOf(view: ListedView, account: KnownAccount): ProposalReason | null {
  const { kind } = view;
  const listed = identifiersOf(view);
  if (account.aliases.includes(view.providerAccountId)) return 'SAME_PROVIDER_ID';
  const likenesses = account.views.map((other) => compare(kind, listed, identifiersOf(other)));
  if (likenesses.includes('SAME')) return 'NOT_UNIQUE';
  if (!account.missable) return null;
  if (likenesses.includes('DISPUTED')) return 'PARTLY_ALIKE';
  const namesakes = account.views.filter((other) => isNamesake(view, other));
  if (namesakes.some((other) => compare(kind, listed, identifiersOf(other)) === 'UNKNOWN')) {
    return 'SAME_NAME';
  }
  return kind === 'CARD' && namesakes.length > 0 ? 'CARD_REPLACED' : null;
}

function isNamesake(a: AccountView, b: AccountView): boolean {
  const name = (view: AccountView) => view.displayName?.trim().toUpperCase() ?? '';
  const currencies = [currencyOf(a.currency), currencyOf(b.currency)];
  return (
    name(a) !== '' &&
    name(a) === name(b) &&
    (currencies.includes(null) || currencies[0] === currencies[1])
  );
}

function listedEntries(listed: readonly ListedView[]): ListedEntry[] {
  const shared = sharedIbans(listed.map((view) => [view]));
  return listed.map((view, place) => ({
    place,
    view,
    identifiers: identifiersOf(view, !shared.has(ibanOf(view.iban))),
  }));
}

function knownEntries(known: readonly KnownAccount[]): KnownEntry[] {
  const shared = sharedIbans(known.map((account) => account.views));
  return known.map((account) => ({
    account,
    identifiers: account.views.map((view) => identifiersOf(view, !shared.has(ibanOf(view.iban)))),
  }));
}

/**
 * The IBANs that several accounts show, unless each of them is in a currency of its own: one bank
 * gives all accounts of a customer the same.
 */
function sharedIbans(accounts: readonly (readonly AccountView[])[]): ReadonlySet<string | null> {
  const holders = accounts.flatMap((views, account) =>
    views.flatMap((view) => {
      const iban = ibanOf(view.iban);
      return iban === null ? [] : [{ iban, account, currency: currencyOf(view.currency) }];
    }),
  );
  const shared = holders.filter((holder) =>
    holders.some(
      (other) =>
        other.iban === holder.iban &&
        other.account !== holder.account &&
        (other.currency === null || holder.currency === null || other.currency === holder.currency),
    ),
  );
  return new Set(shared.map(({ iban }) => iban));
}
