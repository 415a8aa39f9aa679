import { z } from 'zod';
import type { Day } from '../base/days.ts';
import type { Decimal } from '../base/money.ts';
import {
  amount,
  amountOrNull,
  currency,
  currencyOrNull,
  dayOrNull,
  instantOrNull,
} from './fields.ts';

/** The balance of a bank account. */
export interface WireBalance {
  readonly currency: string;
  /** What is booked. */
  readonly current: Decimal;
  /** With pending transactions and the overdraft; some banks repeat `current`. */
  readonly available: Decimal | null;
  readonly overdraft: Decimal | null;
  readonly updatedAt: Date | null;
}

/** The balance of a card. */
export interface WireCardBalance {
  /** Null where left out, which the wire allows; the card's own holds then. */
  readonly currency: string | null;
  /** What is owed: positive is debt. */
  readonly current: Decimal;
  /** What may still be spent. */
  readonly available: Decimal | null;
  readonly creditLimit: Decimal | null;
  readonly lastStatementBalance: Decimal | null;
  readonly lastStatementDate: Day | null;
  readonly paymentDue: Decimal | null;
  readonly paymentDueDate: Day | null;
  readonly updatedAt: Date | null;
}

/** Reads the record of `/accounts/{id}/balance`. */
export const balanceShape: z.ZodType<WireBalance> = z
  .object({
    currency,
    current: amount,
    available: amountOrNull,
    overdraft: amountOrNull,
    update_timestamp: instantOrNull,
  })
  .transform(({ update_timestamp, ...wire }) => ({ ...wire, updatedAt: update_timestamp }));

/** Reads the record of `/cards/{id}/balance`. */
export const cardBalanceShape: z.ZodType<WireCardBalance> = z
  .object({
    currency: currencyOrNull,
    current: amount,
    available: amountOrNull,
    credit_limit: amountOrNull,
    last_statement_balance: amountOrNull,
    last_statement_date: dayOrNull,
    payment_due: amountOrNull,
    payment_due_date: dayOrNull,
    update_timestamp: instantOrNull,
  })
  .transform((wire) => ({
    currency: wire.currency,
    current: wire.current,
    available: wire.available,
    creditLimit: wire.credit_limit,
    lastStatementBalance: wire.last_statement_balance,
    lastStatementDate: wire.last_statement_date,
    paymentDue: wire.payment_due,
    paymentDueDate: wire.payment_due_date,
    updatedAt: wire.update_timestamp,
  }));
