import type { Tx } from '../postgres/db.ts';
import type { AccountView } from './identifiers.ts';
import type { AccountOwner } from './known.ts';

/** An account of an answer, under its id of ours. */
export interface ListedRow extends AccountView {
  readonly id: string;
  readonly providerAccountId: string;
  readonly accountType: string;
  readonly holderName: string | null;
  readonly validTo: string | null;
  /** Not known before. */
  readonly added: boolean;
}

/**
 * Writes the accounts of an answer. What the bank no longer says is kept, and the name that the viewer
 * gave stays before the bank's.
 */
export async function writeAccounts(
  tx: Tx,
  owner: AccountOwner,
  rows: readonly ListedRow[],
  now: Date,
): Promise<void> {
  await tx.$executeRaw`
    with listed as (
      select * from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as listed (id uuid,
        "providerAccountId" text, kind text, "accountType" text, "displayName" text,
        "holderName" text, "nameOnCard" text, currency text, iban text, "accountNumber" text,
        "sortCode" text, bic text, "cardNetwork" text, "lastDigits" text, "validTo" text,
        added boolean)
    ), known as (
      update account set
        account_type = "accountType",
        display_name = coalesce(own_name, "displayName"),
        bank_name = "displayName",
        holder_name = coalesce("holderName", holder_name),
        name_on_card = coalesce("nameOnCard", name_on_card),
        currency = coalesce(listed.currency, account.currency),
        iban = coalesce(listed.iban, account.iban),
        account_number = coalesce("accountNumber", account_number),
        sort_code = coalesce("sortCode", sort_code),
        bic = coalesce(listed.bic, account.bic),
        card_network = coalesce("cardNetwork", card_network),
        last_digits = coalesce("lastDigits", last_digits),
        valid_to = coalesce("validTo", valid_to),
        seen_at = ${now}
      from listed where account.id = listed.id and not added
    )
    insert into account (id, viewer_id, consent_id, environment, provider_id, provider_account_id,
      kind, account_type, display_name, bank_name, holder_name, name_on_card, currency, iban,
      account_number, sort_code, bic, card_network, last_digits, valid_to, first_seen_at, seen_at)
    select id, ${owner.viewerId}::uuid, ${owner.id}::uuid, ${owner.environment},
      ${owner.providerId}, "providerAccountId", kind::account_kind, "accountType", "displayName",
      "displayName", "holderName", "nameOnCard", currency, iban, "accountNumber", "sortCode", bic,
      "cardNetwork", "lastDigits", "validTo", ${now}, ${now}
    from listed where added`;
}
