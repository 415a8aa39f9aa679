import type { App } from '../app.ts';
import { uuidv7 } from '../base/entropy.ts';
import type { AccountKind } from '../generated/prisma/enums.ts';
import type { ChangeEntry } from '../changes/log.ts';
import type { Tx } from '../postgres/db.ts';
import type { WireAccount } from '../truelayer/wire-account.ts';
import type { WireBalance, WireCardBalance } from '../truelayer/wire-balance.ts';
import type { WireCard } from '../truelayer/wire-card.ts';

/** The consent that opened the accounts, once its bank is known. */
export interface AccountOwner {
  /** The consent's id. */
  readonly id: string;
  readonly viewerId: string;
  readonly environment: string;
  readonly providerId: string;
  readonly consentedAt: Date;
}

/** What a bank lists for a consent. */
export interface ListedAccounts {
  readonly accounts: readonly WireAccount[];
  readonly cards: readonly WireCard[];
  /** Whose they are, where the bank says so for all of them. */
  readonly holderName: string | null;
}

const NAME_MAX = 200;

/** An account of ours and the provider's name for it. */
export interface SavedAccount {
  readonly id: string;
  readonly kind: AccountKind;
  readonly providerAccountId: string;
}

/**
 * Saves the accounts and cards of a consent, each under the id that it had before. An account that
 * two living consents reach is fed by the one given last.
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
  const rows = [
    ...listed.accounts.map((account) => ({
      ...common('BANK_ACCOUNT', account, account.accountType),
      iban: account.iban,
      account_number: account.number,
      sort_code: account.sortCode,
      bic: account.bic,
      holder_name: listed.holderName,
    })),
    ...listed.cards.map((card) => ({
      ...common('CARD', card, card.cardType),
      card_network: card.network,
      last_digits: card.partialNumber,
      valid_to: card.validTo,
      holder_name: card.nameOnCard ?? listed.holderName,
    })),
  ].map((row, index) => ({ ...row, id: uuidv7(app.entropy, now, index) }));
  const saved = await tx.$queryRaw<(SavedAccount & { added: boolean })[]>`
    insert into account (id, viewer_id, consent_id, environment, provider_id, provider_account_id,
      kind, account_type, display_name, holder_name, currency, iban, account_number, sort_code, bic,
      card_network, last_digits, valid_to, first_seen_at, seen_at)
    select distinct on (kind, provider_account_id) id, ${owner.viewerId}::uuid,
      ${owner.id}::uuid, ${owner.environment}, ${owner.providerId}, provider_account_id,
      kind::account_kind, account_type, display_name, holder_name, currency, iban, account_number,
      sort_code, bic, card_network, last_digits, valid_to, ${now}, ${now}
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as listed (id uuid,
      provider_account_id text, kind text, account_type text, display_name text, holder_name text,
      currency text, iban text, account_number text, sort_code text, bic text, card_network text,
      last_digits text, valid_to text)
    order by kind, provider_account_id
    on conflict (viewer_id, environment, provider_id, kind, provider_account_id) do update set
      consent_id = case when exists (
          select 1 from consent newer where newer.id = account.consent_id
            and newer.consented_at > ${owner.consentedAt} and newer.ended_at is null
        ) then account.consent_id else excluded.consent_id end,
      account_type = excluded.account_type,
      display_name = excluded.display_name,
      holder_name = coalesce(excluded.holder_name, account.holder_name),
      currency = coalesce(excluded.currency, account.currency),
      iban = coalesce(excluded.iban, account.iban),
      account_number = coalesce(excluded.account_number, account.account_number),
      sort_code = coalesce(excluded.sort_code, account.sort_code),
      bic = coalesce(excluded.bic, account.bic),
      card_network = coalesce(excluded.card_network, account.card_network),
      last_digits = coalesce(excluded.last_digits, account.last_digits),
      valid_to = coalesce(excluded.valid_to, account.valid_to),
      seen_at = excluded.seen_at
    returning id::text as id, kind::text as kind, provider_account_id as "providerAccountId",
      xmax = 0 as added`;
  return {
    accounts: saved,
    changes: saved.map(({ id, added }) => ({
      subject: 'ACCOUNT',
      subjectId: id,
      act: added ? 'ADDED' : 'CHANGED',
    })),
  };
}

function common(kind: AccountKind, wire: WireAccount | WireCard, accountType: string) {
  return {
    kind,
    provider_account_id: wire.accountId,
    account_type: accountType,
    // Cut, since it is indexed: no bank means a name of pages.
    display_name: (wire.displayName ?? (kind === 'CARD' ? 'Card' : 'Account')).slice(0, NAME_MAX),
    currency: wire.currency,
  };
}

/**
 * Saves the balance that a bank gave, unless a newer one is there already.
 *
 * @param currency - the account's own, for card balances that leave theirs out
 * @param fetchedAt - when the bank was asked
 */
export async function saveBalance(
  tx: Tx,
  account: { readonly id: string; readonly viewerId: string; readonly currency: string | null },
  balance: WireBalance | WireCardBalance,
  fetchedAt: Date,
): Promise<readonly ChangeEntry[]> {
  const currency = balance.currency ?? account.currency;
  if (currency === null) return [];
  const row = {
    account_id: account.id,
    viewer_id: account.viewerId,
    currency,
    current: balance.current,
    available: balance.available,
    overdraft: 'overdraft' in balance ? balance.overdraft : null,
    as_of: balance.updatedAt ?? fetchedAt,
    fetched_at: fetchedAt,
    ...('creditLimit' in balance
      ? {
          credit_limit: balance.creditLimit,
          last_statement_balance: balance.lastStatementBalance,
          last_statement_on: balance.lastStatementDate,
          payment_due: balance.paymentDue,
          payment_due_on: balance.paymentDueDate,
        }
      : {}),
  };
  const count = await tx.$executeRaw`
    insert into balance
    select * from jsonb_populate_record(null::balance, ${JSON.stringify(row)}::jsonb)
    on conflict (account_id) do update set
      currency = excluded.currency, current = excluded.current, available = excluded.available,
      overdraft = excluded.overdraft, credit_limit = excluded.credit_limit,
      last_statement_balance = excluded.last_statement_balance,
      last_statement_on = excluded.last_statement_on, payment_due = excluded.payment_due,
      payment_due_on = excluded.payment_due_on, as_of = excluded.as_of,
      fetched_at = excluded.fetched_at
    where balance.fetched_at <= excluded.fetched_at`;
  return count === 0 ? [] : [{ subject: 'BALANCE', subjectId: account.id, act: 'CHANGED' }];
}
