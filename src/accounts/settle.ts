import { addDays, type Day } from '../base/days.ts';
import { minorUnits } from '../base/money.ts';
import { isSamePayee, type Payee, payeeWords } from './payee-words.ts';

/** What matching asks of a row. */
export interface Payment extends Payee {
  readonly bookedOn: Day;
  readonly amount: string;
  readonly currency: string;
}

/** A pending row that the bank shows no more. */
export interface GonePayment extends Payment {
  readonly id: string;
  /** The day on which it was no longer there. */
  readonly goneOn: Day;
}

/** A booked row that was not known before. */
export interface NewPayment extends Payment {
  readonly identity: string;
}

/** A pending row and the booked one that it has become. */
export interface Settlement {
  readonly id: string;
  readonly identity: string;
}

/** Before the day of the pending row: banks in other time zones date the booking so. */
const DAYS_BEFORE = 1;
/** After the pending row has gone: banks book the same or the next working days. */
const DAYS_AFTER_GONE = 7;

// In minor units, so that they hold in every currency alike. Pumps and hotels hold a round sum and take
// less; gates and pumps that only look whether there is a card hold next to nothing and take more.
const HOLD_MIN = 5_000n;
const HOLD_ROUND = 100n;
const TAP_MAX = 100n;
const TAP_TAKES_MAX = 10_000n;

interface Known<Row> {
  readonly row: Row;
  readonly minor: bigint;
  readonly words: readonly string[];
}
type Rule = (gone: Gone, booked: Known<NewPayment>) => boolean;

const sameAmount: Rule = (gone, booked) => gone.minor === booked.minor;
const alike: Rule = (gone, booked) =>
  sameAmount(gone, booked) && gone.row.bookedOn === booked.row.bookedOn;
const held: Rule = (gone, booked) => {
  const [was, is] = [absolute(gone.minor), absolute(booked.minor)];
  const hold = was >= HOLD_MIN && was % HOLD_ROUND === 0n && is < was;
  return gone.minor < 0n && (hold || (was <= TAP_MAX && is > was && is <= TAP_TAKES_MAX));
};

/**
 * Finds which pending rows have become which booked ones, though id, amount and day differ: one to one,
 * to the same payee, in the same currency and direction, within days, for the same amount or as a hold
 * settles. The surest are matched first; whatever has two candidates stays unmatched. Rules and reasons
 * stand in `docs/transactions.md`.
 */
export function matchSettled(
  gone: readonly GonePayment[],
  booked: readonly NewPayment[],
): readonly Settlement[] {
  return match(gone, booked, [
    [alike, inTurn],
    [sameAmount, oneToOne],
    [held, oneToOne],
  ]);
}

/**
 * Finds which booked rows that an answer lacks are rows of it under another id: those of the same day,
 * amount, currency and description.
 */
export function matchReissued(
  missing: readonly Omit<GonePayment, 'goneOn'>[],
  booked: readonly NewPayment[],
): readonly Settlement[] {
  const gone = missing.map((row) => ({ ...row, goneOn: row.bookedOn }));
  const same: Rule = (a, b) => alike(a, b) && a.row.description === b.row.description;
  return match(gone, booked, [[same, inTurn]]);
}

type Step = readonly [rule: Rule, pair: (gone: readonly Gone[], candidates: Candidates) => Pair[]];

function match(
  gone: readonly GonePayment[],
  booked: readonly NewPayment[],
  steps: readonly Step[],
): readonly Settlement[] {
  const settled: Settlement[] = [];
  let [left, fresh] = [gone.map(known), booked.map(known)];
  for (const [rule, pair] of steps) {
    const candidates = left.map((row) =>
      fresh.filter((other) => mayBecome(row, other) && rule(row, other)),
    );
    const found = pair(left, candidates);
    settled.push(...found.map(([a, b]) => ({ id: a.row.id, identity: b.row.identity })));
    const taken = new Set<object>(found.flat());
    left = left.filter((row) => !taken.has(row));
    fresh = fresh.filter((row) => !taken.has(row));
  }
  return settled;
}

type Gone = Known<GonePayment>;
type Pair = readonly [Gone, Known<NewPayment>];
type Candidates = readonly (readonly Known<NewPayment>[])[];

/** Pairs those that have nobody else. */
function oneToOne(gone: readonly Gone[], candidates: Candidates): Pair[] {
  const wanted = countOf(candidates);
  return gone.flatMap((row, index): Pair[] => {
    const [only, ...others] = candidates[index] ?? [];
    return only !== undefined && others.length === 0 && wanted.get(only) === 1 ? [[row, only]] : [];
  });
}

/** Pairs equal payments of one day in their order too, where as many were booked as were pending. */
function inTurn(gone: readonly Gone[], candidates: Candidates): Pair[] {
  const groups = Map.groupBy(gone.keys(), (index) =>
    JSON.stringify(candidates[index]?.map(({ row }) => row.identity)),
  );
  const wanted = countOf(candidates);
  return [...groups.values()].flatMap((indexes): Pair[] => {
    const others = candidates[indexes[0] ?? 0] ?? [];
    const alone = others.every((other) => wanted.get(other) === indexes.length);
    if (!alone || others.length !== indexes.length) return [];
    return others.map((other, turn) => [gone[indexes[turn] as number] as Gone, other]);
  });
}

/** How many want each. */
function countOf(candidates: Candidates): ReadonlyMap<object, number> {
  const wanted = new Map<object, number>();
  for (const other of candidates.flat()) wanted.set(other, (wanted.get(other) ?? 0) + 1);
  return wanted;
}

function mayBecome(gone: Gone, booked: Known<NewPayment>): boolean {
  return (
    gone.row.currency === booked.row.currency &&
    gone.minor * booked.minor > 0n &&
    booked.row.bookedOn >= addDays(gone.row.bookedOn, -DAYS_BEFORE) &&
    booked.row.bookedOn <= addDays(gone.row.goneOn, DAYS_AFTER_GONE) &&
    (isSameText(gone.row, booked.row) || isSamePayee(gone.words, booked.words))
  );
}

/** Alike to the letter, texts need no word that names anybody. */
function isSameText(a: Payee, b: Payee): boolean {
  return a.description !== '' && a.description === b.description;
}

function known<Row extends Payment>(row: Row): Known<Row> {
  return { row, minor: minorUnits(row.amount, row.currency), words: payeeWords(row) };
}

function absolute(minor: bigint): bigint {
  return minor < 0n ? -minor : minor;
}
