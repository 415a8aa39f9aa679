import type { ChangeEntry } from '../changes/log.ts';
import type { AccountKind } from '../generated/prisma/enums.ts';
import type { Tx } from '../postgres/db.ts';
import type { AccountOwner } from './known.ts';

/** What an answer said, as far as it says what is missing. */
interface Answer {
  /** The kinds whose list is whole. */
  readonly kinds: readonly AccountKind[];
  /** The accounts that it listed. */
  readonly seen: readonly string[];
  readonly now: Date;
}

/**
 * Notes which accounts of a consent its newest answer leaves out. One that another living consent
 * reaches goes on to be fed by that; the others are no longer shared: what was read stays.
 *
 * @returns what changed, for the change log
 */
export async function unshareMissing(
  tx: Tx,
  owner: AccountOwner,
  { kinds, seen, now }: Answer,
): Promise<readonly ChangeEntry[]> {
  const changed = await tx.$queryRaw<{ id: string }[]>`
    update account set
      consent_id = coalesce(heir.consent_id, account.consent_id),
      provider_account_id = coalesce((
          select alias.provider_account_id from account_alias alias
          where alias.account_id = account.id and alias.consent_id = heir.consent_id
          order by alias.seen_at desc limit 1
        ), account.provider_account_id),
      status = case when heir.consent_id is null then 'UNSHARED' else 'SHARED' end::account_status,
      unshared_at = case when heir.consent_id is null then ${now}::timestamptz end
    from (
      select owned.id, (
        select other.id from consent other
        where other.viewer_id = ${owner.viewerId}::uuid and other.id <> ${owner.id}::uuid
          and other.ended_at is null
          and exists (select from history_span span
            where span.consent_id = other.id and span.account_id = owned.id)
        order by other.consented_at desc, other.id desc limit 1
      ) as consent_id
      from account owned
      where owned.consent_id = ${owner.id}::uuid and owned.status = 'SHARED'
        and owned.kind = any (${[...kinds]}::text[]::account_kind[])
        and owned.id <> all (${[...seen]}::uuid[]) and owned.merged_into_id is null
    ) heir
    where account.id = heir.id
    returning account.id::text as id`;
  return changed.map(({ id }) => ({ subject: 'ACCOUNT', subjectId: id, act: 'CHANGED' }));
}
