import { parseDay } from '../../src/base/days.ts';
import { parseDecimal } from '../../src/base/money.ts';
import type { WireTransaction } from '../../src/truelayer/wire-transaction.ts';

/** A booked coffee, but for what is given. */
export function wireTransaction(
  given: Partial<Omit<WireTransaction, 'amount' | 'timestamp'>> & {
    readonly amount?: string;
    readonly day?: string;
  },
): WireTransaction {
  const { amount = '-2.80', day = '2026-03-01', ...rest } = given;
  return {
    transactionId: 'hash',
    normalisedId: null,
    providerTransactionId: null,
    timestamp: { day: parseDay(day), instant: null },
    description: 'COFFEE',
    amount: parseDecimal(amount),
    currency: 'GBP',
    type: amount.startsWith('-') ? 'DEBIT' : 'CREDIT',
    category: 'PURCHASE',
    classification: [],
    merchantName: null,
    runningBalance: null,
    meta: {
      reference: null,
      counterpartyName: null,
      counterpartyIban: null,
      providerTransactionCategory: null,
      providerCategory: null,
      providerMerchantName: null,
      address: null,
      userComments: null,
    },
    ...rest,
  };
}
