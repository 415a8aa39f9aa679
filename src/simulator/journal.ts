/**
 * One request as the simulator saw it. Codes, tokens, passwords and client secrets travel in
 * bodies, headers and the queries of the dialog, and none of these are kept.
 */
export interface JournalEntry {
  readonly at: Date;
  readonly method: string;
  readonly path: string;
  /** Only `from`, `to` and `async` of a Data API call. */
  readonly query: Readonly<Record<string, string>>;
  /** Whose connection it was about, where that is known. */
  readonly credentialsId: string | null;
  /** 0 where a fault cut the line. */
  readonly status: number;
  readonly correlationId: string;
  readonly clientCorrelationId: string | null;
  /** True if the call said that the user is present. */
  readonly attended: boolean;
}

/** The requests of late, oldest first. */
export interface Journal {
  readonly entries: readonly JournalEntry[];
  clear(): void;
}

/** A journal that can be written to. */
export interface WritableJournal extends Journal {
  add(entry: JournalEntry): void;
}

const KEPT_MAX = 10_000;

/** An empty journal that keeps the newest 10,000 entries. */
export function makeJournal(): WritableJournal {
  let kept: JournalEntry[] = [];
  return {
    get entries() {
      return kept.slice(-KEPT_MAX);
    },
    clear() {
      kept = [];
    },
    add(entry) {
      kept.push(entry);
      // Trimmed by halves: moving ten thousand entries for each new one would be felt.
      if (kept.length >= 2 * KEPT_MAX) kept = kept.slice(-KEPT_MAX);
    },
  };
}
