import { z } from 'zod';
import type { Clock } from './base/clock.ts';
import { Prisma } from './generated/prisma/client.ts';
import type { Tx } from './postgres/db.ts';
import { type Listener, listen } from './postgres/listen.ts';

/** Something about a consent changed: its status, its history's progress, its accounts. */
export interface ConsentChanged {
  readonly consentId: string;
}

/** There is more in a viewer's change log. */
export interface LogGrown {
  readonly changedViewerId: string;
}

/** Everything of a viewer is gone, or about to be: whoever follows it stops. */
export interface ViewerErased {
  readonly erasedViewerId: string;
}

const CHANNEL = 'consentry_events';
const eventShape = z.union([
  z.object({ consentId: z.uuid() }),
  z.object({ changedViewerId: z.uuid() }),
  z.object({ erasedViewerId: z.uuid() }),
]);

/** Announces in the caller's transaction: it is heard once that commits, in every process. */
export async function publish(tx: Tx, event: ConsentChanged | ViewerErased): Promise<void> {
  await tx.$executeRaw`select pg_notify(${CHANNEL}, ${JSON.stringify(event)})`;
}

/** The same as an expression, for a statement that does more. */
export function publishing(event: LogGrown): Prisma.Sql {
  return Prisma.sql`pg_notify(${CHANNEL}, ${JSON.stringify(event)})`;
}

/** What a process hears of events, its own included. */
export interface Events {
  /**
   * Yields at once and then after every change of a consent. Changes that come faster than they
   * are taken become one; a lost database connection yields once when it is back. Ends with the
   * signal.
   */
  changesOf(consentId: string, signal: AbortSignal): AsyncIterable<void>;
  /** The same for a viewer's change log. */
  changesIn(viewerId: string, signal: AbortSignal): AsyncIterable<void>;
  /** Calls once the viewer is erased, until it is told to forget that. */
  onErased(viewerId: string, hear: () => void): () => void;
  readonly connected: boolean;
  close(): Promise<void>;
}

/** Begins to listen. */
export async function openEvents(options: {
  readonly url: string;
  readonly clock: Clock;
  readonly onError: (error: Error) => void;
}): Promise<Events> {
  const followers = new Map<string, Set<() => void>>();
  const readers = new Map<string, Set<() => void>>();
  const watchers = new Map<string, Set<() => void>>();
  const ended = new AbortController();
  const listener: Listener = await listen({
    ...options,
    channel: CHANNEL,
    hear(payload) {
      const event = eventShape.safeParse(parseJson(payload));
      if (!event.success) return;
      const { data } = event;
      if ('consentId' in data) wake(followers.get(data.consentId));
      else if ('changedViewerId' in data) wake(readers.get(data.changedViewerId));
      else wake(watchers.get(data.erasedViewerId));
    },
    reconnected: () => [followers, readers].forEach((groups) => groups.forEach(wake)),
  });
  return {
    changesOf: (consentId, signal) =>
      follow(followers, consentId, AbortSignal.any([signal, ended.signal])),
    changesIn: (viewerId, signal) =>
      follow(readers, viewerId, AbortSignal.any([signal, ended.signal])),
    onErased: (viewerId, hear) => join(watchers, viewerId, hear),
    get connected() {
      return listener.connected;
    },
    async close() {
      ended.abort();
      await listener.close();
    },
  };
}

async function* follow(
  followers: Map<string, Set<() => void>>,
  id: string,
  signal: AbortSignal,
): AsyncGenerator<void> {
  let changed = Promise.withResolvers<void>();
  const hear = () => changed.resolve();
  const leave = join(followers, id, hear);
  signal.addEventListener('abort', hear, { once: true });
  try {
    while (!signal.aborted) {
      yield;
      await changed.promise;
      changed = Promise.withResolvers<void>();
    }
  } finally {
    signal.removeEventListener('abort', hear);
    leave();
  }
}

function join(groups: Map<string, Set<() => void>>, id: string, hear: () => void): () => void {
  const group = groups.get(id) ?? new Set();
  groups.set(id, group.add(hear));
  return () => {
    group.delete(hear);
    if (group.size === 0 && groups.get(id) === group) groups.delete(id);
  };
}

function wake(group: Iterable<() => void> | undefined): void {
  for (const hear of group ?? []) hear();
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
