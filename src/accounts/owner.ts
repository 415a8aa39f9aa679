import type { Account } from '../generated/prisma/client.ts';
import type { AccountKind } from '../generated/prisma/enums.ts';
import type { Reader, Tx } from '../postgres/db.ts';

/** The account whose transactions are saved. */
export interface TransactionOwner {
  readonly id: string;
  readonly viewerId: string;
  readonly kind: AccountKind;
  /** The account that it is really read of, where the viewer has merged that into this one. */
  readonly originId?: string;
}

/**
 * Finds where the transactions that a consent gave of an account belong: to itself, or to the account
 * that the viewer has said is the same. It stays so until the transaction ends.
 *
 * @returns null if it is gone
 */
export async function findOwner(
  tx: Tx,
  accountId: string,
  consentId: string,
): Promise<TransactionOwner | null> {
  const [row] = await tx.$queryRaw<
    { id: string; viewerId: string; kind: AccountKind; originId: string | null }[]
  >`
    select coalesce(a.merged_into_id, a.id)::text as id, a.viewer_id::text as "viewerId",
      a.kind::text as kind,
      case when a.merged_into_id is not null then a.id else (
        -- The consent knows it as one that was merged into it: what is read is of that.
        select nullif(feed.account_id, a.id) from account_feed feed
        where feed.consent_id = ${consentId}::uuid and (feed.account_id = a.id or feed.account_id in
          (select merged.id from account merged where merged.merged_into_id = a.id))
        order by feed.account_id = a.id desc, feed.seen_at desc limit 1
      ) end::text as "originId"
    from account a where a.id = ${accountId}::uuid for key share`;
  if (row === undefined) return null;
  const { originId, ...owner } = row;
  return originId === null ? owner : { ...owner, originId };
}

/**
 * An account as a consent asks its bank for it: under the name that its newest list has for it, or for
 * one that was merged into it. Excluded is one whose other half the viewer excludes.
 */
export async function asAskedBy(
  reader: Reader,
  consentId: string,
  account: Account & { readonly mergedInto: Account | null },
): Promise<Account> {
  const feeds = await reader.accountFeed.findMany({
    where: { consentId, account: { OR: [{ id: account.id }, { mergedIntoId: account.id }] } },
    orderBy: { seenAt: 'desc' },
  });
  const feed = feeds.find(({ accountId }) => accountId === account.id) ?? feeds[0];
  return {
    ...account,
    providerAccountId: feed?.providerAccountId ?? account.providerAccountId,
    status: feed === undefined ? 'UNSHARED' : 'SHARED',
    excluded: (account.mergedInto ?? account).excluded,
  };
}
