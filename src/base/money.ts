/**
 * An exact decimal number as text in plain notation, `-1234.50`: never an exponent, never `-0`.
 * Money is this text with its currency beside it; it never passes through a binary float.
 */
export type Decimal = string & { readonly __kind: 'Decimal' };

const NUMBER = /^([+-]?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,3}))?$/;

/** Beyond this no bank balance can lie; it keeps hostile exponents from filling memory. */
const DIGITS_MAX = 60;

/**
 * Reads a number as JSON or Postgres writes it, and keeps every digit: `12.340`, `1E21`, `-0`.
 *
 * @throws RangeError if it is no number, or has more than 60 digits on either side of the point
 */
export function parseDecimal(text: string): Decimal {
  const match = NUMBER.exec(text.trim());
  if (match === null) throw new RangeError('not a decimal number');
  const [, sign = '', whole = '', fraction = '', exponentText = '0'] = match;
  const exponent = Number(exponentText);
  if (Math.abs(exponent) > DIGITS_MAX) throw new RangeError('decimal number out of range');
  const digits = whole + fraction;
  const point = whole.length + exponent;
  const padded = point > 0 ? digits.padEnd(point, '0') : '0'.repeat(1 - point) + digits;
  const cut = Math.max(point, 1);
  const integer = padded.slice(0, cut).replace(/^0+(?=\d)/, '');
  const decimals = padded.slice(cut);
  if (integer.length > DIGITS_MAX || decimals.length > DIGITS_MAX) {
    throw new RangeError('decimal number out of range');
  }
  const plain = decimals === '' ? integer : `${integer}.${decimals}`;
  return (sign === '-' && /[1-9]/.test(plain) ? `-${plain}` : plain) as Decimal;
}

/** The same amount with the other sign; zero stays zero. */
export function negate(amount: Decimal): Decimal {
  if (isZero(amount)) return amount;
  return (amount.startsWith('-') ? amount.slice(1) : `-${amount}`) as Decimal;
}

/** True below zero. */
export function isNegative(amount: Decimal): boolean {
  return amount.startsWith('-');
}

/** True for zero, however many digits it is written with. */
export function isZero(amount: Decimal): boolean {
  return !/[1-9]/.test(amount);
}

// ISO 4217 gives every currency two decimal digits but these.
const DIGITS_OTHER_THAN_TWO: ReadonlyMap<string, number> = new Map([
  ...'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'
    .split(' ')
    .map((code) => [code, 0] as const),
  ...'BHD IQD JOD KWD LYD OMR TND'.split(' ').map((code) => [code, 3] as const),
  ['CLF', 4],
  ['UYW', 4],
]);

/**
 * How many decimal digits the currency's minor unit has: 2 for GBP, 0 for JPY, 3 for KWD.
 *
 * @see https://www.six-group.com/en/products-services/financial-information/data-standards.html
 */
export function minorDigits(currency: string): number {
  return DIGITS_OTHER_THAN_TWO.get(currency) ?? 2;
}

/** The amount with at least the currency's minor digits: `12.3` GBP is `12.30`, `12.345` stays. */
export function showAmount(amount: string, currency: string): string {
  const digits = minorDigits(currency);
  const point = amount.indexOf('.');
  if (point === -1) return digits === 0 ? amount : `${amount}.${'0'.repeat(digits)}`;
  let end = amount.length;
  while (end > point + 1 + digits && amount.charCodeAt(end - 1) === 48) end -= 1;
  if (end === point + 1) return amount.slice(0, point);
  return amount.slice(0, end).padEnd(point + 1 + digits, '0');
}

/**
 * The amount in the currency's minor units, 1234 for 12.34 GBP. Digits finer than the minor unit
 * are rounded to the nearest, halves away from zero.
 */
export function minorUnits(amount: string, currency: string): bigint {
  const negative = amount.startsWith('-');
  const [whole = '0', fraction = ''] = (negative ? amount.slice(1) : amount).split('.');
  const digits = minorDigits(currency);
  const units = BigInt(whole + fraction.slice(0, digits).padEnd(digits, '0'));
  const rounded = (fraction[digits] ?? '0') >= '5' ? units + 1n : units;
  return negative ? -rounded : rounded;
}
