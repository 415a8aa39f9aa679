import { minorDigits } from '../base/money.ts';

/** One movement of money, negative for money out. */
export interface Movement {
  /** `2026-03-01`. */
  readonly bookedOn: string;
  readonly minorUnits: bigint;
  readonly currency: string;
}

/** What came in and went out in a month, both as positive minor units. */
export interface MonthSum {
  /** `2026-03`. */
  readonly month: string;
  readonly moneyIn: bigint;
  readonly moneyOut: bigint;
}

/** How the two sides are coloured. */
export interface ChartColours {
  readonly moneyIn: (text: string) => string;
  readonly moneyOut: (text: string) => string;
}

const AMOUNT_WIDTH = 13;
const BAR_WIDTH = 20;
const UNCOLOURED: ChartColours = { moneyIn: (text) => text, moneyOut: (text) => text };

/** The currency of most movements, the first by name among equals; null without any. */
export function mainCurrency(movements: readonly Movement[]): string | null {
  const counts = new Map<string, number>();
  for (const { currency } of movements) counts.set(currency, (counts.get(currency) ?? 0) + 1);
  const [first] = [...counts].toSorted(([a, ofA], [b, ofB]) => ofB - ofA || (a < b ? -1 : 1));
  return first?.[0] ?? null;
}

/**
 * Adds up movements in one currency by month, exactly.
 *
 * @param lastMonth - `2026-03`
 * @param count - how many months, `lastMonth` included
 * @returns the months in order, those without movements too
 */
export function sumMonths(
  movements: readonly Movement[],
  currency: string,
  lastMonth: string,
  count: number,
): MonthSum[] {
  const months = Array.from({ length: count }, (_, index) =>
    addMonths(lastMonth, index - count + 1),
  );
  const sums = new Map(months.map((month) => [month, { moneyIn: 0n, moneyOut: 0n }]));
  for (const movement of movements) {
    const sum = sums.get(movement.bookedOn.slice(0, 7));
    if (sum === undefined || movement.currency !== currency) continue;
    if (movement.minorUnits > 0n) sum.moneyIn += movement.minorUnits;
    else sum.moneyOut -= movement.minorUnits;
  }
  return [...sums].map(([month, sum]) => ({ month, ...sum }));
}

/**
 * Draws months as lines of 77 columns (more from a hundred million on): money in grows to the left,
 * money out to the right, both by one measure.
 */
export function drawChart(
  months: readonly MonthSum[],
  currency: string,
  colours: ChartColours = UNCOLOURED,
): string[] {
  const most = months
    .flatMap((month) => [month.moneyIn, month.moneyOut])
    .reduce((a, b) => (a > b ? a : b), 0n);
  return months.map(({ month, moneyIn, moneyOut }) => {
    const amountIn = showMinorUnits(moneyIn, currency).padStart(AMOUNT_WIDTH);
    const amountOut = showMinorUnits(moneyOut, currency).padStart(AMOUNT_WIDTH);
    const barIn = drawBar(moneyIn, most, '▐').padStart(BAR_WIDTH);
    const barOut = drawBar(moneyOut, most, '▌').padEnd(BAR_WIDTH);
    return `${month} ${amountIn} ${colours.moneyIn(barIn)} ${colours.moneyOut(barOut)} ${amountOut}`;
  });
}

/** Minor units in the currency's own digits: `1,234.50` for 123450 in GBP. */
export function showMinorUnits(minorUnits: bigint, currency: string): string {
  const digits = minorDigits(currency);
  const sign = minorUnits < 0n ? '-' : '';
  const text = String(minorUnits < 0n ? -minorUnits : minorUnits).padStart(digits + 1, '0');
  const whole = text.slice(0, text.length - digits).replaceAll(/\B(?=(\d{3})+$)/g, ',');
  return digits === 0 ? `${sign}${whole}` : `${sign}${whole}.${text.slice(-digits)}`;
}

/** A bar in steps of half a cell, to the nearest; whatever is not zero shows at least one step. */
function drawBar(value: bigint, most: bigint, half: '▌' | '▐'): string {
  if (value === 0n) return '';
  const steps = Number((value * BigInt(BAR_WIDTH) * 4n + most) / (most * 2n)) || 1;
  const whole = '█'.repeat(Math.floor(steps / 2));
  const rest = steps % 2 === 0 ? '' : half;
  return half === '▐' ? rest + whole : whole + rest;
}

function addMonths(month: string, count: number): string {
  const [year = 0, number = 1] = month.split('-').map(Number);
  return new Date(Date.UTC(year, number - 1 + count, 1)).toISOString().slice(0, 7);
}
