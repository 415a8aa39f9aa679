import type { App } from '../app.ts';
import { nowOf } from '../base/clock.ts';
import type { ChangeEntry } from '../changes/log.ts';
import type { Tx } from '../postgres/db.ts';
import { AccountNotMergedError, AccountUnknownError } from './account-error.ts';
import { chooseFeeds } from './choose-feeds.ts';
import { lockAccounts } from './known.ts';
import { announcePair, lockPair } from './merge.ts';
import { returnBelongings } from './merge-belongings.ts';
import { type MergedPair, returnTransactions } from './merge-rows.ts';
import { decidePair, keepApart } from './propose.ts';

/**
 * Makes a merged account one of its own again: it gets back what it brought along and what was read
 * of it since. Of one that is only proposed to be another it says that it is not.
 *
 * @throws AccountUnknownError; AccountNotMergedError if it is one of its own already
 */
export async function splitAccount(
  app: App,
  { viewerId, accountId }: { readonly viewerId: string; readonly accountId: string },
): Promise<void> {
  const now = nowOf(app.clock);
  await app.database.transact(viewerId, async (tx) => {
    await lockAccounts(tx, viewerId);
    const found = await tx.account.findUnique({ where: { id: accountId } });
    if (found === null) throw new AccountUnknownError();
    const keepId = found.mergedIntoId;
    if (keepId === null) {
      if ((await keepApart(tx, accountId, now)) > 0) return;
      throw new AccountNotMergedError();
    }
    const pair = { keepId, mergeId: accountId };
    const moved = await part(tx, pair);
    await chooseFeeds(tx, viewerId, now);
    await decidePair(tx, [keepId, accountId], 'KEPT_APART', now);
    await announcePair(app, tx, { viewerId, ...pair }, now, { merged: 'ADDED', moved });
  });
}

/**
 * Splits the pairs that a consent would tear apart by taking its accounts along when it goes: those of
 * which the other half was given by another consent, and stays. Its accounts have been handed over
 * before, to whatever living consent shares them.
 *
 * @returns what changed, for the change log
 */
export async function splitTorn(
  tx: Tx,
  { id, viewerId }: { readonly id: string; readonly viewerId: string },
  now: Date,
): Promise<readonly ChangeEntry[]> {
  const changes: ChangeEntry[] = [];
  const merges = await tx.account.count({ where: { viewerId, mergedIntoId: { not: null } } });
  for (let split = 0; split < merges; split += 1) {
    // One at a time: a kept account that was read by the name of the other may then be no longer torn
    // from a third.
    const [pair] = await tx.$queryRaw<MergedPair[]>`
      select kept.id::text as "keepId", merged.id::text as "mergeId"
      from account merged join account kept on kept.id = merged.merged_into_id
        cross join lateral (select kept.consent_id = ${id}::uuid as kept,
          merged.consent_id = ${id}::uuid as merged) as goes
      where merged.viewer_id = ${viewerId}::uuid and (goes.kept <> goes.merged
        or goes.kept and (kept.own_reading ->> 'consent_id')::uuid <> ${id}::uuid)
      order by goes.kept and goes.merged desc, merged.id limit 1`;
    if (pair === undefined) break;
    const moved = await part(tx, pair);
    await chooseFeeds(tx, viewerId, now, id);
    changes.push(
      { subject: 'ACCOUNT', subjectId: pair.mergeId, act: 'ADDED' },
      { subject: 'ACCOUNT', subjectId: pair.keepId, act: 'CHANGED' },
      ...moved,
    );
  }
  return changes;
}

async function part(tx: Tx, pair: MergedPair): Promise<readonly ChangeEntry[]> {
  await lockPair(tx, pair);
  await tx.$executeRaw`
    update account set merged_into_id = null, merged_at = null,
      -- While it was merged, lists that held it were written down with the other.
      seen_at = greatest(seen_at,
        (select max(alias.seen_at) from account_alias alias where alias.account_id = account.id))
    where id = ${pair.mergeId}::uuid`;
  await returnBelongings(tx, pair);
  return returnTransactions(tx, pair);
}
