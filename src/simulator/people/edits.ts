import { ADDED_SERIALS, type Row } from './book.ts';

/** A row as somebody has changed it; undefined once it is deleted. */
export type EditedRow = Row | undefined;

/** One row that was added or changed by hand, with all its versions. */
export interface Edit {
  readonly serial: number;
  /** The row as generated; undefined for one that was added. */
  readonly original: Row | undefined;
  readonly versions: { readonly number: number; readonly row: EditedRow }[];
}

/** What was changed by hand, account by account. */
export interface Edits {
  /** Goes up with each change, so that an answer can be given again as it was. */
  readonly version: number;
  /** The changes to an account, by serial. */
  of(accountId: string): ReadonlyMap<number, Edit>;
  /** Adds a row. Gives its serial. */
  add(accountId: string, row: Omit<Row, 'serial'>): number;
  /** Puts another row in place of one, or nothing. `original` as it was before any change. */
  change(accountId: string, original: Row, row: EditedRow): void;
}

/** A ceiling for a process left running. */
const CHANGES_MAX = 1_000_000;

/** No changes yet. */
export function makeEdits(): Edits {
  const accounts = new Map<string, Map<number, Edit>>();
  let version = 0;
  let added = 0;
  function put(accountId: string, serial: number, original: Row | undefined, row: EditedRow): void {
    if (version >= CHANGES_MAX) throw new RangeError('too many changes: start the simulator anew');
    version += 1;
    const edits = accounts.get(accountId) ?? new Map<number, Edit>();
    accounts.set(accountId, edits);
    const edit = edits.get(serial) ?? { serial, original, versions: [] };
    edits.set(serial, edit);
    edit.versions.push({ number: version, row });
  }
  return {
    get version() {
      return version;
    },
    of: (accountId) => accounts.get(accountId) ?? NONE,
    add(accountId, row) {
      added += 1;
      const serial = ADDED_SERIALS + added;
      put(accountId, serial, undefined, { serial, ...row });
      return serial;
    },
    change(accountId, original, row) {
      const isAdded = original.serial >= ADDED_SERIALS;
      put(accountId, original.serial, isAdded ? undefined : original, row);
    },
  };
}

const NONE: ReadonlyMap<number, Edit> = new Map();

/** The row as it stood at a version of the changes; the original where it had none by then. */
export function rowAt(edit: Edit, version: number): EditedRow {
  const last = edit.versions.findLast(({ number }) => number <= version);
  return last === undefined ? edit.original : last.row;
}
