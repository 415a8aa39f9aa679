import { DAY, HOUR, later } from '../../src/base/clock.ts';
import { chanceOf } from '../../src/simulator/chance.ts';
import type { AccountChange } from '../../src/simulator/people/account-changes.ts';

/** Banks of all characters that accounts are matched by. */
export const BANKS = [
  'ob-lloyds',
  'ob-monzo',
  'ob-barclays',
  'ob-hsbc',
  'ob-amex',
  'ob-starling',
  'ob-quirky',
  'mock',
  'xs2a-sparkasse',
  'xs2a-boi',
  'xs2a-deutsche-bank',
  'stet-bnp-paribas',
];

/** Where simulated people live. */
const ZONES = [
  'Europe/London',
  'Europe/Berlin',
  'America/New_York',
  'Asia/Kolkata',
  'Pacific/Auckland',
  'Pacific/Kiritimati',
];

/** Somebody with an account at a bank. */
export interface Person {
  readonly number: number;
  /** How they sign in at the bank. */
  readonly user: string;
  readonly password: string;
  readonly providerId: string;
  readonly zone: string;
  /** False: the app asks for one visit only. */
  readonly stays: boolean;
  /** When they connect their bank. */
  readonly beginsAt: Date;
}

/** What becomes of accounts at the bank before a renewal, and what the user then picks there. */
export interface AccountTurn {
  readonly changes: readonly { readonly key: string; readonly change: AccountChange }[];
  /** The key of one that the user no longer shares. */
  readonly leavesOut: string | null;
}

/** What a person does in a period of the consent, if all goes its way. */
export interface PeriodPlan {
  /** When they renew, counted from the beginning of the period; null for never. */
  readonly renewsAfter: number | null;
  /** Turns back at the bank the first time. */
  readonly cancelsFirst: boolean;
  /** When they take it back at the bank, from the beginning; null for never. */
  readonly revokesAtBankAfter: number | null;
  /** How long after that they connect again; null for never. */
  readonly mendsAfter: number | null;
  /** When they take it back here; null for never. */
  readonly revokesHereAfter: number | null;
  readonly turn: AccountTurn;
}

/**
 * Makes a person. Chance is drawn for each by their own number, so that one more or fewer changes
 * nothing for the others.
 */
export function makePerson(
  seed: string,
  number: number,
  begin: Date,
  banks: readonly string[],
): Person {
  const chance = chanceOf(seed, 'person', number);
  return {
    number,
    user: `user${number}`,
    password: `pass${number}`,
    providerId: chance.pick(banks),
    zone: chance.pick(ZONES),
    stays: !chance.happens(0.03),
    beginsAt: later(begin, chance.whole(0, 19 * 24 * 4) * (HOUR / 4)),
  };
}

/**
 * Draws what a person does in a period.
 *
 * @param days - how long it lasts
 * @param keys - of the accounts that they have at the bank
 */
export function planPeriod(
  seed: string,
  { number }: Person,
  period: number,
  days: number,
  keys: readonly string[],
): PeriodPlan {
  const chance = chanceOf(seed, 'period', number, period);
  const hours = (from: number, to: number) => chance.whole(from * 24, to * 24) * HOUR;
  const kind = chance.whole(1, 100);
  // Early, on one of the alerts, late, never.
  let renewsAfter: number | null = null;
  if (kind <= 15) renewsAfter = hours(Math.ceil(days / 5), Math.ceil((days * 4) / 5));
  else if (kind <= 70) renewsAfter = days * DAY - hours(0, Math.min(14, days - 1));
  else if (kind <= 85) renewsAfter = days * DAY + hours(0, 20);
  const revokes = chance.whole(1, 100);
  return {
    renewsAfter,
    cancelsFirst: chance.happens(0.15),
    revokesAtBankAfter: revokes <= 8 ? hours(1, days - 1) : null,
    mendsAfter: chance.happens(0.7) ? hours(Math.ceil(days / 4), Math.ceil(days / 2)) : null,
    revokesHereAfter: revokes > 97 ? hours(1, days - 1) : null,
    turn: drawTurn(seed, number, period, keys),
  };
}

/** Draws what becomes of accounts before a renewal: of each kind of change about as much. */
export function drawTurn(
  seed: string,
  number: number,
  period: number,
  keys: readonly string[],
): AccountTurn {
  const chance = chanceOf(seed, 'turn', number, period);
  const key = chance.pick(keys);
  const one = (change: AccountChange) => ({ changes: [{ key, change }], leavesOut: null });
  const id = `moved-${number}-${period}-${key}`;
  switch (chance.whole(1, 10)) {
    case 1:
      return one({ displayName: `Renamed ${period}` });
    case 2:
      return one({ id });
    case 3:
      return one({ id, displayName: `Moved ${period}` });
    case 4:
      return one({ currency: chance.pick(['gbp', 'Eur', '']) });
    case 5:
      return one({ withoutIban: true });
    case 6:
      return keys.length > 1 ? { changes: [], leavesOut: key } : one({});
    case 7:
      return keys.length > 1 ? one({ closed: true }) : one({});
    case 8:
      // All of them at once, as when a bank moves to another system.
      return {
        changes: keys.map((each) => ({
          key: each,
          change: { id: `moved-${number}-${period}-${each}`, displayName: `Moved ${each}` },
        })),
        leavesOut: null,
      };
    default:
      return {
        changes: keys.map((each) => ({ key: each, change: { closed: false } })),
        leavesOut: null,
      };
  }
}
