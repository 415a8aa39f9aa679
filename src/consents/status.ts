import { chooseFeeds } from '../accounts/choose-feeds.ts';
import type { App } from '../app.ts';
import { uuidv7 } from '../base/entropy.ts';
import { correlationId } from '../base/log.ts';
import { type ChangeEntry, recordChanges } from '../changes/log.ts';
import { publish } from '../events.ts';
import type { Consent, Prisma } from '../generated/prisma/client.ts';
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

/** Why a step stands in a consent's timeline: a move's reason, or what is noted between moves. */
export type MoveReason = StatusReason | 'GIVEN' | 'RENEWED' | 'MENDED';

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

/** From where the user's confirmation leads back to ACTIVE. What was taken back stays so. */
export const RENEWABLE: readonly ConsentStatus[] = [
  'ACTIVE',
  'EXPIRING',
  'REAUTH_REQUIRED',
  'EXPIRED',
];

/** The statuses in which the bank can still be asked. */
export const LIVING: readonly ConsentStatus[] = ['ACTIVE', 'EXPIRING'];

/** A consent's way from one status to another. */
export interface Move {
  readonly viewerId: string;
  readonly consentId: string;
  readonly to: ConsentStatus;
  readonly reason: StatusReason | 'RENEWED';
  readonly by: Actor;
  /** Moves it only if it stands where it does for this reason. */
  readonly onlyFrom?: StatusReason;
  /** What a renewal puts in the place of the old: dates and all that belongs to a period. */
  readonly data?: Prisma.ConsentUncheckedUpdateInput;
  readonly now: Date;
}

/** Whether the table allows a move; a renewal, to ACTIVE and nowhere else, has a row of its own. */
export function mayMove(from: ConsentStatus, to: ConsentStatus, reason: Move['reason']): boolean {
  if (reason === 'RENEWED') return to === 'ACTIVE' && RENEWABLE.includes(from);
  return ALLOWED[from].includes(to);
}

/**
 * Moves a consent to another status, the only way there is, and writes that into its timeline. A move
 * that the table does not allow, or that another process was faster with, changes nothing. A renewal
 * begins a new period: unless `data` says otherwise, the next one, and due at once.
 *
 * @returns whether it moved
 */
export async function moveConsent(app: App, tx: Tx, move: Move): Promise<boolean> {
  const { viewerId, consentId, to, reason, by, onlyFrom, now } = move;
  await tx.$queryRaw`select id from consent where id = ${consentId}::uuid for update`;
  const before = await tx.consent.findUnique({ where: { id: consentId } });
  if (before === null || !mayMove(before.status, to, reason)) return false;
  if (onlyFrom !== undefined && before.statusReason !== onlyFrom) return false;
  const { period } = await tx.consent.update({
    where: { id: consentId },
    data: reason === 'RENEWED' ? renewed(before, move) : moved(before, { ...move, reason }),
  });
  // The period is over: nothing can be had with its tokens, and a thief should not find them.
  if (to === 'EXPIRED') await tx.consentCredential.deleteMany({ where: { consentId } });
  await writeMove(app, tx, { ...before, period }, { to, reason, by, now });
  const event = reason === 'RENEWED' ? 'consent.renewed' : MOVE_EVENTS[to];
  const changes: ChangeEntry[] = [
    { subject: 'CONSENT', subjectId: consentId, act: 'CHANGED', event },
  ];
  if (to === 'EXPIRED' || to === 'REVOKED') {
    changes.push(...(await closeAlerts(tx, consentId, to, now)));
  } else if (reason === 'RENEWED') {
    changes.push(...(await closeAlerts(tx, consentId, 'RENEWED', now)));
  }
  // Its accounts go to whichever other consent shares them, and come back with it.
  if (LIVING.includes(to) !== (before.endedAt === null)) {
    changes.push(...(await chooseFeeds(tx, viewerId, now)));
  }
  await publish(tx, { consentId });
  await recordChanges(app, tx, viewerId, now, changes, consentId);
  return true;
}

function moved(
  before: Consent,
  { to, reason, now }: Move & { readonly reason: StatusReason },
): Prisma.ConsentUncheckedUpdateInput {
  const next = { status: to, statusReason: reason };
  if (!LIVING.includes(to)) {
    // Where only the user can help, its tokens may help them until the end of the period.
    const dueAt = to === 'REAUTH_REQUIRED' ? before.endsAt : null;
    return { ...next, endedAt: before.endedAt ?? now, dueAt, sealedPsuIp: null };
  }
  if (before.endedAt === null) return next;
  // What was left undone when it ended is looked for again.
  return { ...next, endedAt: null, dueAt: now, historyEndedAt: null };
}

function renewed(before: Consent, { data, now }: Move): Prisma.ConsentUncheckedUpdateInput {
  return {
    period: before.period + 1,
    dueAt: now,
    ...data,
    status: 'ACTIVE',
    statusReason: null,
    endedAt: null,
  };
}

/** What webhooks call a move; back to life is a change like any other. */
const MOVE_EVENTS = {
  ACTIVE: 'consent.changed',
  EXPIRING: 'consent.expiring',
  REAUTH_REQUIRED: 'consent.reauth_required',
  EXPIRED: 'consent.expired',
  REVOKED: 'consent.revoked',
} as const satisfies Readonly<Record<ConsentStatus, ChangeEntry['event']>>;

/**
 * Writes a step into a consent's timeline. The caller has locked the consent, or has just made it: so
 * each step follows the one before.
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
  const { _max: last } = await tx.consentMove.aggregate({
    where: { consentId: before.id },
    _max: { step: true },
  });
  await tx.consentMove.create({
    data: {
      id: uuidv7(app.entropy, step.now),
      viewerId: before.viewerId,
      consentId: before.id,
      step: (last.step ?? 0) + 1,
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
