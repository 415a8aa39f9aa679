import type pg from 'pg';

/** A row as a dump would have it. */
export interface DumpedRow {
  readonly table: string;
  readonly row: string;
}

/** Every row of every table of every schema of ours, the queue's included. */
export async function dumpEverything(owner: pg.Client): Promise<readonly DumpedRow[]> {
  const { rows: tables } = await owner.query<{ name: string }>(
    `select format('%I.%I', n.nspname, c.relname) as name
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'm') and n.nspname not in ('pg_catalog', 'information_schema')
     order by 1`,
  );
  const dumped: DumpedRow[] = [];
  for (const { name } of tables) {
    const { rows } = await owner.query<{ row: string }>(
      `select row_to_json(t)::text as row from ${name} t order by 1`,
    );
    dumped.push(...rows.map(({ row }) => ({ table: name, row })));
  }
  return dumped;
}

const UUID = /[0-9a-f]{8}-[0-9a-f-]{27}/g;

/** Where any of the words stands. Ids, of which there may be thousands, are looked for as whole words. */
export function findWords(dump: readonly DumpedRow[], words: Iterable<string>): string[] {
  const [ids, others] = [new Set<string>(), new Array<string>()];
  for (const word of words) {
    if (/^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(word)) ids.add(word);
    else others.push(word.replace(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`));
  }
  const pattern = new RegExp(others.length === 0 ? '(?!)' : others.join('|'));
  return dump.flatMap(({ table, row }) => {
    const found = row.match(UUID)?.find((id) => ids.has(id)) ?? pattern.exec(row)?.[0];
    return found === undefined ? [] : [`${table}: ${found}`];
  });
}

const VIEWER_TABLES = `select c.relname as name from pg_class c
  join pg_attribute a on a.attrelid = c.oid and a.attname = 'viewer_id' and not a.attisdropped
  where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' order by 1`;

/** The names of all tables with rows of viewers. */
export async function viewerTables(owner: pg.Client): Promise<readonly string[]> {
  const { rows } = await owner.query<{ name: string }>(VIEWER_TABLES);
  return rows.map(({ name }) => name);
}

/** All rows of one viewer, as objects. */
export async function rowsOfViewer(
  owner: pg.Client,
  viewerId: string,
): Promise<readonly (DumpedRow & { readonly values: Readonly<Record<string, unknown>> })[]> {
  const all = [];
  for (const table of ['viewer', ...(await viewerTables(owner))]) {
    const key = table === 'viewer' ? 'id' : 'viewer_id';
    const { rows } = await owner.query<{ row: string }>(
      `select row_to_json(t)::text as row from ${table} t where ${key} = $1 order by 1`,
      [viewerId],
    );
    all.push(
      ...rows.map(({ row }) => ({
        table,
        row,
        values: JSON.parse(row) as Record<string, unknown>,
      })),
    );
  }
  return all;
}
