import type { App } from '../app.ts';
import { systemClock } from '../base/clock.ts';
import { queueRules } from '../jobs.ts';
import { openQueue } from '../postgres/queue.ts';
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
  const { config, log } = surroundings;
  return withStore(surroundings, async ({ url, database }) => {
    const environment = config().truelayer?.environment ?? 'simulated';
    const queue = await openQueue({
      url,
      clock: systemClock,
      environment,
      queues: queueRules(),
      schedules: [],
      worker: false,
      listen: false,
      onError: (error) => log.warn({ err: error }, 'the queue was troubled'),
    });
    try {
      const instruments = { clock: systemClock, database, queue, client: { environment } };
      return await work(instruments, surroundings);
    } finally {
      await queue.close(1_000);
    }
  });
}
