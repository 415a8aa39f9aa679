import type { App } from '../app.ts';
import { later, nowOf, SECOND } from '../base/clock.ts';
import { leaveToNobody, type NobodysConnection, sealForNobody } from '../consents/nobodys.ts';
import { seeErased, type Tx } from '../postgres/db.ts';
import { findViewersOfJobs, forgetJobs } from '../postgres/forget-jobs.ts';
import { askToErase, type EraserInstruments } from './erase.ts';
import { erasureKey, hashViewer } from './erasure-key.ts';

/**
 * The tables of which a viewer may have very many rows, or whose rows do not go with others: they are
 * emptied first, so many rows at a time. All else goes with the viewer's own row.
 */
export const EMPTIED_FIRST = ['transaction', 'change'] as const;

const ROWS_AT_ONCE = 5_000;
const BATCHES_MAX = 200;
/** When whoever was about to ask for a job at the moment of the end has surely done so. */
const LAST_LOOK_SECONDS = 20;
const SWEEP_MAX = 100;

/**
 * Deletes the rows of a viewer whose erasure has begun, some at a time, and goes on in another job where
 * there are more than one job may take. A while after the last row it looks for what came late. Begun
 * again after a crash, it finds what is left. Answers `eraseViewer`.
 */
export async function continueErasure(app: App, erasureId: string): Promise<void> {
  const viewerId = await findViewerOf(app, erasureId);
  if (viewerId === null) return forgetStrays(app, erasureId);
  if (await eraseRows(app, viewerId, erasureId)) return;
  await app.queue.sendAlone(askToErase(erasureId, nowOf(app.clock)));
}

/** Asks again for erasures that are under way; the floor under their jobs. Answers `sweepErasures`. */
export async function sweepErasures(app: App): Promise<void> {
  const found = await app.database.scout(
    'select erasure_id as id, id as viewer_id from viewer where erasure_id is not null limit $1',
    [SWEEP_MAX],
  );
  for (const { id } of found) await app.queue.sendAlone(askToErase(id));
}

/**
 * Deletes rows of a viewer whose erasure has begun, and in the end the viewer.
 *
 * @returns whether all is gone; else there is more to do
 */
export async function eraseRows(
  app: EraserInstruments,
  viewerId: string,
  erasureId: string,
): Promise<boolean> {
  for (let batch = 0; batch < BATCHES_MAX; batch += 1) {
    const deleted = await app.database.transact(viewerId, (tx) => deleteSome(tx, viewerId));
    if (deleted > 0) continue;
    // What was being given by a bank when the erasure began may have been stored right before it.
    const { connections } = await sealForNobody(app, viewerId);
    if (await finish(app, { viewerId, erasureId, connections })) return true;
  }
  return false;
}

/** The viewer whose erasure is under way; null once it has ended. */
async function findViewerOf(app: App, erasureId: string): Promise<string | null> {
  const [found] = await app.database.scout(
    'select id, id as viewer_id from viewer where erasure_id = $1',
    [erasureId],
  );
  return found?.viewerId ?? null;
}

async function deleteSome(tx: Tx, viewerId: string): Promise<number> {
  await seeErased(tx);
  for (const table of EMPTIED_FIRST) {
    const key = table === 'change' ? 'seq' : 'id';
    const deleted = await tx.$executeRawUnsafe(
      `delete from ${table} where viewer_id = $1::uuid and ${key} in
         (select ${key} from ${table} where viewer_id = $1::uuid limit ${ROWS_AT_ONCE})`,
      viewerId,
    );
    if (deleted > 0) return deleted;
  }
  return 0;
}

/** @returns false, with nothing deleted, if something is left that has to go by another way */
async function finish(
  app: EraserInstruments,
  end: {
    readonly viewerId: string;
    readonly erasureId: string;
    readonly connections: readonly NobodysConnection[];
  },
): Promise<boolean> {
  const { viewerId, erasureId, connections } = end;
  const now = nowOf(app.clock);
  const gone = await app.database.transact(viewerId, async (tx) => {
    await seeErased(tx);
    await tx.$queryRaw`select id from viewer where id = ${viewerId}::uuid for update`;
    await leaveToNobody(app, tx, viewerId, connections);
    const held = await tx.consentCredential.count();
    if (held + (await tx.revocation.count({ where: { endedAt: null } })) > 0) return false;
    const consents = await tx.consent.findMany({ select: { id: true } });
    // Alarms are nobody's, but may be about one consent.
    const subjects = consents.map(({ id }) => id);
    await tx.operatorAlarm.deleteMany({ where: { subject: { in: subjects } } });
    await tx.change.deleteMany();
    await tx.viewer.deleteMany({ where: { id: viewerId } });
    await forgetJobs(tx, viewerId);
    await tx.erasure.update({ where: { id: erasureId }, data: { finishedAt: now } });
    await app.queue.send(tx, [askToErase(erasureId, later(now, LAST_LOOK_SECONDS * SECOND))]);
    return true;
  });
  if (gone) app.log.info({ erasureId }, 'an erasure has ended');
  return gone;
}

/**
 * Deletes the jobs that were asked for when the last row had just gone: by a sweep that had found it
 * before. Whose they are is told by the hash alone.
 */
async function forgetStrays(app: App, erasureId: string): Promise<void> {
  const erasure = await app.database.shared.erasure.findUnique({ where: { id: erasureId } });
  if (erasure === null) return;
  const key = await erasureKey(app);
  const hash = Buffer.from(erasure.viewerHash);
  for (const viewerId of await findViewersOfJobs(app.database, erasure.requestedAt)) {
    if (!hash.equals(hashViewer(key, viewerId))) continue;
    await app.database.transact(viewerId, async (tx) => {
      // They may have come again meanwhile, with jobs of their new life.
      if ((await tx.viewer.count({ where: { id: viewerId } })) === 0)
        await forgetJobs(tx, viewerId);
    });
  }
}
