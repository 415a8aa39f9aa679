import { splitTorn } from '../accounts/split.ts';
import type { ChangeEntry } from '../changes/log.ts';
import type { Consent } from '../generated/prisma/client.ts';
import type { Tx } from '../postgres/db.ts';

/**
 * Erases all that was read by a consent, and what the app gave its link along; accounts that another
 * consent feeds are not its own and stay; where the viewer had merged one of them with its own, they
 * are split before. The consent itself stays, with nothing in it that the bank said of its user.
 *
 * @returns what is gone, for the change log; transactions go without a word of their own
 */
export async function eraseWhatWasRead(
  tx: Tx,
  consent: Consent,
  now: Date,
): Promise<ChangeEntry[]> {
  const { id, authLinkId } = consent;
  const split = await splitTorn(tx, consent, now);
  const accounts = await tx.$queryRaw<{ id: string; accountKind: string }[]>`
    delete from account where consent_id = ${id}::uuid
    returning id::text as id, kind::text as "accountKind"`;
  const alerts = await tx.$queryRaw<{ id: string }[]>`
    delete from alert where consent_id = ${id}::uuid returning id::text as id`;
  await tx.accountFeed.deleteMany({ where: { consentId: id } });
  await tx.historySpan.deleteMany({ where: { consentId: id } });
  await tx.trouble.deleteMany({ where: { consentId: id } });
  await tx.holder.deleteMany({ where: { consentId: id } });
  await tx.authLink.updateMany({
    where: { OR: [{ id: authLinkId }, { renewsConsentId: id }] },
    data: { context: null },
  });
  const gone = (
    subject: ChangeEntry['subject'],
    rows: readonly { id: string; accountKind?: string }[],
  ) =>
    rows.map(({ id: subjectId, ...kind }): ChangeEntry => ({
      subject,
      subjectId,
      act: 'REMOVED',
      ...kind,
    }));
  return [...split, ...gone('ACCOUNT', accounts), ...gone('ALERT', alerts)];
}
