import { endAlarms, raiseAlarm } from '../alarms/alarms.ts';
import type { App } from '../app.ts';
import { DAY, later, nowOf } from '../base/clock.ts';
import { ask, jobs } from '../jobs.ts';
import { endQuietBurst } from './refusals.ts';
import { watchUnheard } from './unheard.ts';

const SWEEP_MAX = 500;
/** A refresh token that would die within that should have been used long ago. */
const IDLE_ALARM_DAYS = 3;
/** One that died while its consent lives on is looked for so long; nobody asks about it for longer. */
const DEAD_ALARM_DAYS = 30;

/**
 * Asks for the tending of consents whose due instant has passed; the floor under the jobs that
 * wait for those instants themselves. Looks after the alarms that time itself raises or ends.
 * Answers the job `sweepConsents`.
 */
export async function sweepConsents(app: App): Promise<void> {
  const { environment } = app.client;
  const due = await app.database.scout(
    'select id, viewer_id from consent where due_at <= $1 and environment = $2 order by due_at limit $3',
    [nowOf(app.clock), environment, SWEEP_MAX],
  );
  for (const { id, viewerId } of due) {
    // A key of its own: a job that waits for another instant keeps it from nothing.
    const key = `${id} swept`;
    await app.queue.sendAlone(ask(jobs.tendConsent, { viewerId, consentId: id }, { key }));
  }
  await watchIdleTokens(app);
  await watchUnheard(app);
  await endQuietBurst(app);
}

async function watchIdleTokens(app: App): Promise<void> {
  const { environment } = app.client;
  const now = nowOf(app.clock);
  const [idle] = await app.database.scout(
    `select c.id, c.viewer_id from consent_credential t join consent c on c.id = t.consent_id
     where t.refresh_ends_at between $1 and $2 and c.ended_at is null and c.environment = $3
     limit 1`,
    [later(now, -DEAD_ALARM_DAYS * DAY), later(now, IDLE_ALARM_DAYS * DAY), environment],
  );
  const cause = { kind: 'TOKENS_IDLE', environment } as const;
  if (idle === undefined) await endAlarms(app, [cause]);
  else await raiseAlarm(app, cause);
}
