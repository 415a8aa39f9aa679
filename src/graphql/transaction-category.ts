import { builder } from './builder.ts';

const CATEGORIES = {
  ATM: { description: 'Cash from a machine.' },
  BILL_PAYMENT: { description: 'A bill that was paid.' },
  CASH: { description: 'Cash paid in or taken out at a counter.' },
  CASHBACK: { description: 'Cash taken out with a purchase.' },
  CHEQUE: { description: 'A cheque.' },
  CORRECTION: { description: 'A mistake that the bank put right.' },
  CREDIT: { description: 'Money in, of no closer kind.' },
  DEBIT: { description: 'Money out, of no closer kind.' },
  DIRECT_DEBIT: { description: 'Collected by a payee whom the holder allowed to.' },
  DIVIDEND: { description: 'A share of profits.' },
  FEE_CHARGE: { description: 'A fee of the bank.' },
  INTEREST: { description: 'Interest, paid or earned.' },
  OTHER: { description: 'What the bank itself calls other.' },
  PURCHASE: { description: 'Bought, by card as a rule.' },
  STANDING_ORDER: { description: "Paid regularly by the holder's order." },
  TRANSFER: { description: 'Sent to another account, or received from one.' },
  UNKNOWN: { description: 'A kind that this API does not know.' },
};

/** The `TransactionCategory` enum. */
export const TransactionCategory = builder.enumType('TransactionCategory', {
  description: 'The kind of a transaction, in the words of the bank.',
  values: CATEGORIES,
});

/** The category of a bank's word, kept as text; `UNKNOWN` for a word that is none of ours. */
export function categoryOf(word: string): keyof typeof CATEGORIES {
  return isCategory(word) ? word : 'UNKNOWN';
}

function isCategory(word: string): word is keyof typeof CATEGORIES {
  return Object.hasOwn(CATEGORIES, word);
}
