import { z } from 'zod';
import { currencyOrNull, id, instantOrNull, monthOrNull, textOrNull, word } from './fields.ts';
import { providerReference } from './wire-account.ts';

/** A card account as the bank shows it; debit cards are mostly not listed. */
export interface WireCard {
  /** Its own id: the wire calls it `account_id` here too. */
  readonly accountId: string;
  /** `VISA`, `MASTERCARD`, `AMEX`, or what a bank adds. */
  readonly network: string;
  /** `CREDIT`, `CHARGE`, `DEBIT`, or what a bank adds. */
  readonly cardType: string;
  /** The last digits: four, five for Amex in its older form. */
  readonly partialNumber: string | null;
  readonly nameOnCard: string | null;
  readonly displayName: string | null;
  readonly currency: string | null;
  /** A month, `YYYY-MM`. */
  readonly validFrom: string | null;
  /** A month, `YYYY-MM`. */
  readonly validTo: string | null;
  readonly providerId: string | null;
  readonly updatedAt: Date | null;
}

/** Reads a record of `/cards`. */
export const cardShape: z.ZodType<WireCard> = z
  .object({
    account_id: id,
    card_network: word,
    card_type: word,
    partial_card_number: textOrNull,
    name_on_card: textOrNull,
    display_name: textOrNull,
    currency: currencyOrNull,
    valid_from: monthOrNull,
    valid_to: monthOrNull,
    provider: providerReference.catch({ provider_id: null, display_name: null }),
    update_timestamp: instantOrNull,
  })
  .transform((wire) => ({
    accountId: wire.account_id,
    network: wire.card_network,
    cardType: wire.card_type,
    partialNumber: wire.partial_card_number,
    nameOnCard: wire.name_on_card,
    displayName: wire.display_name,
    currency: wire.currency,
    validFrom: wire.valid_from,
    validTo: wire.valid_to,
    providerId: wire.provider.provider_id,
    updatedAt: wire.update_timestamp,
  }));
