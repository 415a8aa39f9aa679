import type { AccountKind } from '../generated/prisma/enums.ts';
import type { Tx } from '../postgres/db.ts';

/** The account whose transactions are saved. */
export interface TransactionOwner {
  readonly id: string;
  readonly viewerId: string;
  readonly kind: AccountKind;
  /** The account that was read, where the viewer has merged it into this one. */
  readonly originId?: string;
}

/**
 * Finds where the transactions that were read of an account belong: to itself, or to the account that
 * the viewer has said is the same. It stays so until the transaction ends.
 *
 * @returns null if it is gone
 */
export async function findOwner(tx: Tx, accountId: string): Promise<TransactionOwner | null> {
  const [row] = await tx.$queryRaw<
    { id: string; viewerId: string; kind: AccountKind; mergedIntoId: string | null }[]
  >`
    select id::text as id, viewer_id::text as "viewerId", kind::text as kind,
      merged_into_id::text as "mergedIntoId"
    from account where id = ${accountId}::uuid for key share`;
  if (row === undefined) return null;
  const { id, viewerId, kind, mergedIntoId } = row;
  return mergedIntoId === null
    ? { id, viewerId, kind }
    : { id: mergedIntoId, viewerId, kind, originId: id };
}
