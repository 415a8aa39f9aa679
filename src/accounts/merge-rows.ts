import type { ChangeEntry } from '../changes/log.ts';
import type { Tx } from '../postgres/db.ts';

/** The account that stays, and one that is merged into it. */
export interface MergedPair {
  readonly keepId: string;
  readonly mergeId: string;
}

interface Moved {
  readonly id: string;
}

/**
 * Moves the transactions of an account to the one that it is merged into. Those that this has already
 * stay where they are, out of sight: their note and category of the viewer's and that they are hidden
 * are lent to the row that is shown in their place, where it has none.
 *
 * @returns what changed, for the change log
 */
export async function moveTransactions(
  tx: Tx,
  { keepId, mergeId }: MergedPair,
): Promise<readonly ChangeEntry[]> {
  const lenders = await tx.$queryRaw<{ id: string; twinId: string }[]>`
    update transaction double set collapsed_into_id = twin.id,
      lent = array_remove(array[
        case when twin.note is null and double.note is not null then 'note' end,
        case when twin.own_category is null and double.own_category is not null
          then 'own_category' end,
        case when double.hidden and not twin.hidden then 'hidden' end], null)
    from transaction twin
    where double.account_id = ${mergeId}::uuid and double.collapsed_into_id is null
      and twin.account_id = ${keepId}::uuid and twin.identity = double.identity
    returning double.id::text as id, twin.id::text as "twinId"`;
  const borrowers = await tx.$queryRaw<Moved[]>`
    update transaction twin set note = coalesce(twin.note, double.note),
      own_category = coalesce(twin.own_category, double.own_category),
      hidden = twin.hidden or double.hidden
    from transaction double
    where double.collapsed_into_id = twin.id and cardinality(double.lent) > 0
      and double.id = any (${lenders.map(({ id }) => id)}::uuid[])
    returning twin.id::text as id`;
  // What one of the two is still shown is still there.
  await tx.$executeRaw`
    update transaction twin set missed_at = null, removed_at = null
    from transaction double
    where double.collapsed_into_id = twin.id and double.removed_at is null
      and twin.removed_at is not null
      and double.id = any (${lenders.map(({ id }) => id)}::uuid[])`;
  const moved = await tx.$queryRaw<Moved[]>`
    update transaction set account_id = ${keepId}::uuid, origin_account_id = ${mergeId}::uuid
    where account_id = ${mergeId}::uuid and collapsed_into_id is null
    returning id::text as id`;
  return [
    ...entries(lenders, 'REMOVED', mergeId),
    ...entries([...borrowers, ...moved], 'CHANGED', keepId),
  ];
}

/**
 * Gives the transactions of a merged account back to it, with what the viewer had added to each, as
 * far as they have not changed that since.
 *
 * @returns what changed, for the change log
 */
export async function returnTransactions(
  tx: Tx,
  { keepId, mergeId }: MergedPair,
): Promise<readonly ChangeEntry[]> {
  const borrowers = await tx.$queryRaw<Moved[]>`
    update transaction twin set
      note = case when 'note' = any (double.lent) and twin.note = double.note
        then null else twin.note end,
      own_category = case when 'own_category' = any (double.lent)
        and twin.own_category = double.own_category then null else twin.own_category end,
      hidden = twin.hidden and not 'hidden' = any (double.lent)
    from transaction double
    where double.collapsed_into_id = twin.id and twin.account_id = ${keepId}::uuid
      and (double.account_id = ${mergeId}::uuid or twin.origin_account_id = ${mergeId}::uuid)
      and cardinality(double.lent) > 0
    returning twin.id::text as id`;
  const shown = await tx.$queryRaw<Moved[]>`
    update transaction set collapsed_into_id = null, lent = null
    where account_id = ${mergeId}::uuid and collapsed_into_id is not null
    returning id::text as id`;
  const moved = await tx.$queryRaw<Moved[]>`
    update transaction set account_id = ${mergeId}::uuid, origin_account_id = null
    where account_id = ${keepId}::uuid and origin_account_id = ${mergeId}::uuid
      and not exists (select from transaction own
        where own.account_id = ${mergeId}::uuid and own.identity = transaction.identity)
    returning id::text as id`;
  const strays = await returnDoubles(tx, { keepId, mergeId });
  return [
    ...entries(strays, 'REMOVED', keepId),
    ...entries(shown, 'ADDED', mergeId),
    ...entries(moved, 'CHANGED', mergeId),
    ...entries(
      borrowers.filter(({ id }) => !moved.some((row) => row.id === id)),
      'CHANGED',
      keepId,
    ),
    ...(await surface(tx, keepId)),
  ];
}

// What was read of the merged account though it has that itself: the other's row of it had gone meanwhile.
function returnDoubles(tx: Tx, { keepId, mergeId }: MergedPair): Promise<Moved[]> {
  return tx.$queryRaw`
    with stray as (
      delete from transaction
      where account_id = ${keepId}::uuid and origin_account_id = ${mergeId}::uuid
      returning id, identity, note, own_category, hidden
    )
    update transaction own set note = coalesce(own.note, stray.note),
      own_category = coalesce(own.own_category, stray.own_category),
      hidden = own.hidden or stray.hidden
    from stray where own.account_id = ${mergeId}::uuid and own.identity = stray.identity
    returning stray.id::text as id`;
}

// What another merged account has as well was hidden behind a row that has now left.
async function surface(tx: Tx, keepId: string): Promise<readonly ChangeEntry[]> {
  const orphans = await tx.$queryRaw<{ mergeId: string }[]>`
    update transaction double set collapsed_into_id = null, lent = null
    from account merged
    where merged.merged_into_id = ${keepId}::uuid and double.account_id = merged.id
      and double.collapsed_into_id is not null
      and not exists (select from transaction twin
        where twin.id = double.collapsed_into_id and twin.account_id = ${keepId}::uuid)
    returning merged.id::text as "mergeId"`;
  const changes: ChangeEntry[] = [];
  for (const mergeId of new Set(orphans.map((row) => row.mergeId))) {
    changes.push(...(await moveTransactions(tx, { keepId, mergeId })));
  }
  return changes;
}

function entries(
  rows: readonly Moved[],
  act: ChangeEntry['act'],
  accountId: string,
): ChangeEntry[] {
  return rows.map(({ id }) => ({ subject: 'TRANSACTION', subjectId: id, act, accountId }));
}
