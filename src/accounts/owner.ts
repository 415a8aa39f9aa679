import type { AccountKind } from '../generated/prisma/enums.ts';
import type { Tx } from '../postgres/db.ts';

/** The account whose transactions are saved. */
export interface TransactionOwner {
  readonly id: string;
  readonly viewerId: string;
  readonly kind: AccountKind;
  /** The account that it is really read of, where the viewer has merged that into this one. */
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
    { id: string; viewerId: string; kind: AccountKind; originId: string | null }[]
  >`
    select coalesce(a.merged_into_id, a.id)::text as id, a.viewer_id::text as "viewerId",
      a.kind::text as kind,
      case when a.merged_into_id is not null then a.id else (
        -- The account goes by the ids of one that was merged into it: what is read is of that.
        select merged.id from account merged
        where merged.merged_into_id = a.id and merged.consent_id = a.consent_id
          and merged.provider_account_id = a.provider_account_id
        order by merged.merged_at desc limit 1
      ) end::text as "originId"
    from account a where a.id = ${accountId}::uuid for key share`;
  if (row === undefined) return null;
  const { originId, ...owner } = row;
  return originId === null ? owner : { ...owner, originId };
}
