import type { Config } from '../base/config.ts';
import type { Zone } from '../base/zones.ts';
import type { Prisma } from '../generated/prisma/client.ts';
import { ask, jobs } from '../jobs.ts';
import type { JobRequest } from '../postgres/queue.ts';
import { firstDue, keepAliveAgain, keepAliveInstant } from './due.ts';
import { alertLadder, type AlertPlan, planAlert } from './ladder.ts';
import { LIVING } from './status.ts';

/** What to read with a consent to know when it next needs attention. */
export const DUE_PARTS = {
  alerts: {
    select: { id: true, period: true, daysBefore: true, acknowledgedAt: true, closedAt: true },
  },
  credential: { select: { sealedRefresh: true, refreshEndsAt: true } },
  viewer: { select: { timeZone: true } },
} as const satisfies Prisma.ConsentInclude;

/** A consent with all that decides when it next needs attention. */
export type DueConsent = Prisma.ConsentGetPayload<{ include: typeof DUE_PARTS }>;

type Settings = Pick<Config, 'alertDaysBefore' | 'timeZone' | 'readEveryHours'>;

/** What is to be done about the alerts of a consent at an instant. */
export function alertPlanOf(settings: Settings, consent: DueConsent, now: Date): AlertPlan {
  const { consentedAt, endsAt, period, credential } = consent;
  // Without a refresh token it was given for one visit, and a refused one cannot be kept by renewal alone.
  if (!credential?.sealedRefresh || !LIVING.includes(consent.status)) {
    return { raise: null, nextAt: null };
  }
  const zone = zoneOf(settings, consent.viewer);
  const ladder = alertLadder({ consentedAt, endsAt, daysBefore: settings.alertDaysBefore, zone });
  const raised = consent.alerts.filter((alert) => alert.period === period);
  return planAlert(
    ladder,
    raised.map(({ daysBefore }) => daysBefore),
    { now, endsAt, zone },
  );
}

/**
 * When a consent next needs attention, what is due by now being done.
 *
 * @param done - what else than alerts is being done at this moment
 */
export function nextDue(
  settings: Settings,
  consent: DueConsent,
  now: Date,
  done: { readonly read?: boolean; readonly idle?: boolean } = {},
): Date {
  if (!LIVING.includes(consent.status)) return consent.endsAt;
  const { refreshEndsAt = null, sealedRefresh = null } = consent.credential ?? {};
  const keepAliveAt = refreshEndsAt && keepAliveInstant(consent.id, refreshEndsAt);
  return firstDue({
    now,
    endsAt: consent.endsAt,
    readAt: done.read === true ? now : (consent.readAt ?? consent.consentedAt),
    readEveryHours: settings.readEveryHours,
    keepAliveAt: done.idle === true ? keepAliveAgain(now) : keepAliveAt,
    alertAt: alertPlanOf(settings, consent, now).nextAt,
    keptAlive: Boolean(sealedRefresh),
    historySince: consent.historyEndedAt === null ? consent.consentedAt : null,
  });
}

/** Where a viewer lives, as far as anybody said. */
export function zoneOf(
  { timeZone }: Pick<Config, 'timeZone'>,
  viewer: { readonly timeZone: string | null } | null,
): Zone {
  // Checked before it was stored.
  return (viewer?.timeZone as Zone | null | undefined) ?? timeZone;
}

/**
 * Asks that a consent be tended at its due instant. Each instant has a job of its own, so that one
 * which waits for a later instant, as before the due one moved, keeps none from waiting for an earlier.
 *
 * @param notBefore - by the clock of the queue, where that differs
 */
export function askToTend(
  { id, viewerId }: Pick<DueConsent, 'id' | 'viewerId'>,
  dueAt: Date,
  notBefore: Date = dueAt,
): JobRequest {
  const key = `${id} ${dueAt.toISOString()}`;
  return ask(jobs.tendConsent, { viewerId, consentId: id }, { key, notBefore });
}
