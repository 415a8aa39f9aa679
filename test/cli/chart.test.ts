import { describe, expect, test } from 'vitest';
import {
  drawChart,
  mainCurrency,
  type Movement,
  showMinorUnits,
  sumMonths,
} from '../../src/cli/chart.ts';

const move = (bookedOn: string, minorUnits: bigint, currency = 'GBP'): Movement => ({
  bookedOn,
  minorUnits,
  currency,
});

describe('the main currency is that of most movements', () => {
  test.each<[string, string[], string | null]>([
    ['none', [], null],
    ['one', ['EUR'], 'EUR'],
    ['most', ['EUR', 'GBP', 'GBP'], 'GBP'],
    ['equals, by name', ['GBP', 'EUR'], 'EUR'],
  ])('%s', (_case, currencies, expected) => {
    expect(mainCurrency(currencies.map((it) => move('2026-01-01', 1n, it)))).toBe(expected);
  });
});

describe('months are added up', () => {
  test.each<[string, Movement[], string, number, [string, bigint, bigint][]]>([
    ['an empty month stays', [], '2026-03', 1, [['2026-03', 0n, 0n]]],
    [
      'over the turn of a year, both ends of a month',
      [
        move('2025-12-01', 5n),
        move('2025-12-31', -7n),
        move('2026-01-01', -1n),
        move('2026-01-31', 2n),
      ],
      '2026-01',
      2,
      [
        ['2025-12', 5n, 7n],
        ['2026-01', 2n, 1n],
      ],
    ],
    [
      'what lies before, after or in another currency is left out',
      [move('2025-11-30', 1n), move('2026-02-01', 1n), move('2026-01-15', 1n, 'EUR')],
      '2026-01',
      2,
      [
        ['2025-12', 0n, 0n],
        ['2026-01', 0n, 0n],
      ],
    ],
    [
      'a leap day, and sums beyond any float',
      [move('2024-02-29', 9_007_199_254_740_993n), move('2024-02-28', 2n)],
      '2024-02',
      1,
      [['2024-02', 9_007_199_254_740_995n, 0n]],
    ],
    ['zero is neither', [move('2026-01-01', 0n)], '2026-01', 1, [['2026-01', 0n, 0n]]],
  ])('%s', (_case, movements, lastMonth, count, expected) => {
    const sums = sumMonths(movements, 'GBP', lastMonth, count);
    expect(sums.map(({ month, moneyIn, moneyOut }) => [month, moneyIn, moneyOut])).toEqual(
      expected,
    );
  });
});

describe('minor units are shown in the digits of their currency', () => {
  test.each<[bigint, string, string]>([
    [0n, 'GBP', '0.00'],
    [5n, 'GBP', '0.05'],
    [-5n, 'GBP', '-0.05'],
    [123_456_789n, 'GBP', '1,234,567.89'],
    [99_999n, 'GBP', '999.99'],
    [1_200n, 'JPY', '1,200'],
    [0n, 'JPY', '0'],
    [-1_234_567n, 'KWD', '-1,234.567'],
  ])('%s %s', (minorUnits, currency, expected) => {
    expect(showMinorUnits(minorUnits, currency)).toBe(expected);
  });
});

describe('the chart', () => {
  test('has no lines without months', () => {
    expect(drawChart([], 'GBP')).toEqual([]);
  });

  test('draws both sides by one measure, in halves of a cell', () => {
    const lines = drawChart(
      [
        { month: '2026-01', moneyIn: 400_000n, moneyOut: 200_000n },
        { month: '2026-02', moneyIn: 10_000n, moneyOut: 1n },
        { month: '2026-03', moneyIn: 0n, moneyOut: 0n },
      ],
      'GBP',
    );
    expect(lines).toMatchInlineSnapshot(`
      [
        "2026-01      4,000.00 ████████████████████ ██████████                2,000.00",
        "2026-02        100.00                    ▐ ▌                             0.01",
        "2026-03          0.00                                                    0.00",
      ]
    `);
  });

  test('draws empty months alone', () => {
    const [line] = drawChart([{ month: '2026-01', moneyIn: 0n, moneyOut: 0n }], 'GBP');
    expect(line).not.toMatch(/[█▌▐]/);
  });

  test('is 77 columns wide up to amounts of a hundred million', () => {
    const month = { month: '2026-01', moneyIn: 9_999_999_999n, moneyOut: 9_999_999_999n };
    expect(drawChart([month], 'GBP')[0]).toHaveLength(77);
  });

  test('colours the bars only', () => {
    const [line] = drawChart([{ month: '2026-01', moneyIn: 1n, moneyOut: 1n }], 'GBP', {
      moneyIn: (text) => `<${text.trim()}>`,
      moneyOut: (text) => `[${text.trim()}]`,
    });
    expect(line).toContain(' <████████████████████> [████████████████████] ');
  });
});
