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

/** Writes down what the viewer decided about an account, or about one pair, once. */
export async function decideProposals(
  tx: Tx,
  pair: readonly [accountId: string, otherId?: string],
  decision: 'MERGED' | 'KEPT_APART' | null,
  now: Date,
): Promise<number> {
  const [accountId, otherId] = pair;
  const { count } = await tx.accountProposal.updateMany({
    where: {
      OR: [
        { newerId: accountId, ...(otherId === undefined ? {} : { olderId: otherId }) },
        { olderId: accountId, ...(otherId === undefined ? {} : { newerId: otherId }) },
      ],
      ...(decision === null ? {} : { decision: null }),
    },
    data: { decision, decidedAt: decision === null ? null : now },
  });
  return count;
}
