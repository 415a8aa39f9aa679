import type { App } from '../app.ts';
import { systemClock } from '../base/clock.ts';
import { queueRules } from '../jobs.ts';
import { openQueue, type Queue } from '../postgres/queue.ts';
import type { Surroundings } from './command.ts';
import { withStore } from './store.ts';

/** What a command needs that asks workers for something. */
export type AskingInstruments = Pick<App, 'clock' | 'database' | 'queue'> & {
  readonly client: { readonly environment: string };
};

/** Opens rows and queue of the environment that is configured, and closes them. It works on no job. */
export async function withQueue<T>(
  surroundings: Surroundings,
  work: (instruments: AskingInstruments, surroundings: Surroundings) => Promise<T>,
): Promise<T> {
  return withStore(surroundings, async ({ url, database }) => {
    const queue = await openAskingQueue(url, surroundings);
    try {
      const client = { environment: environmentOf(surroundings) };
      const instruments = { clock: systemClock, database, queue, client };
      return await work(instruments, surroundings);
    } finally {
      await queue.close(1_000);
    }
  });
}

/** Opens the queue of the environment that is configured, to ask by. */
export function openAskingQueue(url: string, surroundings: Surroundings): Promise<Queue> {
  return openQueue({
    url,
    clock: systemClock,
    environment: environmentOf(surroundings),
    queues: queueRules(),
    schedules: [],
    worker: false,
    listen: false,
    onError: (error) => surroundings.log.warn({ err: error }, 'the queue was troubled'),
  });
}

function environmentOf({ config }: Surroundings): string {
  return config().truelayer?.environment ?? 'simulated';
}
