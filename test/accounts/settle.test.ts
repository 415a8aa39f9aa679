import { describe, expect, it } from 'vitest';
import { isSamePayee, payeeWords } from '../../src/accounts/payee-words.ts';
import { matchReissued, matchSettled } from '../../src/accounts/settle.ts';
import { parseDay } from '../../src/base/days.ts';

/** `2026-03-01 -99 SHELL`, in pounds unless another currency stands behind the amount. */
function payment(text: string) {
  const [, day = '', amount = '', currency = 'GBP', description = ''] =
    /^(\S+) (\S+?)([A-Z]{3})? (.*)$/.exec(text) ?? [];
  return { bookedOn: parseDay(day), amount, currency, description, merchantName: null };
}
const gone = (texts: readonly string[], goneOn = '2026-03-04') =>
  texts.map((text, index) => ({
    ...payment(text),
    id: `pending ${index}`,
    goneOn: parseDay(goneOn),
  }));
const booked = (texts: readonly string[]) =>
  texts.map((text, index) => ({ ...payment(text), identity: `booked ${index}` }));
const pairs = (pending: readonly string[], settled: readonly string[]) =>
  matchSettled(gone(pending), booked(settled)).map(
    ({ id, identity }) => `${id.at(-1)}>${identity.at(-1)}`,
  );

describe('a pending payment that went and one that was booked are one', () => {
  it.each([
    ['under another id', '2026-03-01 -3.10 COSTA', '2026-03-01 -3.10 COSTA'],
    ['a day later', '2026-03-01 -3.10 COSTA', '2026-03-02 -3.10 COSTA'],
    ['a week after it went', '2026-03-01 -3.10 COSTA', '2026-03-11 -3.10 COSTA'],
    ['dated before by another zone', '2026-03-01 -3.10 COSTA', '2026-02-28 -3.10 COSTA'],
    ['when a pump’s hold settles', '2026-03-01 -99.00 SHELL', '2026-03-04 -63.20 SHELL LEEDS'],
    ['when a pump held a pound', '2026-03-01 -1.00 SHELL', '2026-03-04 -63.20 SHELL'],
    ['when taps are capped', '2026-03-01 -0.01 TFL TRAVEL', '2026-03-02 -8.10 TFL TRAVEL CH'],
    ['in yen', '2026-03-01 -10000JPY ENEOS', '2026-03-02 -4321JPY ENEOS'],
    ['as money that came in', '2026-03-01 20 ACME LTD', '2026-03-02 20 ACME LTD'],
  ])('%s', (_case, pending, settled) => {
    expect(pairs([pending], [settled])).toEqual(['0>0']);
  });

  it.each([
    ['another payee', '2026-03-01 -3.10 COSTA', '2026-03-01 -3.10 GREGGS'],
    ['another amount', '2026-03-01 -3.10 COSTA', '2026-03-01 -3.20 COSTA'],
    ['more than was held', '2026-03-01 -99.00 SHELL', '2026-03-01 -120.00 SHELL'],
    ['less, where nothing was held', '2026-03-01 -23.40 SHELL', '2026-03-01 -3.20 SHELL'],
    ['far more than a tap', '2026-03-01 -0.01 APPLE', '2026-03-01 -999.00 APPLE'],
    ['another direction', '2026-03-01 -3.10 COSTA', '2026-03-01 3.10 COSTA'],
    ['another currency', '2026-03-01 -3.10 COSTA', '2026-03-01 -3.10EUR COSTA'],
    ['long before', '2026-03-01 -3.10 COSTA', '2026-02-27 -3.10 COSTA'],
    ['long after', '2026-03-01 -3.10 COSTA', '2026-03-12 -3.10 COSTA'],
    ['a payee without a name', '2026-03-01 -3.10 CARD 1234', '2026-03-01 -3.10 CARD 9999'],
    ['nothing held of what comes in', '2026-03-01 99 ACME', '2026-03-01 63.20 ACME'],
  ])('but not with %s', (_case, pending, settled) => {
    expect(pairs([pending], [settled])).toEqual([]);
  });
});

describe('where there are several', () => {
  const coffee = '2026-03-01 -3.10 COSTA';

  it('equal ones of a day are matched in turn, if as many were booked', () => {
    expect(pairs([coffee, coffee], [coffee, coffee])).toEqual(['0>0', '1>1']);
    expect(pairs([coffee, coffee], [coffee])).toEqual([]);
    expect(pairs([coffee], [coffee, coffee])).toEqual([]);
  });

  it('the surest goes first: same day, same amount, then what was held', () => {
    const tomorrow = '2026-03-02 -3.10 COSTA';
    expect(pairs([coffee, tomorrow], [tomorrow, coffee])).toEqual(['0>1', '1>0']);
    const [hold, fill] = ['2026-03-01 -99.00 SHELL', '2026-03-02 -63.20 SHELL'];
    expect(pairs([hold], [fill, hold])).toEqual(['0>1']);
  });

  it('two that may both be it are left alone', () => {
    const hold = '2026-03-01 -99.00 SHELL';
    expect(pairs([hold], ['2026-03-02 -63.20 SHELL', '2026-03-02 -20.00 SHELL'])).toEqual([]);
    expect(pairs([hold, hold], ['2026-03-02 -63.20 SHELL'])).toEqual([]);
  });
});

it('a booked row keeps its place under another id only where everything else is equal', () => {
  const row = { ...payment('2026-03-01 -3.10 O2'), id: 'known' };
  expect(matchReissued([row], booked(['2026-03-01 -3.10 O2']))).toHaveLength(1);
  expect(matchReissued([row], booked(['2026-03-02 -3.10 O2']))).toEqual([]);
  expect(matchReissued([row], booked(['2026-03-01 -3.10 O2 UK']))).toEqual([]);
});

it.each([
  ['TESCO STORES 3321', 'CARD PAYMENT TO TESCO STORES 4410 ON 12 MAR'],
  ['Pret A Manger, Transaction Date: 2026-03-01', 'PRET A MANGER'],
  ['AMZNMKTPLACE*RT4F7 VISA XXXX', 'AMZNMKTPLACE ****1234'],
  ['SAINSBURYS', 'SAINSBURYS S/MKTS LONDON GBR'],
])('%s and %s name one payee', (one, other) => {
  const words = (description: string) => payeeWords({ description, merchantName: null });
  expect(isSamePayee(words(one), words(other))).toBe(true);
});
