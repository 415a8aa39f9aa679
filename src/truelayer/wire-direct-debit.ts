import { z } from 'zod';
import type { Day } from '../base/days.ts';
import type { Decimal } from '../base/money.ts';
import {
  amountOrNull,
  currencyOrNull,
  dayOrNull,
  id,
  idOrNull,
  instantOrNull,
  textOrNull,
  word,
} from './fields.ts';

/** A direct debit of an account. */
export interface WireDirectDebit {
  /** TrueLayer's own; may change between requests. */
  readonly directDebitId: string;
  /** The bank's own id, which few give and which does not change. */
  readonly providerDirectDebitId: string | null;
  /** The bank's own id of the account, which does not change. */
  readonly providerAccountId: string | null;
  /** The reference under which the payee collects. */
  readonly mandateId: string | null;
  /** Who collects. */
  readonly name: string | null;
  /** `ACTIVE`, `INACTIVE`, or what a bank adds; `UNKNOWN` where absent. */
  readonly status: string;
  readonly currency: string | null;
  readonly previousPaymentOn: Day | null;
  readonly previousPaymentAmount: Decimal | null;
  /** When the bank was asked. */
  readonly updatedAt: Date | null;
}

const meta = z.object({
  provider_direct_debit_id: idOrNull,
  provider_account_id: idOrNull,
  provider_mandate_identification: textOrNull,
});

/**
 * Reads a record of `/accounts/{id}/direct_debits`. Payments fall on days: a time of day beside one
 * is midnight, or means nothing.
 */
export const directDebitShape: z.ZodType<WireDirectDebit> = z
  .object({
    direct_debit_id: id,
    meta: meta.catch(() => meta.parse({})),
    name: textOrNull,
    status: word,
    currency: currencyOrNull,
    previous_payment_timestamp: dayOrNull,
    previous_payment_amount: amountOrNull,
    timestamp: instantOrNull,
  })
  .transform((wire) => ({
    directDebitId: wire.direct_debit_id,
    providerDirectDebitId: wire.meta.provider_direct_debit_id,
    providerAccountId: wire.meta.provider_account_id,
    mandateId: wire.meta.provider_mandate_identification,
    name: wire.name,
    status: wire.status,
    currency: wire.currency,
    previousPaymentOn: wire.previous_payment_timestamp,
    previousPaymentAmount: wire.previous_payment_amount,
    updatedAt: wire.timestamp,
  }));
