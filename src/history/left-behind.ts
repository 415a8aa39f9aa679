import type { Consent } from '../generated/prisma/client.ts';
import type { Tx } from '../postgres/db.ts';

/**
 * Closes what an earlier period of a consent left planned and the present one does not read: of
 * accounts that it does not share any more, or that the viewer excluded. Nobody would ever fetch them,
 * and the history would never come to its end.
 */
export async function closeLeftBehind(
  tx: Tx,
  consent: Pick<Consent, 'id' | 'period'>,
  now: Date,
): Promise<void> {
  const left = {
    consentId: consent.id,
    status: 'PLANNED',
    period: { lt: consent.period },
  } as const;
  const close = (reason: string) => ({ status: 'MISSED', reason, endedAt: now }) as const;
  await tx.historySpan.updateMany({
    where: { ...left, account: { excluded: true } },
    data: close('ACCOUNT_EXCLUDED'),
  });
  await tx.historySpan.updateMany({ where: left, data: close('ACCOUNT_UNSHARED') });
}
