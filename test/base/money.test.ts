import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { minorDigits, minorUnits, negate, parseDecimal, showAmount } from '../../src/base/money.ts';

describe('an amount', () => {
  it.each([
    ['12.340', '12.340', '12.34'],
    ['12.3', '12.3', '12.30'],
    ['12', '12', '12.00'],
    ['12345678901234567.89', '12345678901234567.89', '12345678901234567.89'],
    ['1E21', '1000000000000000000000', '1000000000000000000000.00'],
    ['1.5e1', '15', '15.00'],
    ['1e-7', '0.0000001', '0.0000001'],
    ['-0', '0', '0.00'],
    ['-0.00', '0.00', '0.00'],
    ['-12.5', '-12.5', '-12.50'],
    ['007.50', '7.50', '7.50'],
    ['0.1', '0.1', '0.10'],
  ])('%s is kept as %s and shown in pounds as %s', (text, kept, shown) => {
    expect(parseDecimal(text)).toBe(kept);
    expect(showAmount(parseDecimal(text), 'GBP')).toBe(shown);
  });

  it.each([
    '',
    'abc',
    '1,5',
    '0x10',
    'NaN',
    'Infinity',
    '1e999',
    '--1',
    '1.',
    `1${'0'.repeat(70)}`,
  ])('%j is refused', (text) => {
    expect(() => parseDecimal(text)).toThrow(RangeError);
  });

  it.each([
    ['JPY', 0, '1200', 1200n],
    ['GBP', 2, '1200.00', 120_000n],
    ['KWD', 3, '1200.000', 1_200_000n],
    ['CLF', 4, '1200.0000', 12_000_000n],
    ['XBT', 2, '1200.00', 120_000n],
  ])('of 1200 %s has %i digits', (currency, digits, shown, units) => {
    expect(minorDigits(currency)).toBe(digits);
    expect(showAmount('1200', currency)).toBe(shown);
    expect(minorUnits('1200', currency)).toBe(units);
  });

  // Whatever ISO 4217 has that is not of two digits; all others are.
  it.each([
    [0, 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'],
    [3, 'BHD IQD JOD KWD LYD OMR TND'],
    [4, 'CLF UYW'],
  ])('has %i digits in %s', (digits, currencies) => {
    for (const currency of currencies.split(' ')) {
      expect([currency, minorDigits(currency)]).toEqual([currency, digits]);
      expect(minorUnits(showAmount('-0.5', currency), currency)).toBe(
        digits === 0 ? -1n : -5n * 10n ** BigInt(digits - 1),
      );
    }
  });

  it.each([
    ['0.004', 0n],
    ['0.005', 1n],
    ['-0.005', -1n],
    ['-12.345', -1235n],
    ['12345678901234567.89', 1_234_567_890_123_456_789n],
  ])('%s has %s pence, halves rounded away from zero', (amount, units) => {
    expect(minorUnits(amount, 'GBP')).toBe(units);
  });

  it('keeps every digit on its way through the minor units and back', () => {
    fc.assert(
      fc.property(fc.bigInt(-(10n ** 17n), 10n ** 17n), (units) => {
        const sign = units < 0n ? '-' : '';
        const digits = (units < 0n ? -units : units).toString().padStart(3, '0');
        const amount = parseDecimal(`${sign}${digits.slice(0, -2)}.${digits.slice(-2)}`);
        expect(minorUnits(amount, 'EUR')).toBe(units);
        expect(minorUnits(negate(amount), 'EUR')).toBe(-units);
      }),
      { seed: 1, numRuns: 200 },
    );
  });
});
