import { nowOf } from '../../base/clock.ts';
import type { Bank, BankTraits } from '../banks/bank.ts';
import type { AccountChange } from '../people/account-changes.ts';
import { userOf } from '../people/users.ts';
import type { Faults } from '../faults.ts';
import { consentEndOf } from '../auth/grant.ts';
import { truthOf, truthOfConsent, type GroundTruth } from './ground-truth.ts';
import { makeHand, type Hand, type Whose } from './hand.ts';
import type { Journal } from '../journal.ts';
import type { MovableClock } from './movable-clock.ts';
import { applyPreset, type PresetName } from './presets.ts';
import type { Settings, World } from '../world.ts';

/** A consent that has been met, as its bank sees it. */
export interface KnownConsent {
  readonly credentialsId: string;
  readonly consentId: string;
  readonly providerId: string;
  readonly user: string;
  readonly scopes: readonly string[];
  readonly consentedAt: Date;
  readonly endsAt: Date;
  readonly state: 'live' | 'ended' | 'revoked-by-user' | 'deleted-by-client';
}

/** Everything that can be done to a simulated world from outside of it. */
export interface Control {
  readonly clock: MovableClock;
  readonly faults: Faults;
  readonly journal: Journal;
  /** Writes, changes, settles and removes transactions. */
  readonly hand: Hand;
  readonly settings: Settings;
  readonly banks: readonly Bank[];
  /** Changes the character of a bank from now on. False if there is no such bank. */
  adjust(providerId: string, traits: Partial<BankTraits>): boolean;
  /** Makes the world one of the prepared ones, on top of what it is. */
  apply(preset: PresetName): void;
  /** All that a user has at a bank now; a user is `john`, `john7`, or `john/iban`. */
  truth(user: string, providerId: string): GroundTruth;
  /** What a perfect client would now hold of one connection. */
  truthOfConsent(credentialsId: string): GroundTruth;
  /** The connections that were met of late. */
  consents(): readonly KnownConsent[];
  /** Every IBAN and account number at the banks of those connections, for tests that look for leaks. */
  identifiers(): readonly string[];
  /**
   * Has a bank show an account otherwise from now on, or no longer.
   *
   * @param account - its key, `main`, `card-2`
   * @throws RangeError for a user, bank or account that is none
   */
  changeAccount(whose: Whose, account: string, change: AccountChange): void;
  /** The user takes a consent back at the bank. */
  revoke(credentialsId: string): void;
  /** Has identical requests reach the bank again before their hour is over. */
  forgetAnswers(): void;
}

/** The control of a world. */
export function makeControl(world: World, clock: MovableClock): Control {
  return {
    clock,
    faults: world.faults,
    journal: world.journal,
    hand: makeHand(world),
    settings: world.settings,
    get banks() {
      return world.banks.all;
    },
    adjust: (providerId, traits) => world.banks.adjust(providerId, traits),
    apply: (preset) => applyPreset(world, preset),
    truth: (user, providerId) => truthOf(world, user, providerId),
    truthOfConsent: (credentialsId) => truthOfConsent(world, credentialsId),
    consents: () => consentsOf(world),
    identifiers: () => identifiersOf(world),
    changeAccount: (whose, account, change) => changeAccount(world, whose, account, change),
    revoke: (credentialsId) => world.memory.revoke(credentialsId, 'revoked-by-user'),
    forgetAnswers: () => world.bankCalls.forgetAnswers(),
  };
}

function changeAccount(
  world: World,
  { user, providerId }: Whose,
  key: string,
  change: AccountChange,
): void {
  const { household } = world.ledgers.holdingsOf(user, providerId);
  if (!household.accounts.some((account) => account.key === key)) {
    throw new RangeError(`no such simulated account: ${JSON.stringify(key.slice(0, 40))}`);
  }
  world.accountChanges.change(userOf(user).person, providerId, key, change);
}

function identifiersOf({ ledgers, memory }: World): readonly string[] {
  const found = memory.grants().flatMap(({ providerId, user }) =>
    ledgers
      .holdingsOf(user, providerId)
      .accounts.filter(({ role }) => role !== 'card')
      .flatMap(({ numbers }) => [numbers['iban'], numbers['number']]),
  );
  return [...new Set(found)].filter((one) => one !== undefined);
}

function consentsOf(world: World): readonly KnownConsent[] {
  const now = nowOf(world.clock);
  return world.memory.grants().flatMap((grant) => {
    const bank = world.banks.find(grant.providerId);
    if (bank === undefined) return [];
    const { consentId, consentedAt, credentialsId, providerId, scopes, user } = grant;
    const endsAt = consentEndOf(grant, bank);
    const revocation = world.memory.revocationOf(credentialsId);
    const state = revocation ?? (now >= endsAt ? 'ended' : 'live');
    return [{ credentialsId, consentId, providerId, user, scopes, consentedAt, endsAt, state }];
  });
}
