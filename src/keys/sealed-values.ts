import { escapeLiteral, type QueryResult } from 'pg';
import { keyIdOf, type SealPlace } from '../base/seal.ts';
import type { Database, Finding } from '../postgres/db.ts';

/** One secret as a row keeps it. */
export interface SealedValue {
  readonly place: SealPlace;
  readonly sealed: string;
  /** The key that it names; null where it is damaged beyond that. */
  readonly keyId: string | null;
}

interface SealedColumn {
  readonly table: string;
  readonly column: string;
}

/** The columns that identify a row, of every table with something sealed in it. */
const KEY_COLUMNS: Readonly<Record<string, string>> = {
  auth_link: 'id',
  consent: 'id',
  consent_credential: 'consent_id',
};

/** Everything sealed, by the table in which the scout finds whose it is. */
const HOLDERS = [
  {
    table: 'auth_link',
    columns: ['sealed_dialog', 'sealed_code_verifier', 'sealed_code', 'sealed_psu_ip'].map(
      (column) => ({ table: 'auth_link', column }),
    ),
  },
  {
    table: 'consent',
    columns: [
      { table: 'consent', column: 'sealed_psu_ip' },
      { table: 'consent_credential', column: 'sealed_access' },
      { table: 'consent_credential', column: 'sealed_refresh' },
    ],
  },
] as const;

/** Every column that holds a secret. */
export const SEALED_COLUMNS: readonly SealedColumn[] = HOLDERS.flatMap(({ columns }) => [
  ...columns,
]);

/** A page of rows, and what is sealed in them. */
export interface SealedPage {
  readonly rows: number;
  readonly values: readonly SealedValue[];
}

const ROWS_PER_PAGE = 500;
const PARALLEL = 8;
const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';

/** How many rows `readSealedPages` goes through. */
export async function countHolders(database: Database): Promise<number> {
  const counts = await Promise.all(HOLDERS.map(({ table }) => database.scoutCount(table)));
  return counts.reduce((sum, count) => sum + count, 0);
}

/**
 * Reads every sealed value of every viewer, a page at a time in the order of row ids. Rows that are
 * made meanwhile may be missed.
 */
export async function* readSealedPages(database: Database): AsyncGenerator<SealedPage> {
  for (const { table, columns } of HOLDERS) {
    let after = BEFORE_ALL;
    for (;;) {
      const found = await database.scout(
        `select id, viewer_id from ${table} where id > $1 order by id limit ${ROWS_PER_PAGE}`,
        [after],
      );
      const last = found.at(-1);
      if (last === undefined) break;
      after = last.id;
      const values: SealedValue[] = [];
      await inParallel(found, async (finding) => {
        values.push(...(await readValues(database, table, columns, finding)));
      });
      yield { rows: found.length, values };
    }
  }
}

/** What a place holds now; null where the row or the secret is gone. */
export async function readSealedValue(
  database: Database,
  place: SealPlace,
): Promise<SealedValue | null> {
  const finding = { id: place.row, viewerId: place.viewer };
  const name = `${place.table}.${place.column}`;
  const [value] = await readValues(database, name, [place], finding);
  return value ?? null;
}

/**
 * Puts a sealed value in the place of another, unless something else stands there by now. One round
 * trip and one row, so that it holds no lock that anybody would wait for.
 *
 * @returns whether it was put there
 */
export async function replaceSealedValue(
  { pool }: Database,
  { place, sealed }: SealedValue,
  by: string,
): Promise<boolean> {
  const { table, column, row, viewer } = place;
  const [id, old, renewed, whose] = [row, sealed, by, viewer].map((text) => escapeLiteral(text));
  // Statements that are sent together are one transaction, but take no parameters.
  const results = await pool.query(
    `select set_config('app.viewer', ${whose}, true);
     update ${table} set ${column} = ${renewed}
     where ${KEY_COLUMNS[table]} = ${id} and ${column} = ${old}`,
  );
  const [, update] = results as unknown as readonly QueryResult[];
  return update?.rowCount === 1;
}

/** Works on a few items at a time. What is thrown for one keeps the rest from being begun. */
export async function inParallel<T>(
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const item = items[next++] as T;
      try {
        await work(item);
      } catch (error) {
        next = items.length;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
}

// The viewer is set by the statement that reads, before any row can be looked at: see
// `accounts/read.ts`.
async function readValues(
  database: Database,
  name: string,
  columns: readonly SealedColumn[],
  { id, viewerId }: Finding,
): Promise<SealedValue[]> {
  const selected = columns.map(
    ({ table, column }) =>
      `(select t.${column} from ${table} t
        where t.${KEY_COLUMNS[table]} = $2::uuid and t.viewer_id = viewer.id::uuid)`,
  );
  const { rows } = await database.pool.query<{ readonly held: readonly (string | null)[] }>({
    name: `sealed_values_${name}`,
    text: `select row.held from (select set_config('app.viewer', $1, true) as id) viewer
      cross join lateral (select array[${selected.join(', ')}] as held offset 0) row`,
    values: [viewerId, id],
  });
  return columns.flatMap(({ table, column }, index) => {
    const sealed = rows[0]?.held[index] ?? null;
    if (sealed === null) return [];
    const place = { table, column, row: id, viewer: viewerId };
    return [{ place, sealed, keyId: keyIdOf(sealed) }];
  });
}
