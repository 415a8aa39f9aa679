import { minorDigits, minorUnits, parseDecimal } from '../../src/base/money.ts';

/**
 * An amount of the wire in whole minor units of its currency, by its digits and not by a product of
 * binary numbers.
 *
 * @throws RangeError if it has more digits than its currency, as sums of binary numbers have
 */
export function exactMinor(amount: unknown, currency: unknown): bigint {
  const text = parseDecimal(String(amount));
  const digits = text.split('.')[1]?.length ?? 0;
  if (digits > minorDigits(String(currency))) throw new RangeError(`${text} ${String(currency)}`);
  return minorUnits(text, String(currency));
}

/** The sum of amounts in minor units. */
export function sumOf(amounts: readonly bigint[]): bigint {
  return amounts.reduce((sum, minor) => sum + minor, 0n);
}
