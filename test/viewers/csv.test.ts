import { expect, it } from 'vitest';
import { csvLine } from '../../src/viewers/csv.ts';

it.each([
  ['=1+1', `'=1+1`],
  ['+SUM(A1)', `'+SUM(A1)`],
  ['@cmd', `'@cmd`],
  ['-2+3|calc', `'-2+3|calc`],
  ['\t=1', `'\t=1`],
  ['\r=1', `"'\r=1"`],
  [' =1', `' =1`],
  ['\n-x', `"'\n-x"`],
  ['\u{ff1d}1', `'\u{ff1d}1`],
  ['=a","b', `"'=a"",""b"`],
])('a text that a spreadsheet would run is none any more: %j', (text, cell) => {
  expect(csvLine([text])).toBe(`${cell}\r\n`);
});

it.each([
  ['-4.20', '-4.20'],
  ['-12', '-12'],
  ['0.000000001', '0.000000001'],
  ['COFFEE - BAR', 'COFFEE - BAR'],
  ['a,b', '"a,b"'],
  ['say "hi"', '"say ""hi"""'],
  ['two\nlines', '"two\nlines"'],
  [null, ''],
  [undefined, ''],
  [true, 'true'],
  [3, '3'],
  [['a', '-b'], '"[""a"",""-b""]"'],
  ['', ''],
])('%j stays what it is', (value, cell) => {
  expect(csvLine([value])).toBe(`${cell}\r\n`);
});
