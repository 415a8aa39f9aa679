import type { App } from '../app.ts';
import { uuidv7 } from '../base/entropy.ts';
import { correlationId } from '../base/log.ts';
import { type ChangeEntry, recordChanges } from '../changes/log.ts';
import { publish } from '../events.ts';
import type { Consent } from '../generated/prisma/client.ts';
import type { ConsentStatus } from '../generated/prisma/enums.ts';
import type { Tx } from '../postgres/db.ts';
import { closeAlerts } from './alerts.ts';

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

/** Why a step stands in a consent's timeline: a move's reason, or how the consent began anew. */
export type MoveReason = StatusReason | 'GIVEN' | 'RENEWED';

/** By whom a consent moved. */
export type Actor = 'USER' | 'BANK' | 'SERVER' | 'OPERATOR';

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

/** A consent's way from one status to another. */
export interface Move {
  readonly viewerId: string;
  readonly consentId: string;
  readonly to: ConsentStatus;
  readonly reason: StatusReason;
  readonly by: Actor;
  /** Moves it only if it stands where it does for this reason. */
  readonly onlyFrom?: StatusReason;
  readonly now: Date;
}

/**
 * Moves a consent to another status, the only way there is, and writes that into its timeline. A move
 * that the table does not allow, or that another process was faster with, changes nothing.
 *
 * @returns whether it moved
 */
export async function moveConsent(app: App, tx: Tx, move: Move): Promise<boolean> {
  const { viewerId, consentId, to, reason, by, onlyFrom, now } = move;
  await tx.$queryRaw`select id from consent where id = ${consentId}::uuid for update`;
  const before = await tx.consent.findUnique({ where: { id: consentId } });
  if (before === null || !ALLOWED[before.status].includes(to)) return false;
  if (onlyFrom !== undefined && before.statusReason !== onlyFrom) return false;
  const ends = !LIVING.includes(to);
  const revives = !ends && onlyFrom !== undefined;
  // One that the bank refuses can be renewed until its period is over, and ends then.
  const dueAt = to === 'REAUTH_REQUIRED' ? before.endsAt : null;
  await tx.consent.update({
    where: { id: consentId },
    data: {
      status: to,
      statusReason: reason,
      ...(ends ? { endedAt: before.endedAt ?? now, dueAt, sealedPsuIp: null } : {}),
      // What was left undone when it ended is looked for again.
      ...(revives ? { endedAt: null, dueAt: now, historyEndedAt: null } : {}),
    },
  });
  // The period is over: nothing can be had with its tokens, and a thief should not find them.
  if (to === 'EXPIRED') await tx.consentCredential.deleteMany({ where: { consentId } });
  await writeMove(app, tx, before, { to, reason, by, now });
  const changes: ChangeEntry[] = [{ subject: 'CONSENT', subjectId: consentId, act: 'CHANGED' }];
  if (to === 'EXPIRED' || to === 'REVOKED') {
    changes.push(...(await closeAlerts(tx, consentId, to, now)));
  }
  await publish(tx, { consentId });
  await recordChanges(app, tx, viewerId, now, changes);
  return true;
}

/**
 * Writes a step into a consent's timeline.
 *
 * @param before - the consent as it stood; status null where it has just been given
 */
export async function writeMove(
  app: App,
  tx: Tx,
  before: Pick<Consent, 'id' | 'viewerId' | 'period'> & { readonly status: ConsentStatus | null },
  step: {
    readonly to: ConsentStatus;
    readonly reason: MoveReason;
    readonly by: Actor;
    readonly now: Date;
  },
): Promise<void> {
  await tx.consentMove.create({
    data: {
      id: uuidv7(app.entropy, step.now),
      viewerId: before.viewerId,
      consentId: before.id,
      fromStatus: before.status,
      toStatus: step.to,
      reason: step.reason,
      actor: step.by,
      period: before.period,
      correlationId: correlationId() ?? null,
      movedAt: step.now,
    },
  });
}
