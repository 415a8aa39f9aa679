import type { App } from '../app.ts';
import { ExpectedError } from '../base/errors.ts';
import { csvHead, csvLine } from './csv.ts';
import type { ExportSection } from './export-section.ts';
import { EXPORT_SECTIONS } from './export-sections.ts';

/** The token does not show account numbers, and an export has them. */
export class ExportScopeError extends ExpectedError {
  constructor() {
    super(
      'SCOPE_MISSING',
      'An export holds account numbers and names in full: it needs a token with the scope identifiers.',
    );
  }
}

/** The kinds of rows that there are, each a file of its own in CSV. */
export const EXPORT_KINDS: readonly string[] = EXPORT_SECTIONS.map(({ kind }) => kind);

const ROWS_PER_PAGE = 1_000;

/**
 * An export holds what masks hide otherwise, so it is whole or not at all.
 *
 * @throws ExportScopeError
 */
export function requireExportScope(scopes: readonly string[]): void {
  if (!scopes.includes('identifiers')) throw new ExportScopeError();
}

/**
 * All that is stored of a viewer, as JSON lines, each with its `type`. The last line has the type `end`
 * and counts the others, so that an export that was cut off is known as one.
 */
export async function* exportJsonLines(app: App, viewerId: string): AsyncGenerator<string> {
  const counts: Record<string, number> = {};
  for (const section of EXPORT_SECTIONS) {
    const { kind } = section;
    counts[kind] = 0;
    for await (const rows of readPages(app, viewerId, section)) {
      counts[kind] += rows.length;
      yield rows
        .map(({ row }) => `{"type":"${kind}",${row.slice(row.indexOf('{') + 1)}\n`)
        .join('');
    }
  }
  yield `${JSON.stringify({ type: 'end', counts })}\n`;
}

/**
 * The rows of one kind as CSV.
 *
 * @param kind - one of `EXPORT_KINDS`
 */
export async function* exportCsv(app: App, viewerId: string, kind: string): AsyncGenerator<string> {
  const section = EXPORT_SECTIONS.find((candidate) => candidate.kind === kind);
  if (section === undefined) throw new RangeError(`no export is called ${kind}`);
  const names = Object.keys(section.columns);
  yield csvHead(names);
  for await (const rows of readPages(app, viewerId, section)) {
    yield rows
      .map(({ row }) => JSON.parse(row) as Record<string, unknown>)
      .map((row) => csvLine(names.map((name) => row[name])))
      .join('');
  }
}

interface ExportRow {
  /** A JSON object, whose names are in the section's order. */
  readonly row: string;
  /** Its place in the order. */
  readonly place: readonly string[];
}

// A page is a statement of its own: between two of them no connection is held, however slowly the
// caller takes what it is given.
async function* readPages(
  { database }: App,
  viewerId: string,
  section: ExportSection,
): AsyncGenerator<readonly ExportRow[]> {
  let after: readonly string[] | null = null;
  for (;;) {
    const statement = pageStatement(section, after !== null);
    const values = [viewerId, ...(after ?? [])];
    const rows: readonly ExportRow[] = await database.transact(viewerId, (tx) =>
      tx.$queryRawUnsafe<ExportRow[]>(statement, ...values),
    );
    if (rows.length > 0) yield rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < ROWS_PER_PAGE) return;
    after = last.place;
  }
}

function pageStatement({ columns, from, order, descending }: ExportSection, goesOn: boolean) {
  const pairs = Object.entries(columns).map(([name, column]) => `'${name}', ${column}`);
  const keys = order.map(({ column }) => column).join(', ');
  const places = order.map(({ column }) => `${column}::text`).join(', ');
  const bounds = order.map(({ type }, index) => `$${index + 2}::text::${type}`).join(', ');
  const [direction, sign] = descending === true ? ['desc', '<'] : ['asc', '>'];
  const sorted = order.map(({ column }) => `${column} ${direction}`).join(', ');
  return `select json_build_object(${pairs.join(', ')})::text as row, array[${places}] as place
    from ${from} ${goesOn ? `and (${keys}) ${sign} (${bounds})` : ''}
    order by ${sorted} limit ${ROWS_PER_PAGE}`;
}
