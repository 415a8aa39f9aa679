import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AccountView } from '../../src/accounts/identifiers.ts';
import { type KnownAccount, type ListedView, matchAccounts } from '../../src/accounts/match.ts';

const NOTHING: AccountView = {
  kind: 'BANK_ACCOUNT',
  displayName: 'Current Account',
  currency: 'GBP',
  iban: null,
  accountNumber: null,
  sortCode: null,
  bic: null,
  cardNetwork: null,
  lastDigits: null,
  nameOnCard: null,
};
const UK = {
  ...NOTHING,
  iban: 'GB29NWBK60161331926819',
  sortCode: '60-16-13',
  accountNumber: '31926819',
  bic: 'NWBKGB2L',
};
const CARD: AccountView = {
  ...NOTHING,
  kind: 'CARD',
  displayName: 'Gold Card',
  cardNetwork: 'AMEX',
  lastDigits: '51004',
  nameOnCard: 'JOHN A DOE',
};

/** @param id - ours; the provider's are `p-` and this, unless others are given */
const had = (id: string, view: AccountView, aliases = [`p-${id}`]): KnownAccount => ({
  id,
  kind: view.kind,
  views: [view],
  aliases,
  missable: true,
});
const lists = (providerAccountId: string, view: AccountView): ListedView => ({
  ...view,
  providerAccountId,
});

/** What one account that the viewer has and one that is listed, under another id, come to. */
function meeting(before: Partial<AccountView>, after: Partial<AccountView>, base = NOTHING) {
  const { known, doubts } = matchAccounts(
    [lists('new id', { ...base, ...after })],
    [had('a', { ...base, ...before })],
  );
  return known[0] === 'a' ? 'same' : (doubts[0]?.reason ?? 'new');
}

describe('an account whose id changed', () => {
  const number = { sortCode: '60-16-13', accountNumber: '31926819' };
  const iban = { iban: UK.iban };
  it.each<[string, Partial<AccountView>, Partial<AccountView>, string]>([
    ['nothing else', UK, UK, 'same'],
    ['its name', UK, { ...UK, displayName: 'Everyday' }, 'same'],
    ['an IBAN that appears', number, UK, 'same'],
    ['an IBAN that goes', UK, { ...number }, 'same'],
    ['only an IBAN left, which holds the number', number, iban, 'same'],
    ['only a number left, which the IBAN holds', iban, number, 'same'],
    [
      'the spelling',
      UK,
      { ...UK, iban: 'gb29 nwbk 6016 1331 9268 19', sortCode: '601613' },
      'same',
    ],
    [
      'zeros before its number',
      { ...number, accountNumber: '00012345' },
      { ...number, accountNumber: '12345' },
      'same',
    ],
    ['a currency that becomes known', { ...UK, currency: null }, UK, 'same'],
    ['a currency that is no longer said', UK, { ...UK, currency: null }, 'same'],
    ['a currency in lower case', UK, { ...UK, currency: 'gbp' }, 'same'],
    ['a currency in pence', UK, { ...UK, currency: 'GBX' }, 'same'],
    ['its bank’s BIC', UK, { ...UK, bic: 'RBOSGB2L' }, 'same'],
    [
      'a BIC with a branch',
      { accountNumber: '7788991', bic: 'BOFAUS3N' },
      { accountNumber: '7788991', bic: 'BOFAUS3NXXX' },
      'same',
    ],
    [
      'a bare number at another BIC',
      { accountNumber: '7788991', bic: 'BOFAUS3N' },
      { accountNumber: '7788991', bic: 'CHASUS33' },
      'PARTLY_ALIKE',
    ],
    ['its currency', UK, { ...UK, currency: 'EUR' }, 'PARTLY_ALIKE'],
    ['its sort code', { ...number }, { ...number, sortCode: '11-22-33' }, 'new'],
    ['its IBAN but not its number', UK, { ...UK, iban: 'GB33BUKB20201555555555' }, 'PARTLY_ALIKE'],
    ['everything', UK, { iban: 'DE89370400440532013000' }, 'new'],
    ['all but its name, with nothing to tell', {}, {}, 'SAME_NAME'],
    ['all but its name, to a masked number', UK, { iban: 'GB29****6819' }, 'SAME_NAME'],
    ['its name, with nothing to tell', {}, { displayName: 'Other' }, 'TOOK_ITS_PLACE'],
  ])('and with it %s', (_what, before, after, expected) => {
    expect(meeting(before, after)).toBe(expected);
  });
});

