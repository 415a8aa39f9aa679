/** One kind of rows in an export. */
export interface ExportSection {
  /** What its rows are called: the `type` of a line, the `kind` of a file. */
  readonly kind: string;
  /** Where its rows are, with the condition that they are the viewer's, `$1`. */
  readonly from: string;
  /** What puts them into an order and tells each from the others, newest or smallest first. */
  readonly order: readonly OrderColumn[];
  readonly descending?: true;
  /** The name of each value, and what gives it. Amounts are text, so that they stay exact. */
  readonly columns: Readonly<Record<string, string>>;
}

/** A column of an order, and its type. */
export interface OrderColumn {
  readonly column: string;
  readonly type: 'uuid' | 'date' | 'int' | 'bigint' | 'text';
}

/** By our own ids, which grow with time. */
export const ID: readonly OrderColumn[] = [{ column: 't.id', type: 'uuid' }];

/** A value as text, so that it stays exact. */
export const text = (column: string) => `${column}::text`;
/** An instant as the API writes it. */
export const instant = (column: string) => `to_char(${column}, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
/** The rows of a table that are the viewer's. */
export const theirs = (table: string) => `${table} t where t.viewer_id = $1::uuid`;
