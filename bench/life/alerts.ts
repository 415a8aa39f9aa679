import { HOUR, later } from '../../src/base/clock.ts';
import { expectedSteps, nextCivil } from './ladder.ts';
import { isIn, type Stretch } from './outages.ts';

/** One period of a consent, as it was lived. */
export interface LivedPeriod {
  readonly consentId: string;
  readonly period: number;
  readonly zone: string;
  readonly consentedAt: Date;
  readonly endsAt: Date;
  /** When the bank could no longer be read, or another period began. */
  readonly overAt: Date;
}

/** An alert as it was raised. */
export interface RaisedAlert {
  readonly consentId: string;
  readonly period: number;
  readonly daysBefore: number;
  readonly raisedAt: Date;
}

/** What was wrong with alerts. */
export interface AlertFaults {
  readonly expected: number;
  readonly missing: number;
  readonly doubled: number;
  readonly late: number;
  readonly afterwards: number;
}

/** Holds the alerts that were raised against those that were due. */
export function judgeAlerts(
  periods: readonly LivedPeriod[],
  raised: readonly RaisedAlert[],
  daysBefore: readonly number[],
  away: Stretch,
): AlertFaults {
  const faults = { expected: 0, missing: 0, doubled: 0, late: 0, afterwards: 0 };
  const keyOf = ({ consentId, period }: { consentId: string; period: number }) =>
    `${consentId} ${period}`;
  const byPeriod = Map.groupBy(raised, keyOf);
  for (const lived of periods) {
    const alerts = byPeriod.get(keyOf(lived)) ?? [];
    faults.doubled += alerts.length - new Set(alerts.map((alert) => alert.daysBefore)).size;
    faults.afterwards += alerts.filter(({ raisedAt }) => raisedAt > lived.overAt).length;
    const steps = expectedSteps(lived.consentedAt, lived.endsAt, daysBefore, lived.zone);
    for (const [days, at] of steps) {
      const latest = latestOf(at, lived.zone, away);
      const alert = alerts.find((one) => one.daysBefore === days);
      if (alert === undefined) {
        if (latest >= lived.overAt || isExcused(days, latest, steps)) continue;
        faults.missing += 1;
      } else if (alert.raisedAt > latest) faults.late += 1;
      faults.expected += 1;
    }
  }
  return faults;
}

/** An hour later at most; where nothing ran then, an hour after it ran again and may be spoken. */
function latestOf(at: Date, zone: string, away: Stretch): Date {
  return later(isIn(at, away) ? nextCivil(away.until, zone) : at, HOUR);
}

/** Whether another step, nearer to the end, came due before this one could still be raised. */
function isExcused(days: number, latest: Date, steps: ReadonlyMap<number, Date>): boolean {
  return [...steps].some(([other, at]) => other < days && at <= latest);
}