it('of two that are gone and one that is new under another name none is asked about', () => {
  const known = [had('a', NOTHING), had('b', { ...NOTHING, displayName: 'Second' })];
  const answer = [lists('new id', { ...NOTHING, displayName: 'Third' })];
  expect(matchAccounts(answer, known)).toEqual({ known: [null], doubts: [] });
});

describe('a card whose id changed', () => {
  it.each<[string, Partial<AccountView>, string]>([
    ['four digits of five', { lastDigits: '1004' }, 'same'],
    ['the order of the name', { nameOnCard: 'DOE/JOHN MR' }, 'same'],
    ['a name of initials', { nameOnCard: 'Mr J Doe ' }, 'same'],
    ['no name', { nameOnCard: null }, 'same'],
    ['another word for its network', { cardNetwork: 'American Express' }, 'same'],
    ['no network', { cardNetwork: 'UNKNOWN' }, 'same'],
    ['nothing but digits', { cardNetwork: null, nameOnCard: null }, 'SAME_NAME'],
    ['another name', { nameOnCard: 'JANE DOE' }, 'PARTLY_ALIKE'],
    ['initials alone', { nameOnCard: 'J D' }, 'PARTLY_ALIKE'],
    ['another network', { cardNetwork: 'VISA' }, 'PARTLY_ALIKE'],
    ['other digits', { lastDigits: '2005' }, 'CARD_REPLACED'],
    [
      'other digits and another name of the card',
      { lastDigits: '2005', displayName: 'Blue' },
      'new',
    ],
  ])('with %s', (_what, after, expected) => {
    expect(meeting({}, after, CARD)).toBe(expected);
  });
});

describe('the provider’s id', () => {
  it('is believed where nothing speaks against it', () => {
    const known = [had('a', { ...NOTHING })];
    expect(matchAccounts([lists('p-a', UK)], known).known).toEqual(['a']);
  });

  it('is not believed against an identifier', () => {
    const { known, doubts } = matchAccounts(
      [lists('p-a', { ...UK, currency: 'EUR' })],
      [had('a', UK)],
    );
    expect(known).toEqual([null]);
    expect(doubts).toEqual([{ listed: 0, knownId: 'a', reason: 'SAME_PROVIDER_ID' }]);
  });

  it('tells two cards with the same last digits apart', () => {
    const known = [had('a', CARD), had('b', CARD)];
    const answer = [lists('p-b', CARD), lists('p-a', CARD)];
    expect(matchAccounts(answer, known).known).toEqual(['b', 'a']);
  });

  it('that moved to another account is of no weight', () => {
    const other = { ...UK, iban: null, accountNumber: '55555555' };
    const known = [had('a', UK), had('b', other)];
    const answer = [lists('p-b', UK), lists('p-a', other)];
    expect(matchAccounts(answer, known).known).toEqual(['a', 'b']);
  });
});

describe('identifiers that several accounts have', () => {
  it('tell nothing: of two such cards under new ids, each may be either', () => {
    const known = [had('a', CARD), had('b', CARD)];
    const answer = [lists('x', CARD), lists('y', CARD)];
    const { known: found, doubts } = matchAccounts(answer, known);
    expect(found).toEqual([null, null]);
    expect(doubts.map(({ reason }) => reason)).toEqual(Array(4).fill('NOT_UNIQUE'));
  });

  const mock = (number: string, iban: string | null = 'GB08CLRB04066800003435') => ({
    ...NOTHING,
    iban,
    sortCode: '01-21-31',
    accountNumber: number,
  });
  const numbers = ['10000000', '20000000', '30000000'];
  const known = numbers.map((number) => had(number, mock(number)));

  it('are passed over where others tell: one IBAN for all', () => {
    const answer = numbers.map((number) => lists(`new ${number}`, mock(number)));
    expect(matchAccounts(answer, known).known).toEqual(numbers);
    // All the more where each has got one of its own.
    const mended = numbers.map((number, index) =>
      lists(`new ${number}`, mock(number, `DE8937040044053201300${index}`)),
    );
    expect(matchAccounts(mended, known).known).toEqual(numbers);
  });

  it('do not let one that is listed alone pass for any of them', () => {
    const answer = [lists('new', { ...mock('1'), accountNumber: null, sortCode: null })];
    expect(matchAccounts(answer, known).known).toEqual([null]);
  });

  it('are as good as any in currencies of their own', () => {
    const pocket = (currency: string | null) => ({ ...NOTHING, iban: UK.iban, currency });
    const pockets = [had('gbp', pocket('GBP')), had('eur', pocket('EUR'))];
    const answer = [
      lists('x', pocket('EUR')),
      lists('y', pocket('GBP')),
      lists('z', pocket('USD')),
    ];
    expect(matchAccounts(answer, pockets)).toEqual({ known: ['eur', 'gbp', null], doubts: [] });
    expect(matchAccounts([lists('x', pocket(null))], pockets).known).toEqual([null]);
  });
});

