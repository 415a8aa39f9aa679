import type { App } from '../app.ts';
import { uuidv7 } from '../base/entropy.ts';
import type { Tx } from '../postgres/db.ts';
import type { ProposalReason } from './match.ts';

/** Two accounts that may be one. */
export interface ProposedPair {
  readonly newerId: string;
  readonly olderId: string;
  readonly reason: ProposalReason;
}

/** Asks the viewer whether accounts are the same; each pair once, whatever they decided. */
export async function proposeAccounts(
  app: App,
  tx: Tx,
  viewerId: string,
  pairs: readonly ProposedPair[],
  now: Date,
): Promise<void> {
  await tx.accountProposal.createMany({
    data: pairs.map((pair, index) => ({
      id: uuidv7(app.entropy, now, index),
      viewerId,
      ...pair,
      proposedAt: now,
    })),
    skipDuplicates: true,
  });
}

/** Whether a pair was ever proposed. */
export async function wasProposed(tx: Tx, a: string, b: string): Promise<boolean> {
  const found = await tx.accountProposal.findFirst({ where: ofPair(a, b), select: { id: true } });
  return found !== null;
}

/** Writes down what the viewer decided about a pair, if it was proposed. */
export async function decidePair(
  tx: Tx,
  pair: readonly [string, string],
  decision: 'MERGED' | 'KEPT_APART',
  now: Date,
): Promise<void> {
  const data = { decision, decidedAt: now };
  await tx.accountProposal.updateMany({ where: ofPair(...pair), data });
}

/**
 * Writes down that an account is none of those that it was proposed to be.
 *
 * @returns how many proposals that decided
 */
export async function keepApart(tx: Tx, accountId: string, now: Date): Promise<number> {
  const { count } = await tx.accountProposal.updateMany({
    where: { OR: [{ newerId: accountId }, { olderId: accountId }], decision: null },
    data: { decision: 'KEPT_APART', decidedAt: now },
  });
  return count;
}

function ofPair(a: string, b: string) {
  return {
    OR: [
      { newerId: a, olderId: b },
      { newerId: b, olderId: a },
    ],
  };
}
