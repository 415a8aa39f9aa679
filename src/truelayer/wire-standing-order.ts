import { z } from 'zod';
import type { Day } from '../base/days.ts';
import type { Decimal } from '../base/money.ts';
import {
  amountOrNull,
  currencyOrNull,
  dayOrNull,
  idOrNull,
  instantOrNull,
  textOrNull,
  word,
} from './fields.ts';

/** A standing order of an account. It has no id of TrueLayer's. */
export interface WireStandingOrder {
  /** The bank's own id, which few give. */
  readonly providerStandingOrderId: string | null;
  /** The bank's own id of the account, which does not change. */
  readonly providerAccountId: string | null;
  /** As it came: `EvryDay`, `IntrvlMnthDay:01:26` (each month on the 26th), `QtrDay` and others. */
  readonly frequency: string | null;
  /** `ACTIVE`, `INACTIVE`, or what a bank adds; `UNKNOWN` where absent. */
  readonly status: string;
  /** Of every amount here. */
  readonly currency: string | null;
  readonly firstPaymentOn: Day | null;
  readonly firstPaymentAmount: Decimal | null;
  readonly previousPaymentOn: Day | null;
  readonly previousPaymentAmount: Decimal | null;
  readonly nextPaymentOn: Day | null;
  readonly nextPaymentAmount: Decimal | null;
  /** Null where the order runs until it is cancelled. */
  readonly finalPaymentOn: Day | null;
  readonly finalPaymentAmount: Decimal | null;
  readonly payee: string | null;
  readonly reference: string | null;
  /** When the bank was asked. */
  readonly updatedAt: Date | null;
}

const meta = z.object({ provider_standing_order_id: idOrNull, provider_account_id: idOrNull });

/**
 * Reads a record of `/accounts/{id}/standing_orders`. Payments fall on days: a time of day beside
 * one is midnight, or means nothing.
 */
export const standingOrderShape: z.ZodType<WireStandingOrder> = z
  .object({
    meta: meta.catch(() => meta.parse({})),
    frequency: textOrNull,
    status: word,
    currency: currencyOrNull,
    first_payment_date: dayOrNull,
    first_payment_amount: amountOrNull,
    previous_payment_timestamp: dayOrNull,
    previous_payment_amount: amountOrNull,
    next_payment_date: dayOrNull,
    next_payment_amount: amountOrNull,
    final_payment_date: dayOrNull,
    final_payment_amount: amountOrNull,
    payee: textOrNull,
    reference: textOrNull,
    timestamp: instantOrNull,
  })
  .transform((wire) => ({
    providerStandingOrderId: wire.meta.provider_standing_order_id,
    providerAccountId: wire.meta.provider_account_id,
    frequency: wire.frequency,
    status: wire.status,
    currency: wire.currency,
    firstPaymentOn: wire.first_payment_date,
    firstPaymentAmount: wire.first_payment_amount,
    previousPaymentOn: wire.previous_payment_timestamp,
    previousPaymentAmount: wire.previous_payment_amount,
    nextPaymentOn: wire.next_payment_date,
    nextPaymentAmount: wire.next_payment_amount,
    finalPaymentOn: wire.final_payment_date,
    finalPaymentAmount: wire.final_payment_amount,
    payee: wire.payee,
    reference: wire.reference,
    updatedAt: wire.timestamp,
  }));
