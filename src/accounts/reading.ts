import type { Tx } from '../postgres/db.ts';
import { DIRECT_DEBITS, STANDING_ORDERS } from './mandates.ts';
import { moveMandates } from './merge-belongings.ts';

// How far an account was read and what it holds belong to the name by which it is read. An account that is
// read by the name of one that was merged into it has the reading of that, and its own waits beside it:
// so each goes on where it stopped, whatever is merged and split in whatever order. The rows are written
// and read back by Postgres alone: amounts pass through no number of JavaScript's.

/**
 * Puts the reading of one name in the place of another's.
 *
 * @param fromId - the merged account by whose name it was read; null for its own
 * @param toId - the one by whose name it is read from now on; null for its own
 */
export async function switchReading(
  tx: Tx,
  accountId: string,
  fromId: string | null,
  toId: string | null,
): Promise<void> {
  if (fromId === null) await putAside(tx, accountId, toId);
  else await copyReading(tx, accountId, fromId);
  if (toId === null) await takeBack(tx, accountId);
  else {
    await copyReading(tx, toId, accountId);
    await tx.account.update({ where: { id: accountId }, data: { readAsId: toId } });
    // The next reading tells which of them have ended.
    for (const kind of [DIRECT_DEBITS, STANDING_ORDERS]) {
      await moveMandates(tx, kind, { keepId: accountId, mergeId: toId });
    }
  }
}

async function copyReading(tx: Tx, fromId: string, toId: string): Promise<void> {
  await tx.$executeRaw`
    update account set read_at = source.read_at, read_until_on = source.read_until_on,
      direct_debits_read_at = source.direct_debits_read_at,
      standing_orders_read_at = source.standing_orders_read_at
    from account source where account.id = ${toId}::uuid and source.id = ${fromId}::uuid`;
  // One that is gone has left nothing to copy to.
  await tx.$executeRaw`delete from balance where account_id = ${toId}::uuid`;
  await tx.$executeRaw`
    insert into balance select (jsonb_populate_record(null::balance,
      to_jsonb(b) || jsonb_build_object('account_id', target.id))).*
    from balance b, account target
    where b.account_id = ${fromId}::uuid and target.id = ${toId}::uuid`;
}

async function putAside(tx: Tx, accountId: string, toId: string | null): Promise<void> {
  await tx.$executeRaw`
    update account set read_as_id = ${toId}::uuid, own_reading = jsonb_build_object(
      'consent_id', consent_id, 'provider_account_id', provider_account_id,
      'unshared_at', unshared_at, 'read_at', read_at, 'read_until_on', read_until_on,
      'direct_debits_read_at', direct_debits_read_at,
      'standing_orders_read_at', standing_orders_read_at,
      'balance', (select to_jsonb(b) from balance b where b.account_id = account.id))
    where id = ${accountId}::uuid`;
}

async function takeBack(tx: Tx, accountId: string): Promise<void> {
  await tx.$executeRaw`delete from balance where account_id = ${accountId}::uuid`;
  await tx.$executeRaw`
    insert into balance select was.* from account,
      jsonb_populate_record(null::balance, account.own_reading -> 'balance') was
    where account.id = ${accountId}::uuid
      and jsonb_typeof(account.own_reading -> 'balance') = 'object'`;
  await tx.$executeRaw`
    update account set read_as_id = null, own_reading = null,
      -- Its consent may be gone; then it stays with the one that it has.
      consent_id = coalesce(
        (select id from consent where consent.id = was.consent_id), account.consent_id),
      provider_account_id = was.provider_account_id,
      status = case when was.unshared_at is null then 'SHARED' else 'UNSHARED' end::account_status,
      unshared_at = was.unshared_at, read_at = was.read_at, read_until_on = was.read_until_on,
      direct_debits_read_at = was.direct_debits_read_at,
      standing_orders_read_at = was.standing_orders_read_at
    from account source, jsonb_populate_record(null::account, source.own_reading) was
    where account.id = ${accountId}::uuid and source.id = account.id`;
}
