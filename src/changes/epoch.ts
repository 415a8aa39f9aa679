import type { App } from '../app.ts';
import { nowOf } from '../base/clock.ts';
import { uuidv7 } from '../base/entropy.ts';

const VIEWERS_PER_PAGE = 1_000;
const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';

/**
 * Gives every viewer's log another epoch, so that all cursors of before have expired: for a database that
 * was restored, whose numbers begin again where others were given out already. May be ended and begun again.
 *
 * @returns how many logs there are
 */
export async function renewEpochs({
  clock,
  database,
  entropy,
}: Pick<App, 'clock' | 'database' | 'entropy'>): Promise<number> {
  let renewed = 0;
  for (let after = BEFORE_ALL; ;) {
    const page = await database.scout(
      `select id, id as viewer_id from viewer where id > $1 order by id limit ${VIEWERS_PER_PAGE}`,
      [after],
    );
    for (const { viewerId } of page) {
      after = viewerId;
      const epoch = uuidv7(entropy, nowOf(clock));
      const { count } = await database.transact(viewerId, (tx) =>
        tx.changeCounter.updateMany({ data: { epoch } }),
      );
      renewed += count;
    }
    if (page.length < VIEWERS_PER_PAGE) return renewed;
  }
}
