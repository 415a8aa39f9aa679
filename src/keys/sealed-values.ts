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

/** How the rows of a table are told apart. */
interface SealedTable {
  readonly key: string;
  readonly type: 'uuid' | 'text';
  /** Rows that belong to no viewer: everybody of the house finds them, without the scout. */
  readonly nobodys?: true;
}

/** Every table with something sealed in it. */
const TABLES: Readonly<Record<string, SealedTable>> = {
  auth_link: { key: 'id', type: 'uuid' },
  consent: { key: 'id', type: 'uuid' },
  consent_credential: { key: 'consent_id', type: 'uuid' },
  revocation: { key: 'id', type: 'uuid' },
  bank_client: { key: 'environment', type: 'text', nobodys: true },
  erasure_key: { key: 'name', type: 'text', nobodys: true },
  webhook_endpoint: { key: 'id', type: 'uuid', nobodys: true },
};

/** Everything sealed, by the table in which it is found whose it is. */
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
  {
    table: 'revocation',
    columns: [
      { table: 'revocation', column: 'sealed_access' },
      { table: 'revocation', column: 'sealed_refresh' },
    ],
  },
  {
    table: 'bank_client',
    columns: [
      { table: 'bank_client', column: 'sealed_secret' },
      { table: 'bank_client', column: 'sealed_seed' },
    ],
  },
  { table: 'erasure_key', columns: [{ table: 'erasure_key', column: 'sealed_key' }] },
  {
    table: 'webhook_endpoint',
    columns: [
      { table: 'webhook_endpoint', column: 'sealed_secret' },
      { table: 'webhook_endpoint', column: 'sealed_previous_secret' },
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
const BEFORE_ALL = { uuid: '00000000-0000-0000-0000-000000000000', text: '' } as const;
/** Whose the rows are that belong to no viewer, as the place of what is sealed in them says. */
const NOBODY = 'nobody';

/** How many rows `readSealedPages` goes through. */
export async function countHolders(database: Database): Promise<number> {
  const counts = await Promise.all(
    HOLDERS.map(async ({ table }) => {
      if (table === 'bank_client') return database.shared.bankClient.count();
      if (table === 'erasure_key') return database.shared.erasureKey.count();
      if (table === 'webhook_endpoint') return database.shared.webhookEndpoint.count();
      return database.scoutCount(table);
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

/**
 * Reads every sealed value, every viewer's and nobody's, a page at a time in the order of row ids.
 * Rows that are made meanwhile may be missed.
 */
export async function* readSealedPages(database: Database): AsyncGenerator<SealedPage> {
  for (const { table, columns } of HOLDERS) {
    let after: string = BEFORE_ALL[tableOf(table).type];
    for (;;) {
      const found = await findPage(database, table, after);
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
     where ${tableOf(table).key} = ${id} and ${column} = ${old}`,
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

function tableOf(name: string): SealedTable {
  const table = TABLES[name];
  if (table === undefined) throw new Error(`nothing is known to be sealed in ${name}`);
  return table;
}

async function findPage(
  database: Database,
  name: string,
  after: string,
): Promise<readonly Finding[]> {
  const { key, nobodys } = tableOf(name);
  const rest = `from ${name} where ${key} > $1 order by ${key} limit ${ROWS_PER_PAGE}`;
  if (nobodys === undefined) return database.scout(`select id, viewer_id ${rest}`, [after]);
  const { rows } = await database.pool.query<{ id: string }>(`select ${key} as id ${rest}`, [
    after,
  ]);
  return rows.map(({ id }) => ({ id, viewerId: NOBODY }));
}

// The viewer is set by the statement that reads, before any row can be looked at: see
// `accounts/read.ts`.
async function readValues(
  database: Database,
  name: string,
  columns: readonly SealedColumn[],
  { id, viewerId }: Finding,
): Promise<SealedValue[]> {
  const selected = columns.map(({ table, column }) => {
    const { key, type, nobodys } = tableOf(table);
    const theirs = nobodys === undefined ? 'and t.viewer_id = viewer.id::uuid' : '';
    return `(select t.${column} from ${table} t where t.${key} = $2::${type} ${theirs})`;
  });
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
