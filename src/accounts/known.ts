import type { Account } from '../generated/prisma/client.ts';
import type { Tx } from '../postgres/db.ts';
import type { KnownAccount } from './match.ts';

/** The consent that opened accounts, once its bank is known. */
export interface AccountOwner {
  /** The consent's id. */
  readonly id: string;
  readonly viewerId: string;
  readonly environment: string;
  readonly providerId: string;
}

/**
 * Makes sure that nobody else matches, merges or splits accounts of the viewer until the transaction
 * ends. It hinders no insert that only refers to the viewer.
 */
export async function lockAccounts(tx: Tx, viewerId: string): Promise<void> {
  await tx.$queryRaw`select id from viewer where id = ${viewerId}::uuid for no key update`;
}

/** The viewer's accounts at a consent's bank, those merged into another as views of that. */
export async function findKnown(tx: Tx, owner: AccountOwner): Promise<readonly KnownAccount[]> {
  const { viewerId, environment, providerId } = owner;
  const where = { viewerId, environment, providerId };
  const rows = await tx.account.findMany({
    where,
    include: { aliases: true, consent: { select: { endedAt: true } } },
    orderBy: { id: 'asc' },
  });
  const byAccount = Map.groupBy(rows, ({ id, mergedIntoId }) => mergedIntoId ?? id);
  return rows.flatMap((row): KnownAccount[] => {
    if (row.mergedIntoId !== null) return [];
    const views = byAccount.get(row.id) ?? [];
    const living = row.status === 'SHARED' && row.consent.endedAt === null;
    const elsewhere = row.consentId !== owner.id && living;
    return [
      {
        id: row.id,
        kind: row.kind,
        views: views.map(viewOf),
        aliases: views.flatMap((view) => [
          view.providerAccountId,
          ...view.aliases.map(({ providerAccountId }) => providerAccountId),
        ]),
        missable: !elsewhere,
      },
    ];
  });
}

/** What a row says of an account, for comparison. */
export function viewOf(row: Account) {
  return { ...row, displayName: row.bankName ?? row.displayName };
}
