/** The first line of a CSV file. */
export function csvHead(columns: readonly string[]): string {
  return csvLine(columns);
}

/**
 * One line of a CSV file by RFC 4180. A text that a spreadsheet would take for a formula gets an
 * apostrophe in front; a plain number, a negative one too, is none.
 *
 * @param values - as JSON has them; lists and objects are written as JSON
 */
export function csvLine(values: readonly unknown[]): string {
  return `${values.map(cell).join(',')}\r\n`;
}

const NUMBER = /^-?\d+(\.\d+)?$/;
const FORMULA = /^[\s\p{Cc}]*[=+\-@\t\r＝＋－＠]/u;

function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const guarded = !NUMBER.test(text) && FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded;
}
