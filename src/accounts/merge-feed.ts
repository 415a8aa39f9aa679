import type { Account } from '../generated/prisma/client.ts';
import type { Tx } from '../postgres/db.ts';
import { DIRECT_DEBITS, STANDING_ORDERS } from './mandates.ts';
import { moveBalanceDays, moveMandates, returnBelongings } from './merge-belongings.ts';

// What the account that stays was before a merge is kept with the one that is merged, and written and
// read back by Postgres alone: amounts pass through no number of JavaScript's.

/**
 * Lets an account that stays go by the names of one that is merged into it, and be read in its stead
 * where the bank listed that last. Balance and the last day read come along, and so do direct debits and
 * standing orders: the next reading tells which of them have ended.
 */
export async function lendFeed(tx: Tx, keep: Account, merge: Account, now: Date): Promise<void> {
  const takes =
    merge.status === 'SHARED' && (keep.status === 'UNSHARED' || merge.seenAt > keep.seenAt);
  await tx.$executeRaw`
    update account merged set merged_into_id = ${keep.id}::uuid, merged_at = ${now},
      merge_memory = jsonb_build_object('takes', ${takes}::boolean, 'keep', jsonb_build_object(
          'consent_id', kept.consent_id, 'provider_account_id', kept.provider_account_id,
          'status', kept.status, 'unshared_at', kept.unshared_at, 'seen_at', kept.seen_at,
          'read_at', kept.read_at, 'read_until_on', kept.read_until_on,
          'direct_debits_read_at', kept.direct_debits_read_at,
          'standing_orders_read_at', kept.standing_orders_read_at),
        'balance', (select to_jsonb(b) from balance b where b.account_id = kept.id),
        'aliases', (select coalesce(jsonb_agg(provider_account_id), '[]') from account_alias
          where account_id = merged.id))
    from account kept where merged.id = ${merge.id}::uuid and kept.id = ${keep.id}::uuid`;
  await tx.accountAlias.updateMany({
    where: { accountId: merge.id },
    data: { accountId: keep.id },
  });
  if (takes) {
    await copyFeed(tx, merge.id, keep.id);
    for (const kind of [DIRECT_DEBITS, STANDING_ORDERS]) {
      await moveMandates(tx, kind, { keepId: keep.id, mergeId: merge.id });
    }
  }
  await moveBalanceDays(tx, { keepId: keep.id, mergeId: merge.id });
}

/**
 * Gives a merged account its names back. Where the other is still read by one of them, it is read by
 * that itself from now on, and the other is what it was before.
 */
export async function handFeedBack(
  tx: Tx,
  keep: Account,
  merge: Account,
  now: Date,
): Promise<void> {
  const [memory] = await tx.$queryRaw<{ takes: boolean; lends: boolean }[]>`
    select (merge_memory -> 'takes')::boolean as takes,
      (merge_memory -> 'aliases') ? ${keep.providerAccountId} as lends
    from account where id = ${merge.id}::uuid`;
  const { takes = false, lends = false } = memory ?? {};
  await tx.$executeRaw`
    update account_alias set account_id = ${merge.id}::uuid
    where account_id = ${keep.id}::uuid and provider_account_id in (
      select jsonb_array_elements_text(merge_memory -> 'aliases') from account
      where id = ${merge.id}::uuid)`;
  if (takes && lends) {
    await copyFeed(tx, keep.id, merge.id);
    await restoreFeed(tx, keep.id, merge.id);
  }
  await returnBelongings(tx, { keepId: keep.id, mergeId: merge.id });
  await tx.$executeRaw`
    update account set merged_into_id = null, merged_at = null, merge_memory = null
    where id = ${merge.id}::uuid`;
  // Renewed meanwhile, the other goes by a name of its own, and this one is listed no more.
  if (takes && !lends) {
    await tx.account.updateMany({
      where: { id: merge.id, status: 'SHARED' },
      data: { status: 'UNSHARED', unsharedAt: now },
    });
  }
}

/** By which consent and name an account is read, how far it was, and what it holds. */
async function copyFeed(tx: Tx, fromId: string, toId: string): Promise<void> {
  await tx.$executeRaw`
    update account set consent_id = feed.consent_id,
      provider_account_id = feed.provider_account_id, status = feed.status,
      unshared_at = feed.unshared_at, seen_at = feed.seen_at, read_at = feed.read_at,
      read_until_on = feed.read_until_on, direct_debits_read_at = feed.direct_debits_read_at,
      standing_orders_read_at = feed.standing_orders_read_at
    from account feed where account.id = ${toId}::uuid and feed.id = ${fromId}::uuid`;
  await tx.$executeRaw`
    delete from balance where account_id = ${toId}::uuid
      and exists (select from balance newer where newer.account_id = ${fromId}::uuid)`;
  await tx.$executeRaw`
    insert into balance select (jsonb_populate_record(null::balance,
      to_jsonb(b) || jsonb_build_object('account_id', ${toId}::uuid))).*
    from balance b where b.account_id = ${fromId}::uuid`;
}

async function restoreFeed(tx: Tx, keepId: string, mergeId: string): Promise<void> {
  await tx.$executeRaw`
    update account set consent_id = was.consent_id,
      provider_account_id = was.provider_account_id, status = was.status,
      unshared_at = was.unshared_at, seen_at = was.seen_at, read_at = was.read_at,
      read_until_on = was.read_until_on, direct_debits_read_at = was.direct_debits_read_at,
      standing_orders_read_at = was.standing_orders_read_at
    from account merged, jsonb_populate_record(null::account, merged.merge_memory -> 'keep') was
    where account.id = ${keepId}::uuid and merged.id = ${mergeId}::uuid
      and exists (select from consent where consent.id = was.consent_id)`;
  await tx.$executeRaw`delete from balance where account_id = ${keepId}::uuid`;
  await tx.$executeRaw`
    insert into balance select was.* from account merged,
      jsonb_populate_record(null::balance, merged.merge_memory -> 'balance') was
    where merged.id = ${mergeId}::uuid and jsonb_typeof(merged.merge_memory -> 'balance') = 'object'`;
}
