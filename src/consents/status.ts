import { publish } from '../events.ts';
import type { ConsentStatus } from '../generated/prisma/enums.ts';
import type { Tx } from '../postgres/db.ts';
import { recordChanges } from '../changes/log.ts';

/** Why a consent moved: a stable word for programs. */
export type StatusReason =
  | 'ENDS_SOON'
  | 'PERIOD_OVER'
  | 'ACCESS_OVER'
  | 'GRANT_ENDED'
  | 'TOKEN_REJECTED'
  | 'TOKEN_UNREADABLE'
  | 'REFUSAL_DOUBTED'
  | 'REVOKED_BY_USER';

const ALLOWED: Readonly<Record<ConsentStatus, readonly ConsentStatus[]>> = {
  ACTIVE: ['EXPIRING', 'REAUTH_REQUIRED', 'EXPIRED', 'REVOKED'],
  EXPIRING: ['REAUTH_REQUIRED', 'EXPIRED', 'REVOKED'],
  // Back to life only where the bank's word turned out not to be believed.
  REAUTH_REQUIRED: ['ACTIVE', 'EXPIRING', 'EXPIRED', 'REVOKED'],
  EXPIRED: ['REVOKED'],
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
    /** Moves it only if it stands where it does for this reason. */
    readonly onlyFrom?: StatusReason;
    readonly now: Date;
  },
): Promise<boolean> {
  const from = (Object.keys(ALLOWED) as ConsentStatus[]).filter((status) =>
    ALLOWED[status].includes(move.to),
  );
  const ends = !LIVING.includes(move.to);
  const revives = !ends && move.onlyFrom !== undefined;
  const { count } = await tx.consent.updateMany({
    where: {
      id: move.consentId,
      status: { in: from },
      ...(move.onlyFrom === undefined ? {} : { statusReason: move.onlyFrom }),
    },
    data: {
      status: move.to,
      statusReason: move.reason,
      ...(ends ? { endedAt: move.now, dueAt: null, sealedPsuIp: null } : {}),
      // What was left undone when it ended is looked for again.
      ...(revives ? { endedAt: null, dueAt: move.now, historyEndedAt: null } : {}),
    },
  });
  if (count === 0) return false;
  // The period is over: nothing can be had with its tokens, and a thief should not find them.
  if (move.to === 'EXPIRED') {
    await tx.consentCredential.deleteMany({ where: { consentId: move.consentId } });
  }
  await publish(tx, { consentId: move.consentId });
  await recordChanges(tx, move.viewerId, move.now, [
    { subject: 'CONSENT', subjectId: move.consentId, act: 'CHANGED' },
  ]);
  return true;
}
