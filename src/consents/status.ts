import { publish } from '../events.ts';
import type { ConsentStatus } from '../generated/prisma/enums.ts';
import type { Tx } from '../postgres/db.ts';
import { recordChanges } from '../changes/log.ts';

/** Why a consent moved: a stable word for programs. */
export type StatusReason =
  'ENDS_SOON' | 'PERIOD_OVER' | 'ACCESS_OVER' | 'GRANT_ENDED' | 'TOKEN_REJECTED';

const ALLOWED: Readonly<Record<ConsentStatus, readonly ConsentStatus[]>> = {
  ACTIVE: ['EXPIRING', 'REAUTH_REQUIRED', 'EXPIRED', 'REVOKED'],
  EXPIRING: ['REAUTH_REQUIRED', 'EXPIRED', 'REVOKED'],
  REAUTH_REQUIRED: ['EXPIRED', 'REVOKED'],
  EXPIRED: [],
  REVOKED: [],
};

/** The statuses in which the bank can still be asked. */
export const LIVING: readonly ConsentStatus[] = ['ACTIVE', 'EXPIRING'];

/**
 * Moves a consent to another status, the only way there is. A move that the table does not allow,
 * or that another process was faster with, changes nothing.
 *
 * @returns whether it moved
 */
export async function moveConsent(
  tx: Tx,
  move: {
    readonly viewerId: string;
    readonly consentId: string;
    readonly to: ConsentStatus;
    readonly reason: StatusReason;
    readonly now: Date;
  },
): Promise<boolean> {
  const from = (Object.keys(ALLOWED) as ConsentStatus[]).filter((status) =>
    ALLOWED[status].includes(move.to),
  );
  const ends = !LIVING.includes(move.to);
  const { count } = await tx.consent.updateMany({
    where: { id: move.consentId, status: { in: from } },
    data: {
      status: move.to,
      statusReason: move.reason,
      ...(ends ? { endedAt: move.now, dueAt: null, sealedPsuIp: null } : {}),
    },
  });
  if (count === 0) return false;
  await publish(tx, { consentId: move.consentId });
  await recordChanges(tx, move.viewerId, move.now, [
    { subject: 'CONSENT', subjectId: move.consentId, act: 'CHANGED' },
  ]);
  return true;
}
