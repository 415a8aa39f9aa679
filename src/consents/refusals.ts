import { endAlarms, raiseAlarm } from '../alarms/alarms.ts';
import type { App } from '../app.ts';
import { DAY, later, MINUTE, nowOf } from '../base/clock.ts';
import type { ConsentStatus } from '../generated/prisma/enums.ts';
import type { Finding, Tx } from '../postgres/db.ts';
import type { HeldConsent } from './held.ts';
import { askToTend } from './next-due.ts';
import { moveConsent } from './status.ts';

/** How far back refusals are counted together. */
const WINDOW_MILLISECONDS = 10 * MINUTE;
/** So many consents, refused within the window at two banks or more, are a burst … */
const BURST_CONSENTS = 5;
/** … unless so many refreshes succeeded meanwhile for each that was refused. */
const SUCCESSES_PER_REFUSAL = 4;
const COUNTED_MAX = 200;
const GIVEN_BACK_MAX = 200;

/**
 * Notes that the bank calls the refresh token of a consent dead, and tells whether that is to be
 * believed. Grants end one by one. Where many end at once, and at several banks, rather the client,
 * its environment or TrueLayer itself is at fault: the operator is alarmed, and users are not asked.
 *
 * @returns false in such a burst, unless the operator has called it true
 */
export async function hearRefusal(app: App, held: HeldConsent): Promise<boolean> {
  const { id: consentId, viewerId, environment, providerId } = held;
  const refusedAt = nowOf(app.clock);
  // Stored before it is judged, so that of those who are refused together the last sees all.
  await app.database.transact(viewerId, (tx) =>
    tx.grantRefusal.upsert({
      where: { consentId },
      create: { consentId, viewerId, environment, providerId, refusedAt },
      update: { refusedAt },
    }),
  );
  if (!(await isBurst(app, environment))) return true;
  const alarm = await raiseAlarm(app, { kind: 'GRANTS_REFUSED', environment });
  if (alarm.acceptedAt !== null) return true;
  await giveBack(app, environment);
  return false;
}

/** Looks once more after a consent was ended: it may have been one of a burst all the same. */
export async function settleRefusals(app: App, { environment }: HeldConsent): Promise<void> {
  if (!(await isBurst(app, environment))) return;
  const alarm = await raiseAlarm(app, { kind: 'GRANTS_REFUSED', environment });
  if (alarm.acceptedAt === null) await giveBack(app, environment);
}

/** Forgets, with the fresh tokens, that the old ones were refused. */
export async function forgetRefusal(tx: Tx, { id }: Pick<HeldConsent, 'id'>): Promise<void> {
  await tx.grantRefusal.deleteMany({ where: { consentId: id } });
}

/**
 * Ends the alarm of a burst that is over. One that the operator accepted stays up for a day, for
 * consents that are dead are only found to be so one after the other.
 */
export async function endQuietBurst(app: App): Promise<void> {
  const { environment } = app.client;
  const alarm = await app.database.shared.operatorAlarm.findFirst({
    where: { kind: 'GRANTS_REFUSED', environment, endedAt: null },
  });
  if (alarm === null || (await isBurst(app, environment))) return;
  const quietSince = later(nowOf(app.clock), -DAY);
  if (alarm.acceptedAt !== null && alarm.seenAt > quietSince) return;
  await endAlarms(app, [{ kind: 'GRANTS_REFUSED', environment }]);
}

async function isBurst(app: App, environment: string): Promise<boolean> {
  const since = later(nowOf(app.clock), -WINDOW_MILLISECONDS);
  const [counted] = await app.database.scoutTotals<{ refused: number; banks: number }>(
    `select count(*)::int as refused, count(distinct provider_id)::int as banks
     from (select provider_id from grant_refusal
       where environment = $1 and refused_at > $2 limit ${COUNTED_MAX}) recent`,
    [environment, since],
  );
  if (counted === undefined || counted.refused < BURST_CONSENTS || counted.banks < 2) return false;
  const enough = counted.refused * SUCCESSES_PER_REFUSAL;
  const [successes] = await app.database.scoutTotals<{ count: number }>(
    `select count(*)::int as count from (
       select from consent_credential t join consent c on c.id = t.consent_id
       where t.access_issued_at > $1 and t.generation > 1 and c.environment = $3 limit $2) recent`,
    [since, enough, environment],
  );
  return (successes?.count ?? 0) < enough;
}

/** Takes back the end of those that were the first of a burst, before it could be known as one. */
async function giveBack(app: App, environment: string): Promise<void> {
  const now = nowOf(app.clock);
  const ended = await app.database.scout(
    `select c.id, c.viewer_id from grant_refusal r join consent c on c.id = r.consent_id
     where r.environment = $1 and r.refused_at > $2 and c.ended_at is not null limit ${GIVEN_BACK_MAX}`,
    [environment, later(now, -WINDOW_MILLISECONDS)],
  );
  for (const finding of ended) {
    await app.database.transact(finding.viewerId, (tx) => revive(app, tx, finding, now));
  }
}

/**
 * Takes back, with fresh tokens, that a consent was ended by a refusal: whoever asked beside us came
 * with a refresh token that our own call had just used up.
 *
 * @returns the consent as it stands then
 */
export async function reviveProved(app: App, tx: Tx, held: HeldConsent): Promise<HeldConsent> {
  const { id } = held;
  const ended = await tx.consent.count({ where: { id, statusReason: 'GRANT_ENDED' } });
  if (ended === 0) return held;
  const status = await revive(app, tx, held, nowOf(app.clock));
  return status === null ? held : { ...held, status, statusReason: 'REFUSAL_DOUBTED' };
}

/** @returns the status that it has again; null where it had not ended by a refusal */
async function revive(
  app: App,
  tx: Tx,
  { id: consentId, viewerId }: Finding,
  now: Date,
): Promise<ConsentStatus | null> {
  const consent = await tx.consent.findUnique({ where: { id: consentId } });
  if (consent === null) return null;
  const { period } = consent;
  const announced = await tx.alert.count({ where: { consentId, period } });
  const to = announced > 0 ? 'EXPIRING' : 'ACTIVE';
  const moved = await moveConsent(app, tx, {
    viewerId,
    consentId,
    to,
    reason: 'REFUSAL_DOUBTED',
    by: 'SERVER',
    onlyFrom: 'GRANT_ENDED',
    now,
  });
  if (!moved) return null;
  await app.queue.send(tx, [askToTend({ id: consentId, viewerId }, now)]);
  return to;
}
