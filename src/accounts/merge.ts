import type { App } from '../app.ts';
import { nowOf } from '../base/clock.ts';
import { type ChangeEntry, recordChanges } from '../changes/log.ts';
import { publish } from '../events.ts';
import type { Account } from '../generated/prisma/client.ts';
import type { Tx } from '../postgres/db.ts';
import { AccountsNotMergeableError, AccountUnknownError } from './account-error.ts';
import { chooseFeeds } from './choose-feeds.ts';
import { compare, identifiersOf } from './identifiers.ts';
import { lockAccounts, viewOf } from './known.ts';
import { moveBalanceDays } from './merge-belongings.ts';
import { type MergedPair, moveTransactions } from './merge-rows.ts';
import { decidePair, wasProposed } from './propose.ts';

/** Which account stays, and which is said to be the same. */
export interface MergeRequest {
  readonly viewerId: string;
  readonly keepId: string;
  readonly mergeId: string;
}

/**
 * Makes one of two accounts, for the viewer has said that they are. The one that is merged stays as a
 * row out of sight, its transactions show in the other, those that both have once; that is read by
 * whichever of both consents lives and was given last. `splitAccount` undoes it. A repeat changes
 * nothing.
 *
 * @throws AccountUnknownError; AccountsNotMergeableError, whose code says why
 */
export async function mergeAccounts(app: App, request: MergeRequest): Promise<void> {
  const { viewerId, keepId, mergeId } = request;
  if (keepId === mergeId) throw new AccountsNotMergeableError('SAME_ACCOUNT');
  const now = nowOf(app.clock);
  await app.database.transact(viewerId, async (tx) => {
    await lockAccounts(tx, viewerId);
    const [keep, merge] = await lockPair(tx, request);
    if (merge.mergedIntoId === keepId) return;
    await requireMergeable(tx, keep, merge);
    const data = { mergedIntoId: keepId, mergedAt: now };
    await tx.account.update({ where: { id: mergeId }, data });
    await chooseFeeds(tx, viewerId, now);
    await moveBalanceDays(tx, request);
    const moved = await moveTransactions(tx, request);
    await decidePair(tx, [keepId, mergeId], 'MERGED', now);
    await announcePair(app, tx, request, now, { merged: 'REMOVED', moved });
  });
}

/**
 * Locks two accounts, so that what is being read of them at this moment is saved before or finds its
 * new place.
 *
 * @throws AccountUnknownError
 */
export async function lockPair(
  tx: Tx,
  { keepId, mergeId }: MergedPair,
): Promise<[keep: Account, merge: Account]> {
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
  if (await areListedTogether(tx, keep, merge))
    throw new AccountsNotMergeableError('LISTED_TOGETHER');
  // What was proposed may differ in something: that is why the viewer was asked.
  if (await wasProposed(tx, keep.id, merge.id)) return;
  const likeness = compare(keep.kind, identifiersOf(viewOf(keep)), identifiersOf(viewOf(merge)));
  if (likeness === 'DIFFERENT' || likeness === 'DISPUTED') {
    throw new AccountsNotMergeableError('IDENTIFIERS_DIFFER');
  }
}

/** Whether the newest list of one consent holds both. */
async function areListedTogether(tx: Tx, keep: Account, merge: Account): Promise<boolean> {
  const feeds = await tx.accountFeed.findMany({
    where: { account: { OR: [{ id: keep.id }, { mergedIntoId: keep.id }] } },
  });
  const consentIds = feeds.map(({ consentId }) => consentId);
  const where = { accountId: merge.id, consentId: { in: consentIds } };
  return (await tx.accountFeed.count({ where })) > 0;
}

/** Tells of a merge or split: of each account by the consent that feeds it now. */
export async function announcePair(
  app: App,
  tx: Tx,
  { viewerId, keepId, mergeId }: MergeRequest,
  now: Date,
  {
    merged,
    moved,
  }: { readonly merged: 'ADDED' | 'REMOVED'; readonly moved: readonly ChangeEntry[] },
): Promise<void> {
  const accounts = await tx.account.findMany({ where: { id: { in: [keepId, mergeId] } } });
  const entries = accounts.map(({ id, consentId }) => ({
    consentId,
    entry: { subject: 'ACCOUNT', subjectId: id, act: id === mergeId ? merged : 'CHANGED' } as const,
  }));
  const [first] = entries;
  for (const [consentId, told] of Map.groupBy(entries, (entry) => entry.consentId)) {
    const changes = told.map(({ entry }) => entry);
    await publish(tx, { consentId });
    await recordChanges(
      app,
      tx,
      viewerId,
      now,
      consentId === first?.consentId ? [...changes, ...moved] : changes,
      consentId,
    );
  }
}
