import { endAlarms, raiseAlarm } from '../alarms/alarms.ts';
import type { App } from '../app.ts';
import { DAY, later, nowOf } from '../base/clock.ts';
import type { Tx } from '../postgres/db.ts';
import type { DueConsent } from './next-due.ts';

/** So long the operator is told of a consent whose end nobody acknowledged. */
const UNHEARD_DAYS = 7;
const LISTED_MAX = 100;

/**
 * Notes, in the transaction that ends a consent with its period, that its last alert was acknowledged
 * by nobody.
 *
 * @returns whether that is so
 */
export async function noteUnheard(tx: Tx, consent: DueConsent, now: Date): Promise<boolean> {
  const [last] = consent.alerts
    .filter(({ period }) => period === consent.period)
    .toSorted((a, b) => a.daysBefore - b.daysBefore);
  if (last === undefined || last.acknowledgedAt !== null) return false;
  await tx.alert.update({ where: { id: last.id }, data: { unheardAt: now } });
  return true;
}

/** Raises the operator's alarm for one more consent that ended unheard. */
export async function alarmOfUnheard(app: App): Promise<void> {
  await raiseAlarm(app, { kind: 'ALERTS_UNHEARD', environment: app.client.environment });
}

/**
 * Ends that alarm once all were acknowledged or renewed after all, or a week has passed; raises it
 * where whoever should have done so was cut off.
 */
export async function watchUnheard(app: App): Promise<void> {
  const { environment } = app.client;
  const cause = { kind: 'ALERTS_UNHEARD', environment } as const;
  const { count } = await findUnheard(app);
  if (count === 0) return endAlarms(app, [cause]);
  const open = { ...cause, endedAt: null };
  const up = await app.database.shared.operatorAlarm.count({ where: open });
  if (up === 0) await raiseAlarm(app, cause);
}

/** A consent that ended though nobody acknowledged its last alert. */
export interface UnheardConsent {
  readonly consentId: string;
  readonly viewerId: string;
  readonly endedAt: Date;
}

/** How many there were within a week, and the newest of them. */
export interface Unheard {
  readonly count: number;
  readonly consents: readonly UnheardConsent[];
}

/** Finds across viewers, for operators, the consents that ended unheard within a week. */
export async function findUnheard(app: App): Promise<Unheard> {
  const { environment } = app.client;
  const since = later(nowOf(app.clock), -UNHEARD_DAYS * DAY);
  const rows = await app.database.scoutTotals<{
    id: string;
    viewer: string;
    at: Date;
    all: number;
  }>(
    `select c.id, c.viewer_id as viewer, a.unheard_at as at, (count(*) over ())::int as all
     from alert a join consent c on c.id = a.consent_id
     where a.unheard_at > $1 and c.environment = $2 order by a.unheard_at desc limit $3`,
    [since, environment, LISTED_MAX],
  );
  const consents = rows.map(({ id, viewer, at }) => ({
    consentId: id,
    viewerId: viewer,
    endedAt: at,
  }));
  return { count: rows[0]?.all ?? 0, consents };
}
