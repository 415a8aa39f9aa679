import type { Tx } from '../postgres/db.ts';
import type { MandateKind } from './mandates.ts';
import type { MergedPair } from './merge-rows.ts';
import { recognise } from './recognise.ts';
import { findMandates } from './save-mandates.ts';

/**
 * Moves the direct debits, or standing orders, of an account to the one that it is merged into. Those that
 * this has already stay where they are, out of sight.
 */
export async function moveMandates(
  tx: Tx,
  kind: MandateKind<never>,
  { keepId, mergeId }: MergedPair,
): Promise<void> {
  const told = async (accountId: string) =>
    (await findMandates(tx, kind, accountId)).map((row) => ({
      ...kind.tell(row),
      id: row['id'] ?? '',
      living: row['ended_at'] === null,
    }));
  const theirs = await told(mergeId);
  const twins = recognise(theirs, await told(keepId));
  const moved = theirs.filter((_, index) => twins[index] === null).map(({ id }) => id);
  await tx.$executeRawUnsafe(
    `update ${kind.table} set account_id = $1::uuid, origin_account_id = $2::uuid
     where id = any ($3::uuid[])`,
    keepId,
    mergeId,
    moved,
  );
}

/** Moves the balances of the past likewise, those of days that the other account has none of. */
export async function moveBalanceDays(tx: Tx, { keepId, mergeId }: MergedPair): Promise<void> {
  await tx.$executeRaw`
    update balance_day moved set account_id = ${keepId}::uuid, origin_account_id = ${mergeId}::uuid
    where account_id = ${mergeId}::uuid and not exists (select from balance_day own
      where own.account_id = ${keepId}::uuid and own.day = moved.day)`;
}

/** Gives a merged account back what came of it, in the past and since. */
export async function returnBelongings(tx: Tx, { keepId, mergeId }: MergedPair): Promise<void> {
  await tx.$executeRaw`
    update balance_day moved set account_id = ${mergeId}::uuid, origin_account_id = null
    where account_id = ${keepId}::uuid and origin_account_id = ${mergeId}::uuid
      and not exists (select from balance_day own
        where own.account_id = ${mergeId}::uuid and own.day = moved.day)`;
  await tx.directDebit.updateMany({
    where: { accountId: keepId, originAccountId: mergeId },
    data: { accountId: mergeId, originAccountId: null },
  });
  await tx.standingOrder.updateMany({
    where: { accountId: keepId, originAccountId: mergeId },
    data: { accountId: mergeId, originAccountId: null },
  });
}
