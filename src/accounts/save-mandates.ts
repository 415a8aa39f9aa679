import type { App } from '../app.ts';
import { uuidv7 } from '../base/entropy.ts';
import type { ChangeEntry } from '../changes/log.ts';
import type { Tx } from '../postgres/db.ts';
import type { Listing } from '../truelayer/listing.ts';
import type { MandateKind, MandateRow } from './mandates.ts';
import type { TransactionOwner } from './owner.ts';
import { recognise } from './recognise.ts';

/** The account whose direct debits or standing orders are saved. */
export interface MandateOwner extends TransactionOwner {
  readonly currency: string | null;
}

/**
 * Saves all direct debits, or all standing orders, that a bank lists for an account, each under the id that
 * it had before, however the bank calls it now. One that a whole list leaves out has ended and stays; one
 * that comes back lives again. An answer to an older question than the last changes nothing.
 *
 * @param listing - of a successful call only: an empty list ends all
 * @param askedAt - when the bank was asked
 */
export async function saveMandates<Wire>(
  app: App,
  tx: Tx,
  kind: MandateKind<Wire>,
  owner: MandateOwner,
  listing: Listing<Wire>,
  askedAt: Date,
): Promise<readonly ChangeEntry[]> {
  const { refused, refusedReasons } = listing;
  const what = kind.table;
  if (refused > 0) {
    app.log.warn(
      { accountId: owner.id, what, refused, at: refusedReasons },
      'records not understood',
    );
  }
  // The account's row stays locked from here on: two answers that come at once are saved one by one.
  const current = await tx.$executeRawUnsafe(
    `update account set ${kind.readAt} = $2
     where id = $1::uuid and (${kind.readAt} is null or ${kind.readAt} <= $2)`,
    owner.id,
    askedAt,
  );
  if (current === 0) return [];
  const known = await findMandates(tx, kind, owner.id);
  const rows = listing.items.map((wire) => kind.rowOf(wire, owner.currency));
  const matches = recognise(
    rows.map(kind.tell),
    known.map((row) => ({
      ...kind.tell(row),
      id: row['id'] ?? '',
      living: row['ended_at'] === null,
    })),
  );
  const listed = rows.map((row, index) => ({
    ...row,
    id: matches[index] ?? uuidv7(app.entropy, askedAt, index),
    viewer_id: owner.viewerId,
    account_id: owner.id,
    origin_account_id: owner.originId ?? null,
    first_seen_at: askedAt,
    changed_at: askedAt,
  }));
  const [saved] = await tx.$queryRawUnsafe<{ changed: number }[]>(
    upsertOf(kind),
    JSON.stringify(listed),
    owner.id,
    askedAt,
    // A record that made no sense may be any of those that are missing.
    refused === 0,
  );
  if ((saved?.changed ?? 0) === 0) return [];
  return [{ subject: 'ACCOUNT', subjectId: owner.id, act: 'CHANGED' }];
}

/** The rows of an account, living and ended, oldest first, all values as text. */
export function findMandates(
  tx: Tx,
  kind: MandateKind<never>,
  accountId: string,
): Promise<readonly MandateRow[]> {
  const columns = ['id', 'ended_at', ...allColumns(kind)];
  return tx.$queryRawUnsafe<MandateRow[]>(
    `select ${columns.map((column) => `${column}::text as ${column}`).join(', ')}
     from ${kind.table} where account_id = $1::uuid order by first_seen_at, id`,
    accountId,
  );
}

function allColumns({ columns, fleeting }: MandateKind<never>): readonly string[] {
  return fleeting === null ? columns : [...columns, fleeting];
}

// One statement: what is new is told from the snapshot before it writes. Names come from constants alone.
function upsertOf(kind: MandateKind<never>): string {
  const all = allColumns(kind);
  const of = (table: string) => kind.columns.map((column) => `${table}.${column}`).join(', ');
  return `
    with listed as (
      select * from jsonb_populate_recordset(null::${kind.table}, $1::jsonb)
    ), news as (
      select listed.id from listed left join ${kind.table} before on before.id = listed.id
      where before.id is null or before.ended_at is not null
        or (${of('before')}) is distinct from (${of('listed')})
    ), saved as (
      insert into ${kind.table} as old (id, viewer_id, account_id, origin_account_id,
        ${all.join(', ')}, first_seen_at, changed_at)
      select id, viewer_id, account_id, origin_account_id, ${all.join(', ')}, first_seen_at,
        changed_at from listed
      on conflict (id) do update set
        ${all.map((column) => `${column} = excluded.${column}`).join(', ')}, ended_at = null,
        changed_at = case when exists (select from news where news.id = old.id)
          then excluded.changed_at else old.changed_at end
    ), ended as (
      update ${kind.table} set ended_at = $3, changed_at = $3
      where account_id = $2::uuid and ended_at is null and $4::boolean
        and id <> all (array(select id from listed))
      returning id
    )
    select ((select count(*) from news) + (select count(*) from ended))::int as changed`;
}
