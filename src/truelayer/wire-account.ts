import { z } from 'zod';
import { currencyOrNull, id, identifierOrNull, instantOrNull, textOrNull, word } from './fields.ts';

/** A bank account as the bank shows it. */
export interface WireAccount {
  /** Stable while the bank's own fields are; may change with a new consent. */
  readonly accountId: string;
  /** `TRANSACTION`, `SAVINGS`, `BUSINESS_TRANSACTION`, `BUSINESS_SAVINGS`, or what a bank adds. */
  readonly accountType: string;
  readonly displayName: string | null;
  readonly currency: string | null;
  readonly iban: string | null;
  /** The national account number. */
  readonly number: string | null;
  /** United Kingdom, `01-21-31`. */
  readonly sortCode: string | null;
  readonly bic: string | null;
  /** United States. */
  readonly routingNumber: string | null;
  /** Australia. */
  readonly bsb: string | null;
  readonly providerId: string | null;
  readonly updatedAt: Date | null;
}

const numbers = z.object({
  iban: identifierOrNull,
  number: identifierOrNull,
  sort_code: identifierOrNull,
  swift_bic: identifierOrNull,
  routing_number: identifierOrNull,
  bsb: identifierOrNull,
});

/** What a nested `provider` says of itself. */
export const providerReference = z.object({ provider_id: textOrNull, display_name: textOrNull });

/** Reads a record of `/accounts`. */
export const accountShape: z.ZodType<WireAccount> = z
  .object({
    account_id: id,
    account_type: word,
    display_name: textOrNull,
    currency: currencyOrNull,
    // The numbers may be absent, empty or null; the account is one all the same.
    account_number: numbers.catch(() => numbers.parse({})),
    provider: providerReference.catch({ provider_id: null, display_name: null }),
    update_timestamp: instantOrNull,
  })
  .transform((wire) => ({
    accountId: wire.account_id,
    accountType: wire.account_type,
    displayName: wire.display_name,
    currency: wire.currency,
    iban: wire.account_number.iban,
    number: wire.account_number.number,
    sortCode: wire.account_number.sort_code,
    bic: wire.account_number.swift_bic,
    routingNumber: wire.account_number.routing_number,
    bsb: wire.account_number.bsb,
    providerId: wire.provider.provider_id,
    updatedAt: wire.update_timestamp,
  }));
