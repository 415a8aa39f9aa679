import pg from 'pg';
import type { Clock, ClockTimer } from 'pg-boss';

/** An open subscription to a notification channel. */
export interface Listener {
  /** True while notifications arrive; false between a lost connection and the next. */
  readonly connected: boolean;
  close(): Promise<void>;
}

/** What a listener tells. */
export interface ListenOptions {
  readonly url: string;
  readonly channel: string;
  readonly clock: Clock;
  readonly hear: (payload: string) => void;
  /** Called after each reconnection: what was announced in between was missed, so look again. */
  readonly reconnected: () => void;
  readonly onError: (error: Error) => void;
}

const RETRY_MILLISECONDS = 1_000;
const HEARTBEAT_MILLISECONDS = 15_000;
const HEARTBEAT_LIMIT_MILLISECONDS = 5_000;

/**
 * Listens on its own connection, and connects again when that breaks. A heartbeat finds
 * connections that died without a word.
 */
export async function listen(options: ListenOptions): Promise<Listener> {
  let client: pg.Client | null = null;
  let retry: ClockTimer = null;
  let closed = false;

  async function connect(first: boolean): Promise<void> {
    const next = new pg.Client({
      connectionString: options.url,
      application_name: 'consentry-listen',
      options: '-c role=consentry_app',
      connectionTimeoutMillis: 10_000,
      query_timeout: HEARTBEAT_LIMIT_MILLISECONDS,
      keepAlive: true,
    });
    next.on('notification', (notice) => options.hear(notice.payload ?? ''));
    next.on('error', (error) => lost(next, error));
    next.on('end', () => lost(next, new Error('the listening connection ended')));
    try {
      await next.connect();
      await next.query(`listen ${pg.escapeIdentifier(options.channel)}`);
    } catch (error) {
      next.end().catch(() => undefined);
      throw error;
    }
    if (closed) return next.end();
    client = next;
    if (!first) options.reconnected();
  }

  function lost(gone: pg.Client, error: Error): void {
    if (closed || client !== gone) return;
    client = null;
    options.onError(error);
    gone.end().catch(() => undefined);
    later();
  }

  function later(): void {
    retry = options.clock.setTimeout(() => {
      connect(false).catch((error: unknown) => {
        if (closed) return;
        options.onError(error as Error);
        later();
      });
    }, RETRY_MILLISECONDS);
  }

  await connect(true);
  const heartbeat = options.clock.setInterval(() => {
    const asked = client;
    asked?.query('select 1').catch((error: unknown) => lost(asked, error as Error));
  }, HEARTBEAT_MILLISECONDS);

  return {
    get connected() {
      return client !== null;
    },
    async close() {
      if (closed) return;
      closed = true;
      options.clock.clearInterval(heartbeat);
      if (retry !== null) options.clock.clearTimeout(retry);
      await client?.end();
    },
  };
}
