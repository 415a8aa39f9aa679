import type { App } from '../app.ts';
import { uuidv7 } from '../base/entropy.ts';
import type { AccountKind } from '../generated/prisma/enums.ts';
import type { ChangeEntry } from '../changes/log.ts';
import type { Tx } from '../postgres/db.ts';
import type { WireAccount } from '../truelayer/wire-account.ts';
import type { WireCard } from '../truelayer/wire-card.ts';
import { chooseFeeds } from './choose-feeds.ts';
import { type AccountOwner, findKnown, lockAccounts } from './known.ts';
import { matchAccounts } from './match.ts';
import { proposeAccounts } from './propose.ts';
import { writeAccounts } from './write.ts';
import { writeFeeds } from './write-feeds.ts';

/** What a bank lists for a consent. */
export interface ListedAccounts {
  readonly accounts: readonly WireAccount[];
  readonly cards: readonly WireCard[];
  /** The kinds whose list is whole: what it leaves out is no longer shared. */
  readonly whole: readonly AccountKind[];
  /** Whose they are, where the bank says so for all of them. */
  readonly holderName: string | null;
}

const NAME_MAX = 200;

/** An account of ours that a bank listed. */
export interface SavedAccount {
  readonly id: string;
  readonly kind: AccountKind;
  /** Seen for the first time. */
  readonly added: boolean;
}

/**
 * Saves the accounts and cards of a consent, each under the id that it had before, however the bank
 * calls it now. What may be one that the viewer has, or may not, is saved as new and proposed to
 * them. An account that two living consents reach is fed by the one given last; one that a whole list
 * leaves out is kept and no longer read.
 *
 * @returns the saved accounts, with what changed for the change log
 */
export async function saveAccounts(
  app: App,
  tx: Tx,
  owner: AccountOwner,
  listed: ListedAccounts,
  now: Date,
): Promise<{
  readonly accounts: readonly SavedAccount[];
  readonly changes: readonly ChangeEntry[];
}> {
  await lockAccounts(tx, owner.viewerId);
  const known = await findKnown(tx, owner);
  const views = viewsOf(listed);
  const { known: matches, doubts } = matchAccounts(views, known);
  const rows = views.map((view, index) => {
    const id = matches[index] ?? uuidv7(app.entropy, now, index);
    return { ...view, id, added: matches[index] === null };
  });
  await writeAccounts(tx, owner, rows, now);
  const proposed = doubts.map(({ listed: index, knownId, reason }) => ({
    newerId: rows[index]?.id ?? '',
    olderId: knownId,
    reason,
  }));
  await proposeAccounts(app, tx, owner.viewerId, proposed, now);
  const names = rows.map(({ id, kind, providerAccountId }) => ({ id, kind, providerAccountId }));
  await writeFeeds(tx, owner, names, listed.whole, now);
  const seen = new Set(rows.map(({ id }) => id));
  const chosen = await chooseFeeds(tx, owner.viewerId, now);
  return {
    accounts: rows.map(({ id, kind, added }) => ({ id, kind, added })),
    changes: [
      ...rows.map(({ id, added }): ChangeEntry => ({
        subject: 'ACCOUNT',
        subjectId: id,
        act: added ? 'ADDED' : 'CHANGED',
      })),
      ...chosen.filter(({ subjectId }) => !seen.has(subjectId)),
    ],
  };
}

/** The listed accounts as our rows say it, each of the provider's ids once for each kind. */
function viewsOf({ accounts, cards, holderName }: ListedAccounts) {
  const views = [
    ...accounts.map((account) => ({
      ...common('BANK_ACCOUNT', account, account.accountType),
      iban: account.iban,
      accountNumber: account.number,
      sortCode: account.sortCode,
      bic: account.bic,
      holderName,
    })),
    ...cards.map((card) => ({
      ...common('CARD', card, card.cardType),
      cardNetwork: card.network,
      lastDigits: card.partialNumber,
      validTo: card.validTo,
      nameOnCard: card.nameOnCard,
      holderName: card.nameOnCard ?? holderName,
    })),
  ];
  const byName = new Map(views.map((view) => [`${view.kind} ${view.providerAccountId}`, view]));
  return [...byName.values()];
}

function common(kind: AccountKind, wire: WireAccount | WireCard, accountType: string) {
  return {
    kind,
    providerAccountId: wire.accountId,
    accountType,
    // Cut, since it is indexed: no bank means a name of pages.
    displayName: (wire.displayName ?? (kind === 'CARD' ? 'Card' : 'Account')).slice(0, NAME_MAX),
    currency: wire.currency,
    iban: null as string | null,
    accountNumber: null as string | null,
    sortCode: null as string | null,
    bic: null as string | null,
    cardNetwork: null as string | null,
    lastDigits: null as string | null,
    nameOnCard: null as string | null,
    validTo: null as string | null,
  };
}
