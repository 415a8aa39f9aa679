import type { PlannedAccount } from './accounts-plan.ts';

/** What a bank now shows of an account that it showed otherwise before. */
export interface AccountChange {
  /** Another `account_id`, as after a move to another system of the bank. */
  readonly id?: string | undefined;
  readonly displayName?: string | undefined;
  /** Another spelling on the wire; the money stays what it is. */
  readonly currency?: string | undefined;
  /** Other last digits of a card, where the bank shows more or fewer of them. */
  readonly lastDigits?: string | undefined;
  /** True: its IBAN is left out. */
  readonly withoutIban?: boolean | undefined;
  /** True: it is not there, closed or not yet opened. False opens it again. */
  readonly closed?: boolean | undefined;
}

/** What has become of people's accounts since they were planned. */
export interface AccountChanges {
  /** Goes up with each change of a person's accounts at a bank. */
  versionOf(person: string, providerId: string): number;
  /** The accounts as the bank now shows them, without those that are closed. */
  apply(
    person: string,
    providerId: string,
    planned: readonly PlannedAccount[],
  ): readonly PlannedAccount[];
  /** Adds to what has changed of an account, by its key. */
  change(person: string, providerId: string, key: string, change: AccountChange): void;
}

/** A ceiling for a process left running. */
const CHANGES_MAX = 1_000_000;

/** Everything is still as planned. */
export function makeAccountChanges(): AccountChanges {
  const changes = new Map<string, { version: number; byKey: Map<string, AccountChange> }>();
  let made = 0;
  const nameOf = (person: string, providerId: string) => `${person} ${providerId}`;
  return {
    versionOf: (person, providerId) => changes.get(nameOf(person, providerId))?.version ?? 0,
    apply(person, providerId, planned) {
      const known = changes.get(nameOf(person, providerId))?.byKey;
      if (known === undefined) return planned;
      return planned
        .filter(({ key }) => known.get(key)?.closed !== true)
        .map((account) => changed(account, known.get(account.key) ?? {}));
    },
    change(person, providerId, key, change) {
      if (made >= CHANGES_MAX) throw new RangeError('too many changes: start the simulator anew');
      made += 1;
      const name = nameOf(person, providerId);
      const known = changes.get(name) ?? { version: 0, byKey: new Map<string, AccountChange>() };
      known.version += 1;
      known.byKey.set(key, { ...known.byKey.get(key), ...change });
      changes.set(name, known);
    },
  };
}

function changed(account: PlannedAccount, change: AccountChange): PlannedAccount {
  const { iban, ...others } = account.numbers;
  const numbers = change.withoutIban === true || iban === undefined ? others : { ...others, iban };
  return {
    ...account,
    displayName: change.displayName ?? account.displayName,
    numbers:
      account.role === 'card' && change.lastDigits !== undefined
        ? { number: change.lastDigits }
        : numbers,
    ...(change.id === undefined ? {} : { wireId: change.id }),
    ...(change.currency === undefined ? {} : { wireCurrency: change.currency }),
  };
}
