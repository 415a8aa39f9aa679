import type { Database } from '../postgres/db.ts';

/** What a transaction says at a time, in the names of the rows that keep it. Amounts and days are text. */
export interface TransactionContent {
  readonly status: string;
  readonly bookedOn: string;
  readonly bookedAt: string | null;
  readonly amount: string;
  readonly currency: string;
  readonly description: string;
  readonly merchantName: string | null;
  readonly category: string;
  readonly counterpartyName: string | null;
  readonly reference: string | null;
  readonly runningBalance: string | null;
  /** These three are not known of changes that earlier versions of this server saw. */
  readonly classification?: readonly string[];
  readonly counterpartyIban?: string | null;
  readonly signDisputed?: boolean;
}

/** What a transaction said before the bank changed it. */
export interface ReplacedVersion {
  readonly transaction_id: string;
  readonly version: number;
  readonly replaced_at: Date;
  readonly content: TransactionContent;
  /** What it said next. */
  readonly next: TransactionContent;
}

/** A page of the versions of a transaction, newest first. */
export interface VersionPage {
  /** The number of the version after which the page begins; null for the newest. */
  readonly before: number | null;
  /** Versions wanted; one more is read to tell whether there is a next page. */
  readonly first: number;
}

/** The names of all that a version may differ in from the next. */
export const CONTENT_FIELDS = [
  'status',
  'bookedOn',
  'bookedAt',
  'amount',
  'currency',
  'description',
  'merchantName',
  'category',
  'classification',
  'counterpartyName',
  'counterpartyIban',
  'reference',
  'runningBalance',
  'signDisputed',
] as const satisfies readonly (keyof TransactionContent)[];

/** What was changed when a version was replaced. */
export function changedFields({
  content,
  next,
}: ReplacedVersion): (typeof CONTENT_FIELDS)[number][] {
  return CONTENT_FIELDS.filter(
    (field) =>
      content[field] !== undefined &&
      JSON.stringify(content[field]) !== JSON.stringify(next[field]),
  );
}

/** What a version holds of a row of the table `transaction`, as JSON that Postgres makes. */
export function contentOf(row: string): string {
  return `jsonb_build_object('status', ${row}.status, 'bookedOn', ${row}.booked_on,
    'bookedAt', ${row}.booked_at, 'amount', ${row}.amount::text, 'currency', ${row}.currency,
    'description', ${row}.description, 'merchantName', ${row}.merchant_name,
    'category', ${row}.category, 'classification', ${row}.classification,
    'counterpartyName', ${row}.counterparty_name, 'counterpartyIban', ${row}.counterparty_iban,
    'reference', ${row}.reference, 'runningBalance', ${row}.running_balance::text,
    'signDisputed', ${row}.sign_disputed)`;
}

/**
 * Pages of the versions of several transactions in one statement, by transaction id. Transactions that are
 * not the viewer's have none.
 */
export async function readVersions(
  { pool }: Database,
  viewerId: string,
  transactionIds: readonly string[],
  { before, first }: VersionPage,
): Promise<ReadonlyMap<string, readonly ReplacedVersion[]>> {
  // The viewer is set by the statement that reads; the lateral part sees to it that it is set first.
  const { rows } = await pool.query<ReplacedVersion>({
    name: 'transaction_versions',
    text: `select v.* from (select set_config('app.viewer', $1, true) as id) viewer
     cross join unnest($2::uuid[]) wanted (id)
     cross join lateral (
       select v.transaction_id, v.version, v.replaced_at, v.content,
         coalesce(next.content, ${contentOf('t')}) as next
       from transaction_version v join transaction t on t.id = v.transaction_id
         left join transaction_version next
           on next.transaction_id = v.transaction_id and next.version = v.version + 1
       where v.transaction_id = wanted.id and v.viewer_id = viewer.id::uuid
         and t.collapsed_into_id is null and v.version < coalesce($3::int, 2147483647)
       order by v.version desc limit $4
     ) v`,
    values: [viewerId, [...transactionIds], before, first + 1],
  });
  return Map.groupBy(rows, (row) => row.transaction_id);
}
