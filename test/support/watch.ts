import pg from 'pg';
import type { HeardAnswer } from './door.ts';
import { type Leak, LeakError, makeSearch, type Search, type Sought } from './leaks.ts';

/** The columns that are there to hold account numbers, in clear. */
const IDENTIFIER_COLUMNS: Readonly<Record<string, readonly string[]>> = {
  'public.account': ['iban', 'account_number', 'sort_code'],
};
const ROWS_AT_ONCE = 2_000;
const LEAKS_MAX = 20;

/** All that is looked through, for what. */
export interface Watched {
  /** Besides whatever bears the canary. */
  readonly sought?: Sought;
  readonly databaseUrl?: string;
  readonly logLines?: readonly string[];
  readonly answers?: readonly HeardAnswer[];
}

/**
 * Looks through everything that a house left behind.
 *
 * @throws LeakError if anything was found
 */
export async function refuseLeaks(watched: Watched): Promise<void> {
  const { answers = [], databaseUrl, logLines = [], sought = {} } = watched;
  const search = makeSearch(sought);
  // What callers bring and get back belongs into answers.
  const atDoor = makeSearch({ ...sought, plain: new Set() });
  const leaks = [
    ...(databaseUrl === undefined ? [] : await searchDatabase(databaseUrl, search)),
    ...searchLog(logLines, search),
    ...answers.flatMap(({ at, text, showsIdentifiers }) =>
      leaksIn(text, at, atDoor).filter(({ what }) => what === 'secret' || !showsIdentifiers),
    ),
  ];
  if (leaks.length > 0) throw new LeakError(leaks.slice(0, LEAKS_MAX));
}

function leaksIn(text: string, at: string, search: Search): Leak[] {
  return [
    ...(search.holdsSecret(text) ? [{ what: 'secret', at } as const] : []),
    ...(search.holdsIdentifier(text) ? [{ what: 'account number', at } as const] : []),
  ];
}

function searchLog(lines: readonly string[], search: Search): Leak[] {
  // Nearly always there is nothing, and one look over the whole tells that soonest.
  if (leaksIn(lines.join(''), 'the log', search).length === 0) return [];
  return lines.flatMap((line, index) => leaksIn(line, `line ${index + 1} of the log`, search));
}

/** Every row of every table of every schema, a bounded number at a time. */
export async function searchDatabase(url: string, search: Search): Promise<Leak[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      `select format('%I.%I', n.nspname, c.relname) as name
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where c.relkind in ('r', 'm') and n.nspname not in ('pg_catalog', 'information_schema')`,
    );
    const tainted = new Set<string>();
    const all = tables.map(({ name }) => rowsOf(name));
    for await (const rows of readAll(client, all.join(' union all '))) {
      // Nearly always there is nothing, and one look over the whole tells that soonest.
      if (!taints({ row: textOf(rows, 'row'), shown: textOf(rows, 'shown') }, search)) continue;
      for (const row of rows) if (taints(row, search)) tainted.add(row.name);
    }
    const leaks: Leak[] = [];
    for (const name of tainted) leaks.push(...(await searchTable(client, name, search)));
    return leaks;
  } finally {
    await client.end();
  }
}

interface FoundRow {
  readonly name: string;
  readonly row: string;
  /** What of it may be an account number. */
  readonly shown: string;
}

function textOf(rows: readonly FoundRow[], part: 'row' | 'shown'): string {
  return rows.map((row) => row[part]).join('\n');
}

function taints({ row, shown }: Omit<FoundRow, 'name'>, search: Search): boolean {
  return leaksIn(row, '', search).length > 0 || search.holdsSecret(shown);
}

async function* readAll(client: pg.Client, select: string): AsyncGenerator<readonly FoundRow[]> {
  await client.query('begin read only');
  await client.query(`declare everything no scroll cursor for ${select}`);
  for (;;) {
    const { rows } = await client.query<FoundRow>(`fetch ${ROWS_AT_ONCE} from everything`);
    if (rows.length === 0) break;
    yield rows;
  }
  await client.query('rollback');
}

/** Each row as a dump would have it, apart from the columns that may show account numbers. */
function rowsOf(name: string): string {
  const shown = IDENTIFIER_COLUMNS[name];
  const [row, apart] =
    shown === undefined
      ? ['t::text', `''`]
      : [
          `(to_jsonb(t) - '{${shown.join(',')}}'::text[])::text`,
          `concat_ws(' ', ${shown.map((column) => `t.${column}`).join(', ')})`,
        ];
  return `select '${name}' as name, ${row} as row, ${apart} as shown from ${name} t`;
}

/** The columns of one table that something was found in. */
async function searchTable(client: pg.Client, name: string, search: Search): Promise<Leak[]> {
  const found = new Map<string, Leak>();
  const select = `select '${name}' as name, row_to_json(t)::text as row, '' as shown from ${name} t`;
  for await (const rows of readAll(client, select)) {
    for (const { row } of rows) {
      for (const [column, value] of Object.entries(JSON.parse(row) as Record<string, unknown>)) {
        const belongs = IDENTIFIER_COLUMNS[name]?.includes(column) ?? false;
        for (const leak of leaksIn(JSON.stringify(value), `${name}.${column}`, search)) {
          if (leak.what === 'secret' || !belongs) found.set(`${leak.what} ${leak.at}`, leak);
        }
      }
    }
  }
  return [...found.values()];
}
