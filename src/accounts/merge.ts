import type { App } from '../app.ts';
import { nowOf } from '../base/clock.ts';
import { type ChangeEntry, recordChanges } from '../changes/log.ts';
import { publish } from '../events.ts';
import type { Account } from '../generated/prisma/client.ts';
import type { Tx } from '../postgres/db.ts';
import {
  AccountNotMergedError,
  AccountsNotMergeableError,
  AccountUnknownError,
} from './account-error.ts';
import { compare, identifiersOf } from './identifiers.ts';
import { lockAccounts, viewOf } from './known.ts';
import { handFeedBack, lendFeed } from './merge-feed.ts';
import { moveTransactions, returnTransactions } from './merge-rows.ts';
import { decidePair, keepApart, wasProposed } from './propose.ts';

/** Which account stays, and which is said to be the same. */
export interface MergeRequest {
  readonly viewerId: string;
  readonly keepId: string;
  readonly mergeId: string;
}

/**
 * Makes one of two accounts, for the viewer has said that they are. The one that is merged stays as a
 * row out of sight, its transactions show in the other, those that both have once; the bank goes on
 * to be read by whichever it listed last. `splitAccount` undoes it. A repeat changes nothing.
 *
 * @throws AccountUnknownError; AccountsNotMergeableError, whose code says why
 */
export async function mergeAccounts(app: App, request: MergeRequest): Promise<void> {
  const { viewerId, keepId, mergeId } = request;
  if (keepId === mergeId) throw new AccountsNotMergeableError('SAME_ACCOUNT');
  const now = nowOf(app.clock);
  await app.database.transact(viewerId, async (tx) => {
    await lockAccounts(tx, viewerId);
    const [keep, merge] = await findBoth(tx, keepId, mergeId);
    if (merge.mergedIntoId === keepId) return;
    await requireMergeable(tx, keep, merge);
    await lendFeed(tx, keep, merge, now);
    const moved = await moveTransactions(tx, request);
    await decidePair(tx, [keepId, mergeId], 'MERGED', now);
    await announce(app, tx, [keep, merge], now, [
      { subject: 'ACCOUNT', subjectId: mergeId, act: 'REMOVED' },
      { subject: 'ACCOUNT', subjectId: keepId, act: 'CHANGED' },
      ...moved,
    ]);
  });
}

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
    const [keep, merge] = await findBoth(tx, keepId, accountId);
    await handFeedBack(tx, keep, merge, now);
    const moved = await returnTransactions(tx, { keepId, mergeId: accountId });
    await decidePair(tx, [keepId, accountId], 'KEPT_APART', now);
    await announce(app, tx, [keep, merge], now, [
      { subject: 'ACCOUNT', subjectId: accountId, act: 'ADDED' },
      { subject: 'ACCOUNT', subjectId: keepId, act: 'CHANGED' },
      ...moved,
    ]);
  });
}

// Locked, so that what is being read of them at this moment is saved before or finds its new place.
async function findBoth(tx: Tx, keepId: string, mergeId: string): Promise<[Account, Account]> {
  await tx.$queryRaw`
    select id from account where id in (${keepId}::uuid, ${mergeId}::uuid) order by id for update`;
  const keep = await tx.account.findUnique({ where: { id: keepId } });
  const merge = await tx.account.findUnique({ where: { id: mergeId } });
  if (keep === null || merge === null) throw new AccountUnknownError();
  return [keep, merge];
}

async function requireMergeable(tx: Tx, keep: Account, merge: Account): Promise<void> {
  if (keep.mergedIntoId !== null || merge.mergedIntoId !== null) {
    throw new AccountsNotMergeableError('MERGED_ALREADY');
  }
  if ((await tx.account.count({ where: { mergedIntoId: merge.id } })) > 0) {
    throw new AccountsNotMergeableError('HAS_MERGED');
  }
  const bankOf = ({ environment, providerId, kind }: Account) =>
    JSON.stringify([environment, providerId, kind]);
  if (bankOf(keep) !== bankOf(merge)) throw new AccountsNotMergeableError('DIFFERENT_BANKS');
  if (wereListedTogether(keep, merge)) throw new AccountsNotMergeableError('LISTED_TOGETHER');
  // What was proposed may differ in something: that is why the viewer was asked.
  if (await wasProposed(tx, keep.id, merge.id)) return;
  const likeness = compare(keep.kind, identifiersOf(viewOf(keep)), identifiersOf(viewOf(merge)));
  if (likeness === 'DIFFERENT' || likeness === 'DISPUTED') {
    throw new AccountsNotMergeableError('IDENTIFIERS_DIFFER');
  }
}

/** Whether the newest answer of one consent holds both. */
function wereListedTogether(a: Account, b: Account): boolean {
  return (
    a.consentId === b.consentId &&
    a.status === 'SHARED' &&
    b.status === 'SHARED' &&
    a.seenAt.getTime() === b.seenAt.getTime()
  );
}

async function announce(
  app: App,
  tx: Tx,
  accounts: readonly Account[],
  now: Date,
  changes: readonly ChangeEntry[],
): Promise<void> {
  for (const consentId of new Set(accounts.map((account) => account.consentId))) {
    await publish(tx, { consentId });
  }
  await recordChanges(app, tx, accounts[0]?.viewerId ?? '', now, changes);
}
