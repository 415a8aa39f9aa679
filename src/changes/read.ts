import { ExpectedError } from '../base/errors.ts';
import type { Database } from '../postgres/db.ts';
import type { ChangeEntry } from './log.ts';

/** A place in a viewer's log: the number of the last change that was read, in which log. */
export interface LogPlace {
  readonly epoch: string;
  readonly seq: bigint;
}

/** One entry of the log. */
export interface LoggedChange {
  /** In which log. */
  readonly epoch: string;
  readonly seq: bigint;
  readonly subject: ChangeEntry['subject'];
  readonly subjectId: string;
  readonly act: ChangeEntry['act'];
  readonly at: Date;
  /** Null for changes of earlier versions. */
  readonly eventId: string | null;
  /** Of an account that is gone, where that is known: what it was. */
  readonly accountKind: string | null;
}

/** Some entries of a log, in order. */
export interface ChangePage {
  readonly rows: readonly LoggedChange[];
  /** The log's end; null before the viewer has a log. */
  readonly newest: LogPlace | null;
}

/** The log has no longer what comes after a place: it was trimmed, or is another. */
export class CursorExpiredError extends ExpectedError {
  constructor() {
    super(
      'CURSOR_EXPIRED',
      'The log no longer has all that comes after this cursor: read everything anew, and go on from `newestCursor`.',
    );
  }
}

interface Row extends Omit<LoggedChange, 'seq' | 'epoch'> {
  readonly epoch: string;
  readonly newest: string;
  readonly trimmed: string;
  readonly seq: string | null;
}

/**
 * Reads a viewer's log in the order in which its changes were committed. Log and counter are looked at in
 * one statement. No number is given before those below it are there to be read, so nobody who reads on
 * from the last number misses one: see `recordChanges`.
 *
 * @param after - the last change that was read; null for the oldest that the log has
 * @throws CursorExpiredError
 */
export async function readChanges(
  { pool }: Pick<Database, 'pool'>,
  viewerId: string,
  { after, limit }: { readonly after: LogPlace | null; readonly limit: number },
): Promise<ChangePage> {
  const { rows } = await pool.query<Row>({
    name: 'changes',
    text: `select log.epoch::text, log.seq::text as newest, log.trimmed_until::text as trimmed, page.*
      from (select set_config('app.viewer', $1, true)::uuid as id) viewer
      cross join lateral (
        select epoch, seq, trimmed_until from change_counter where viewer_id = viewer.id offset 0
      ) log
      left join lateral (
        select seq::text, subject, subject_id::text as "subjectId", act, at,
          event_id::text as "eventId", account_kind as "accountKind"
        from change where viewer_id = viewer.id and change.seq > $2::bigint
        order by change.seq limit $3
      ) page on true`,
    values: [viewerId, (after?.seq ?? 0n).toString(), limit],
  });
  const [first] = rows;
  if (first === undefined) return { rows: [], newest: null };
  const newest = { epoch: first.epoch, seq: BigInt(first.newest) };
  if (after !== null) expectIn(newest, BigInt(first.trimmed), after);
  return { rows: rows.flatMap(changeOf), newest };
}

// A backup that was restored is behind those who read on before.
function expectIn(newest: LogPlace, trimmedUntil: bigint, after: LogPlace): void {
  const known = after.epoch === newest.epoch && after.seq <= newest.seq;
  if (!known || after.seq < trimmedUntil) throw new CursorExpiredError();
}

function changeOf({ newest: _newest, trimmed: _trimmed, seq, ...row }: Row): LoggedChange[] {
  return seq === null ? [] : [{ ...row, seq: BigInt(seq) }];
}
