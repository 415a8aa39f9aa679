import type { App } from '../app.ts';
import { type Clock, MINUTE, nowOf } from '../base/clock.ts';
import { ExpectedError } from '../base/errors.ts';
import { parseZone, type Zone } from '../base/zones.ts';
import type { Database, Tx } from '../postgres/db.ts';
import { saveViewer, type Viewer } from './link.ts';
import { alertPlanOf, askToTend, DUE_PARTS, nextDue } from './next-due.ts';

/** There is no time zone of this name. */
export class TimeZoneUnknownError extends ExpectedError {
  constructor() {
    super('TIME_ZONE_UNKNOWN', 'There is no time zone of this name: Europe/London is one.');
  }
}

/** Who said where a viewer lives. */
export type ZoneSource = 'TOKEN' | 'VIEWER';

// More living consents than anybody has; those past it are looked after when they are tended next.
const CONSENTS_MAX = 200;
/** So long what a token says is not written again by the same process. */
const NOTED_MILLISECONDS = 5 * MINUTE;
const NOTED_MAX = 10_000;

/**
 * Keeps the time zone that a viewer's token names. It wins over what they said by `updateViewer`: the
 * identity provider knows them. Before their first link there is no row to keep it in, and no consent
 * that would need it.
 */
export async function noteTokenZone(app: App, { id, timeZone }: Viewer): Promise<void> {
  if (!timeZone || isNoted(app, id, timeZone)) return;
  const known = await app.database.transact(id, async (tx) => {
    await saveZone(app, tx, id, { timeZone, source: 'TOKEN' });
    return (await tx.viewer.count({ where: { id } })) > 0;
  });
  if (known) notedOf(app.database).set(id, { timeZone, at: app.clock.now() });
}

/**
 * Keeps the time zone that a viewer says they live in, unless their token names one, which wins.
 *
 * @param text - a name in IANA's list; null takes back what was said before
 * @throws TimeZoneUnknownError
 */
export async function updateTimeZone(app: App, viewer: Viewer, text: string | null): Promise<void> {
  const timeZone = text === null ? null : parseZone(text);
  if (text !== null && timeZone === null) throw new TimeZoneUnknownError();
  if (viewer.timeZone) return;
  notedOf(app.database).delete(viewer.id);
  await app.database.transact(viewer.id, async (tx) => {
    await saveViewer(tx, viewer, app, nowOf(app.clock));
    await saveZone(app, tx, viewer.id, { timeZone, source: timeZone && 'VIEWER' });
  });
}

async function saveZone(
  app: App,
  tx: Tx,
  viewerId: string,
  { timeZone, source }: { readonly timeZone: Zone | null; readonly source: ZoneSource | null },
): Promise<void> {
  const changed = await tx.$executeRaw`
    update viewer set time_zone = ${timeZone}, time_zone_source = ${source}
    where id = ${viewerId}::uuid
      and (time_zone, time_zone_source) is distinct from (${timeZone}::text, ${source}::text)`;
  if (changed > 0) await planAnew(app, tx, viewerId);
}

async function planAnew(app: App, tx: Tx, viewerId: string): Promise<void> {
  await tx.$queryRaw`
    select id from consent where viewer_id = ${viewerId}::uuid and ended_at is null
    order by id limit ${CONSENTS_MAX} for update`;
  const consents = await tx.consent.findMany({
    where: { viewerId, endedAt: null },
    include: DUE_PARTS,
    orderBy: { id: 'asc' },
    take: CONSENTS_MAX,
  });
  const now = nowOf(app.clock);
  for (const consent of consents) {
    // What was due before is still to be done, and where it is later than it was here an alert may be due.
    const overdue = consent.dueAt !== null && consent.dueAt <= now;
    const due = overdue || alertPlanOf(app.config, consent, now).raise !== null;
    const dueAt = due ? now : nextDue(app.config, consent, now);
    await tx.consent.update({ where: { id: consent.id }, data: { dueAt } });
    await app.queue.send(tx, [askToTend(consent, dueAt)]);
  }
}

interface Noted {
  readonly timeZone: Zone;
  readonly at: number;
}

const noted = new WeakMap<Database, Map<string, Noted>>();

/** What this process has written lately, by viewer; of each database its own. */
function notedOf(database: Database): Map<string, Noted> {
  const known = noted.get(database) ?? new Map<string, Noted>();
  if (known.size >= NOTED_MAX) known.clear();
  noted.set(database, known);
  return known;
}

function isNoted(
  { database, clock }: { readonly database: Database; readonly clock: Clock },
  viewerId: string,
  timeZone: Zone,
): boolean {
  const last = notedOf(database).get(viewerId);
  return (
    last !== undefined &&
    last.timeZone === timeZone &&
    Math.abs(clock.now() - last.at) < NOTED_MILLISECONDS
  );
}
