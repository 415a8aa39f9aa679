import { minorUnits, showAmount } from '../base/money.ts';
import { builder } from './builder.ts';

/** An amount and its currency, as rows hold them. */
export interface MoneyValue {
  readonly amount: string;
  readonly currency: string;
}

/** The `Money` type. */
export const Money = builder.objectRef<MoneyValue>('Money').implement({
  description: 'An exact amount in one currency.',
  fields: (t) => ({
    amount: t.field({
      type: 'Decimal',
      description: "With at least the currency's own digits: `12.30` for GBP, `1200` for JPY.",
      resolve: ({ amount, currency }) => showAmount(amount, currency),
    }),
    minorUnits: t.field({
      type: 'BigInt',
      description:
        "In the currency's smallest unit: `1230` for 12.30 GBP, `1200` for 1200 JPY. Rounded where a bank gives finer digits.",
      resolve: ({ amount, currency }) => minorUnits(amount, currency),
    }),
    currency: t.expose('currency', {
      type: 'Currency',
      description: 'The currency of the amount.',
    }),
  }),
});

/** Money of an amount that may be missing. */
export function moneyOrNull(amount: string | null, currency: string | null): MoneyValue | null {
  return amount === null || currency === null ? null : { amount, currency };
}
