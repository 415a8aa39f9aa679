/** What names who was paid, with whatever banks wrap around it taken away. */
export interface Payee {
  readonly description: string;
  readonly merchantName: string | null;
}

/** Letters that words must have in common where one text goes on after the other has ended. */
const LETTERS_MIN = 4;

// Banks put their own words, dates and the names of months around the name.
const NOISE = new Set(
  `AND AT AUTH AUTHORISATION CARD CD CONTACTLESS CREDIT DATE DEBIT FOR FROM MASTERCARD NO ON PAYMENT
  PENDING POS PURCHASE REF REFERENCE THE TO TRANSACTION VISA
  JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC`.split(/\s+/),
);

/**
 * The words by which a payee is known in whatever form a bank writes it: of the description, and of the
 * merchant's name where there is one. Dates, numbers of cards, references and the bank's own words are
 * left out, as is a text of which nothing else is left.
 */
export function payeeWords({ description, merchantName }: Payee): readonly string[] {
  const texts = [description, merchantName ?? ''].map(wordsOf);
  return [...new Set(texts)].filter((words) => words !== '');
}

/** Whether two name the same payee: alike, or one of them goes on after the other has ended. */
export function isSamePayee(a: readonly string[], b: readonly string[]): boolean {
  return a.some((one) =>
    b.some((other) => one === other || begins(one, other) || begins(other, one)),
  );
}

function begins(short: string, long: string): boolean {
  return short.replaceAll(' ', '').length >= LETTERS_MIN && long.startsWith(`${short} `);
}

function wordsOf(text: string): string {
  return (
    text
      .normalize('NFKC')
      .toUpperCase()
      // A day that stands behind the text is when it was paid, and differs from when it was booked.
      .replace(/,? *TRANSACTION DATE:? *[\d/.-]+.*$/, '')
      .split(/[^\p{L}\p{N}]+/u)
      .filter((word) => !/\p{N}|^X{3,}$/u.test(word) && !NOISE.has(word))
      .join(' ')
      .trim()
  );
}
