import type { WireDirectDebit } from '../truelayer/wire-direct-debit.ts';
import type { WireStandingOrder } from '../truelayer/wire-standing-order.ts';
import { keyOf, type Recognisable } from './recognise.ts';

/** What a row says, by its columns; amounts and days as text. */
export type MandateRow = Readonly<Record<string, string | null>>;

/** How direct debits, or standing orders, stand in rows and are known again. */
export interface MandateKind<Wire> {
  readonly table: 'direct_debit' | 'standing_order';
  /** The account's column that says when the whole list was last read. */
  readonly readAt: 'direct_debits_read_at' | 'standing_orders_read_at';
  /** The columns that say something new when they change. */
  readonly columns: readonly string[];
  /** A column that may change at every reading, and says nothing by that. */
  readonly fleeting: string | null;
  /** @param currency - the account's own, for what leaves it out */
  readonly rowOf: (wire: Wire, currency: string | null) => MandateRow;
  readonly tell: (row: MandateRow) => Recognisable;
}

const word = (row: MandateRow, column: string) => row[column] ?? null;

/** What others may collect from an account. */
export const DIRECT_DEBITS: MandateKind<WireDirectDebit> = {
  table: 'direct_debit',
  readAt: 'direct_debits_read_at',
  columns: [
    'name',
    'mandate_id',
    'status',
    'currency',
    'previous_payment_on',
    'previous_payment_amount',
    'provider_direct_debit_id',
  ],
  fleeting: 'direct_debit_id',
  rowOf: (wire, currency) => ({
    name: wire.name,
    mandate_id: wire.mandateId,
    status: wire.status,
    currency: wire.currency ?? currency,
    previous_payment_on: wire.previousPaymentOn,
    previous_payment_amount: wire.previousPaymentAmount,
    provider_direct_debit_id: wire.providerDirectDebitId,
    direct_debit_id: wire.directDebitId,
  }),
  tell(row) {
    const [name, mandate] = [word(row, 'name'), word(row, 'mandate_id')];
    const provider = word(row, 'provider_direct_debit_id');
    return {
      marks: [provider, mandate],
      sure: [
        provider,
        mandate === null ? null : keyOf(name, mandate),
        word(row, 'direct_debit_id'),
        keyOf(name, word(row, 'previous_payment_on'), word(row, 'previous_payment_amount')),
      ],
      likely: [mandate, keyOf(name)],
    };
  },
};

/** What the holder of an account pays regularly. */
export const STANDING_ORDERS: MandateKind<WireStandingOrder> = {
  table: 'standing_order',
  readAt: 'standing_orders_read_at',
  columns: [
    'payee',
    'reference',
    'status',
    'frequency',
    'currency',
    'first_payment_on',
    'first_payment_amount',
    'previous_payment_on',
    'previous_payment_amount',
    'next_payment_on',
    'next_payment_amount',
    'final_payment_on',
    'final_payment_amount',
    'provider_standing_order_id',
  ],
  fleeting: null,
  rowOf: (wire, currency) => ({
    payee: wire.payee,
    reference: wire.reference,
    status: wire.status,
    frequency: wire.frequency,
    currency: wire.currency ?? currency,
    first_payment_on: wire.firstPaymentOn,
    first_payment_amount: wire.firstPaymentAmount,
    previous_payment_on: wire.previousPaymentOn,
    previous_payment_amount: wire.previousPaymentAmount,
    next_payment_on: wire.nextPaymentOn,
    next_payment_amount: wire.nextPaymentAmount,
    final_payment_on: wire.finalPaymentOn,
    final_payment_amount: wire.finalPaymentAmount,
    provider_standing_order_id: wire.providerStandingOrderId,
  }),
  tell(row) {
    const [payee, reference] = [word(row, 'payee'), word(row, 'reference')];
    const [frequency, first] = [word(row, 'frequency'), word(row, 'first_payment_on')];
    const provider = word(row, 'provider_standing_order_id');
    const amount = word(row, 'next_payment_amount');
    return {
      marks: [provider],
      sure: [
        provider,
        keyOf(payee, reference, frequency, first, word(row, 'final_payment_on'), amount),
      ],
      // The amount changes more often than the days, and those more often than whom it is for.
      likely: [
        keyOf(payee, reference, frequency, first),
        keyOf(payee, reference),
        keyOf(payee),
        // A different payee is another order, whenever it falls due.
        payee === null ? keyOf(frequency, first) : null,
      ],
    };
  },
};
