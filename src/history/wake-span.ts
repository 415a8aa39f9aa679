import type { App } from '../app.ts';
import { nowOf } from '../base/clock.ts';
import { hashOf } from '../consents/secrets.ts';
import { jobs } from '../jobs.ts';

/** 256 random bits as base64url. */
const SECRET = /^[\w-]{43}$/;

/**
 * Has the results of a task looked for at once, since somebody who knows its secret says that it has
 * ended. The first such word counts and the others change nothing; it is kept where the bank's answer
 * to us is not stored yet. Where the results are read was settled before.
 *
 * @returns whether it is the secret of a task of ours
 */
export async function wakeSpan(app: App, secret: string): Promise<boolean> {
  if (!SECRET.test(secret)) return false;
  const taskHash = hashOf(secret);
  const [found] = await app.database.scout(
    'select id, viewer_id from history_span where task_hash = $1 limit 1',
    [taskHash],
  );
  if (found === undefined) return false;
  const now = nowOf(app.clock);
  await app.database.transact(found.viewerId, async (tx) => {
    const { count } = await tx.historySpan.updateMany({
      where: { id: found.id, taskHash, status: 'PLANNED', noticedAt: null },
      data: { noticedAt: now },
    });
    if (count === 1) await app.queue.hurry(tx, jobs.pollSpan.name, found.id, now);
  });
  return true;
}