it('an account is known by all that was merged into it', () => {
  const known = { ...had('a', UK), views: [UK, { ...UK, currency: 'EUR' }] };
  const found = matchAccounts([lists('x', { ...UK, currency: 'EUR' })], [known]);
  expect(found.known).toEqual(['a']);
});

it('what another living consent feeds is not doubted for being absent', () => {
  const known = [{ ...had('a', NOTHING), missable: false }];
  expect(matchAccounts([lists('x', NOTHING)], known).doubts).toEqual([]);
});

describe('whatever banks say', () => {
  // Few values, so that accounts resemble each other far more than in life.
  const some = <T>(...values: T[]) => fc.constantFrom<T | null>(null, ...values);
  const view: fc.Arbitrary<AccountView> = fc.record({
    kind: fc.constantFrom('BANK_ACCOUNT' as const, 'CARD' as const),
    displayName: some('One', 'Two'),
    currency: some('GBP', 'EUR', 'GBX'),
    iban: some('GB29NWBK60161331926819', 'DE89370400440532013000'),
    accountNumber: some('31926819', '55555555'),
    sortCode: some('60-16-13', '11-22-33'),
    bic: some('NWBKGB2L', 'BUKBGB22'),
    cardNetwork: some('VISA', 'AMEX'),
    lastDigits: some('1234', '51234', '9999'),
    nameOnCard: some('John Doe', 'J DOE', 'Jane Doe'),
  });
  const ids = fc.uniqueArray(fc.constantFrom('1', '2', '3', '4', '5', '6'), { maxLength: 5 });
  const answers = fc
    .tuple(ids, fc.array(view, { minLength: 5, maxLength: 5 }))
    .map(([names, views]) =>
      names.map((name, index) => lists(`p-${name}`, views[index] ?? NOTHING)),
    );
  const books = fc
    .tuple(ids, fc.array(view, { minLength: 5, maxLength: 5 }))
    .map(([names, views]) => names.map((name, index) => had(name, views[index] ?? NOTHING)));

  it('no two accounts of one answer become one, and none becomes another kind', () => {
    fc.assert(
      fc.property(answers, books, (answer, book) => {
        const { known } = matchAccounts(answer, book);
        const found = known.filter((id) => id !== null);
        expect(new Set(found).size).toBe(found.length);
        for (const [place, id] of known.entries()) {
          const account = book.find((one) => one.id === id);
          if (id !== null) expect(account?.kind).toBe(answer[place]?.kind);
        }
      }),
    );
  });

  it('no order of the answer or of our rows changes what is found', () => {
    const told = (answer: readonly ListedView[], book: readonly KnownAccount[]) => {
      const { known, doubts } = matchAccounts(answer, book);
      const name = (place: number) => answer[place]?.providerAccountId ?? '';
      const kind = (place: number) => answer[place]?.kind ?? '';
      return [
        known.map((id, place) => `${kind(place)} ${name(place)} is ${id}`).toSorted(),
        doubts.map((doubt) => `${name(doubt.listed)} ${doubt.knownId} ${doubt.reason}`).toSorted(),
      ];
    };
    fc.assert(
      fc.property(answers, books, fc.nat(4), fc.boolean(), (answer, book, turn, reversed) => {
        const turned = <T>(list: readonly T[]) => [...list.slice(turn), ...list.slice(0, turn)];
        const others = reversed ? turned(answer).toReversed() : turned(answer);
        expect(told(others, turned(book))).toEqual(told(answer, book));
      }),
    );
  });

  it('an answer that repeats what is known is never taken for another account', () => {
    fc.assert(
      fc.property(books, (book) => {
        const answer = book.map(({ id, views }) => lists(`new ${id}`, views[0] ?? NOTHING));
        const { known } = matchAccounts(answer, book);
        expect(known.map((id, place) => id ?? book[place]?.id)).toEqual(book.map(({ id }) => id));
      }),
    );
  });
});
