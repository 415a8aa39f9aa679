import { z } from 'zod';
import type { Day } from '../base/days.ts';
import type { Decimal } from '../base/money.ts';
import { isExactObject, type ExactJson } from './exact-json.ts';
import {
  amount,
  amountOrNull,
  currency,
  currencyOrNull,
  id,
  idOrNull,
  moment,
  textOrNull,
  texts,
  word,
} from './fields.ts';

/** A transaction of an account or a card, booked or pending, before any meaning of ours. */
export interface WireTransaction {
  /** TrueLayer's hash; may change between requests. */
  readonly transactionId: string;
  /** The id that does not change; many providers give none. */
  readonly normalisedId: string | null;
  /** The bank's own id. */
  readonly providerTransactionId: string | null;
  readonly timestamp: {
    /** The calendar day as the bank wrote it. */
    readonly day: Day;
    /** Null where the bank gives no time of day; midnight is none. */
    readonly instant: Date | null;
  };
  /** Empty where the bank gives none. */
  readonly description: string;
  /**
   * As on the wire. For accounts negative is money out, for cards positive is money spent; `type`
   * is the word to trust.
   */
  readonly amount: Decimal;
  readonly currency: string;
  /** `DEBIT` or `CREDIT`; any other word is kept, `UNKNOWN` where there is none. */
  readonly type: string;
  /** `PURCHASE`, `DIRECT_DEBIT` and so on; any other word is kept, `UNKNOWN` where there is none. */
  readonly category: string;
  /** At most a primary and a sub-classification; may change over time. */
  readonly classification: readonly string[];
  readonly merchantName: string | null;
  /** Null unless both parts are given. */
  readonly runningBalance: { readonly amount: Decimal; readonly currency: string } | null;
  readonly meta: WireTransactionMeta;
}

/**
 * What a bank adds to a transaction; everything may be missing. Left out are ids that stand above
 * as well, and which of an account's cards paid.
 */
export interface WireTransactionMeta {
  readonly reference: string | null;
  readonly counterpartyName: string | null;
  readonly counterpartyIban: string | null;
  /** The bank's code for the kind of transaction, `DEB`, `DD`, `BGC`. */
  readonly providerTransactionCategory: string | null;
  readonly providerCategory: string | null;
  readonly providerMerchantName: string | null;
  /** Where it took place, `INTERNET` too. */
  readonly address: string | null;
  /** What the user wrote at the bank. */
  readonly userComments: string | null;
}

const metaShape = z
  .object({
    provider_reference: textOrNull,
    counter_party_preferred_name: textOrNull,
    debtor_account_name: textOrNull,
    counter_party_iban: textOrNull,
    provider_transaction_category: textOrNull,
    provider_category: textOrNull,
    provider_merchant_name: textOrNull,
    address: textOrNull,
    location: textOrNull,
    user_comments: textOrNull,
  })
  .transform((wire) => ({
    reference: wire.provider_reference,
    // Monzo names who paid in a field of its own.
    counterpartyName: wire.counter_party_preferred_name ?? wire.debtor_account_name,
    counterpartyIban: wire.counter_party_iban,
    providerTransactionCategory: wire.provider_transaction_category,
    providerCategory: wire.provider_category,
    providerMerchantName: wire.provider_merchant_name,
    // The same on cards.
    address: wire.address ?? wire.location,
    userComments: wire.user_comments,
  }));

const meta = z
  .unknown()
  .optional()
  .transform((value): WireTransactionMeta => {
    const given = value as ExactJson | undefined;
    return metaShape.parse(isExactObject(given) ? given : {});
  });

// Comes as `{}` too, and then there is none.
const runningBalance = z
  .object({ amount: amountOrNull, currency: currencyOrNull })
  .transform((wire) =>
    wire.amount === null || wire.currency === null
      ? null
      : { amount: wire.amount, currency: wire.currency },
  )
  .catch(null);

/** Reads a record of `/accounts/{id}/transactions`, `/cards/{id}/transactions` or their pending. */
export const transactionShape: z.ZodType<WireTransaction> = z
  .object({
    transaction_id: id,
    normalised_provider_transaction_id: idOrNull,
    provider_transaction_id: idOrNull,
    timestamp: moment,
    description: textOrNull,
    amount,
    currency,
    transaction_type: word,
    transaction_category: word,
    transaction_classification: texts,
    merchant_name: textOrNull,
    running_balance: runningBalance,
    meta,
  })
  .transform((wire) => ({
    transactionId: wire.transaction_id,
    normalisedId: wire.normalised_provider_transaction_id,
    providerTransactionId: wire.provider_transaction_id,
    timestamp: {
      day: wire.timestamp.day,
      instant: wire.timestamp.hasTime ? wire.timestamp.instant : null,
    },
    description: wire.description ?? '',
    amount: wire.amount,
    currency: wire.currency,
    type: wire.transaction_type,
    category: wire.transaction_category,
    classification: wire.transaction_classification,
    merchantName: wire.merchant_name,
    runningBalance: wire.running_balance,
    meta: wire.meta,
  }));
