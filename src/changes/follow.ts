import type { App } from '../app.ts';
import { type ChangePage, type LogPlace, readChanges } from './read.ts';

/** How many changes come at once, at most: what was missed comes in several pages. */
export const FOLLOWED_AT_ONCE = 100;

/**
 * Yields a viewer's changes, page by page: first those after a place, then each as it is committed, every
 * one once and in order. A connection to the database that is lost meanwhile loses none. The first page
 * comes at once and may be empty; no other is. Ends with the signal, or with the viewer.
 *
 * @param after - the last change that was read; null for now
 * @throws CursorExpiredError, at first or where whoever follows is slower than the log is kept
 */
export async function* followChanges(
  app: Pick<App, 'database' | 'events'>,
  viewerId: string,
  after: LogPlace | null,
  signal: AbortSignal,
): AsyncGenerator<ChangePage> {
  let place = after;
  let first = true;
  for await (const _grown of app.events.changesIn(viewerId, signal)) {
    for (let more = true; more && !signal.aborted;) {
      const limit = place === null && first ? 0 : FOLLOWED_AT_ONCE;
      const page = await readChanges(app.database, viewerId, { after: place, limit });
      // Gone with its user, unheard while this process was cut off.
      if (place !== null && page.newest === null) return;
      const last = page.rows.at(-1);
      more = last !== undefined && page.rows.length === limit;
      if (first && last === undefined) place ??= page.newest;
      if (last !== undefined) place = last;
      if (first || last !== undefined) yield page;
      first = false;
    }
  }
}
