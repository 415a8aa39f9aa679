import type { AccountKind } from '../generated/prisma/enums.ts';
import type { Tx } from '../postgres/db.ts';
import type { AccountOwner } from './known.ts';

/** The name that an answer has for an account of ours. */
interface ListedName {
  readonly id: string;
  readonly kind: AccountKind;
  readonly providerAccountId: string;
}

/**
 * Writes down which accounts the newest list of a consent holds, under which names. What it leaves out
 * of the kinds whose list is whole, the consent shares no more, whoever feeds it. The name of an
 * account that was merged into another stays with the merged one.
 */
export async function writeFeeds(
  tx: Tx,
  owner: AccountOwner,
  names: readonly ListedName[],
  whole: readonly AccountKind[],
  now: Date,
): Promise<void> {
  const feeds = await tx.$queryRaw<ListedName[]>`
    select coalesce(
        (select account.id from account_alias alias join account on account.id = alias.account_id
          where alias.viewer_id = ${owner.viewerId}::uuid
            and alias.environment = ${owner.environment}
            and alias.provider_id = ${owner.providerId} and alias.kind = listed.kind::account_kind
            and alias.provider_account_id = listed."providerAccountId"
            and listed.id in (account.id, account.merged_into_id)),
        -- Called anew, it is the one of them that the consent has listed before.
        (select account.id from account_feed feed join account on account.id = feed.account_id
          where feed.consent_id = ${owner.id}::uuid
            and listed.id in (account.id, account.merged_into_id)
          order by feed.seen_at desc limit 1),
        listed.id)::text as id, listed.kind, listed."providerAccountId"
    from jsonb_to_recordset(${JSON.stringify(names)}::jsonb)
      as listed (id uuid, kind text, "providerAccountId" text)`;
  const rows = JSON.stringify(feeds);
  await tx.$executeRaw`
    insert into account_alias (viewer_id, environment, provider_id, kind, provider_account_id,
      account_id, consent_id, first_seen_at, seen_at)
    select ${owner.viewerId}::uuid, ${owner.environment}, ${owner.providerId}, kind::account_kind,
      "providerAccountId", id, ${owner.id}::uuid, ${now}, ${now}
    from jsonb_to_recordset(${rows}::jsonb) as feed (id uuid, kind text, "providerAccountId" text)
    on conflict (viewer_id, environment, provider_id, kind, provider_account_id) do update set
      account_id = excluded.account_id, consent_id = excluded.consent_id,
      seen_at = excluded.seen_at`;
  await tx.$executeRaw`
    delete from account_feed using account
    where account_feed.consent_id = ${owner.id}::uuid and account.id = account_feed.account_id
      and account.kind = any (${[...whole]}::text[]::account_kind[])
      and account.id <> all (${feeds.map(({ id }) => id)}::uuid[])`;
  await tx.$executeRaw`
    insert into account_feed (consent_id, account_id, viewer_id, provider_account_id, seen_at)
    select ${owner.id}::uuid, id, ${owner.viewerId}::uuid, "providerAccountId", ${now}
    from jsonb_to_recordset(${rows}::jsonb) as feed (id uuid, "providerAccountId" text)
    on conflict (consent_id, account_id) do update set
      provider_account_id = excluded.provider_account_id, seen_at = excluded.seen_at`;
}
