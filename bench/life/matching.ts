import type { Figures } from '../figures.ts';
import type { HouseOfLife } from './house-of-life.ts';

const MATCHED_PERCENT_MIN = 95;

/** Holds the accounts here against those at the bank, consent after consent. */
export class MatchingJudge {
  /** Ids of ours by person and by the bank's own key for the account. */
  readonly #ours = new Map<number, Map<string, Set<string>>>();
  /** Accounts that a renewal listed and that were here before. */
  known = 0;
  /** Those of them that were found to be what they are, with nobody's help. */
  matched = 0;
  /** Those that became another account, with a proposal to merge the two. */
  proposed = 0;

  /** Looks at what a new period of a consent opened, once it has been read. */
  async look(life: HouseOfLife, person: number, consentId: string): Promise<void> {
    const { rows } = await life.owner.query<{ key: string; id: string; credentials: string }>(
      `select a.provider_account_id as key, a.account_id as id, c.credentials_id as credentials
       from consent c join account_alias a on a.viewer_id = c.viewer_id where c.id = $1`,
      [consentId],
    );
    const [first] = rows;
    if (first === undefined) return;
    const truth = life.simulator.truthOfConsent(first.credentials);
    const ours = this.#ours.get(person) ?? new Map<string, Set<string>>();
    this.#ours.set(person, ours);
    for (const { key, id: wireId } of [...truth.accounts, ...truth.cards]) {
      const id = rows.find((row) => row.key === wireId)?.id;
      if (id === undefined) throw new Error(`account ${key} of person ${person} is not here`);
      const before = ours.get(key);
      if (before !== undefined) {
        this.known += 1;
        if (before.has(id)) this.matched += 1;
      }
      ours.set(key, (before ?? new Set<string>()).add(id));
    }
  }

  /** Accounts of ours that are one at the bank, where nobody is even asked whether they are. */
  async duplicates(life: HouseOfLife): Promise<readonly string[]> {
    const { rows } = await life.owner.query<{ newer: string; older: string }>(
      'select newer_id as newer, older_id as older from account_proposal',
    );
    const asked = Map.groupBy(
      rows.flatMap(({ newer, older }) => [[newer, older] as const, [older, newer] as const]),
      ([id]) => id,
    );
    const duplicates: string[] = [];
    for (const [person, keys] of this.#ours) {
      for (const [key, ids] of keys) {
        // From proposal to proposal: whoever merges one and then the next has one account.
        const reached = new Set(ids.values().take(1));
        for (const id of reached) {
          for (const [, other] of asked.get(id) ?? []) reached.add(other);
        }
        for (const id of ids) {
          if (!reached.has(id)) duplicates.push(`${key} of person ${person}, one of ${ids.size}`);
        }
        this.proposed += ids.size - 1;
      }
    }
    return duplicates;
  }

  /** Accounts of ours that are two at the bank. */
  wrongMerges(): number {
    let wrong = 0;
    for (const keys of this.#ours.values()) {
      const owners = new Map<string, string>();
      for (const [key, ids] of keys) {
        for (const id of ids) {
          if (owners.has(id)) wrong += 1;
          owners.set(id, key);
        }
      }
    }
    return wrong;
  }
}

/** Prints what became of accounts, and whether that is as it has to be. */
export async function tellMatching(
  house: HouseOfLife,
  matching: MatchingJudge,
  figures: Figures,
): Promise<void> {
  const duplicates = await matching.duplicates(house);
  figures.exactly('duplicate accounts', duplicates.length, 0);
  for (const duplicate of duplicates) figures.show('a duplicate', duplicate);
  figures.exactly('wrong merges', matching.wrongMerges(), 0);
  figures.show('accounts proposed to be merged', String(matching.proposed));
  figures.show('accounts listed again', String(matching.known));
  const percent = matching.known === 0 ? 100 : (100 * matching.matched) / matching.known;
  figures.show('matched without a human, percent', percent.toFixed(2));
  figures.atLeast('the same, whole percent', Math.floor(percent), MATCHED_PERCENT_MIN);
}
