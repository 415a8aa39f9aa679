import type { Chance } from '../chance.ts';

/** What follows the check digits: `A` is the bank's letters, each `n` a digit, `L` a letter. */
const SHAPES: ReadonlyMap<string, string> = new Map([
  ['at', 'n'.repeat(16)],
  ['be', 'n'.repeat(12)],
  ['de', 'n'.repeat(18)],
  ['es', 'n'.repeat(20)],
  ['fi', 'n'.repeat(14)],
  ['fr', 'n'.repeat(23)],
  ['ie', `A${'n'.repeat(14)}`],
  ['it', `L${'n'.repeat(22)}`],
  ['lt', 'n'.repeat(16)],
  ['nl', `A${'n'.repeat(10)}`],
  ['pl', 'n'.repeat(24)],
  ['pt', 'n'.repeat(21)],
]);

/** An IBAN of a country of the euro area or Poland, with right check digits. */
export function makeIban(country: string, bankLetters: string, chance: Chance): string {
  const shape = SHAPES.get(country);
  if (shape === undefined) throw new RangeError(`no IBAN shape for country ${country}`);
  let body = '';
  for (const mark of shape) {
    if (mark === 'A') body += bankLetters;
    else if (mark === 'L') body += String.fromCharCode(chance.whole(65, 90));
    else body += chance.whole(0, 9);
  }
  return withCheckDigits(country.toUpperCase(), body);
}

/** The British IBAN of a sort code (six digits) and an account number (eight digits). */
export function makeBritishIban(bankLetters: string, sortCode: string, number: string): string {
  return withCheckDigits('GB', `${bankLetters}${sortCode}${number}`);
}

/** @see https://www.iso.org/standard/81090.html ISO 13616: ISO 7064 MOD 97-10 */
function withCheckDigits(country: string, body: string): string {
  const check = 98 - remainder97(`${body}${country}00`);
  return `${country}${String(check).padStart(2, '0')}${body}`;
}

function remainder97(text: string): number {
  let remainder = 0;
  for (const character of text) {
    const value = Number.parseInt(character, 36);
    remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97;
  }
  return remainder;
}
