import { readFileSync } from 'node:fs';
import { type Config, readConfig } from './base/config.ts';
import type { Environment } from './base/config-reader.ts';
import type { Log } from './base/log.ts';
import { type House, startHouse } from './house.ts';

/** Somewhat less than the ten seconds after which Docker and others kill. */
const CLOSE_MILLISECONDS_MAX = 9_500;

/** A house that ends with the process, on a signal. */
export interface RunningHouse {
  readonly house: House;
  /** Aborted once a signal has come. What fails after that fails because the house is closing. */
  readonly closing: AbortSignal;
}

/**
 * Reads the configuration of this process.
 *
 * @throws StartError naming every fault
 */
export function readOwnConfig(environment: Environment): Config {
  return readConfig(environment, (path) => readFileSync(path, 'utf8'));
}

/**
 * Starts a house that SIGTERM or SIGINT closes, ending the process with status 0. A signal that
 * comes during the start closes it as soon as it stands, so that no Postgres is left behind.
 *
 * @throws StartError in one sentence where an operator can mend it
 */
export async function startUntilSignal(config: Config, log: Log): Promise<RunningHouse> {
  const closing = new AbortController();
  const starting = startHouse({ config, log });
  const end = (signal: NodeJS.Signals) => {
    if (closing.signal.aborted) return;
    closing.abort();
    log.info({ signal }, 'closing');
    // What has not ended by then never will; the jobs that it held come back by their heartbeats.
    setTimeout(() => process.exit(1), CLOSE_MILLISECONDS_MAX).unref();
    starting
      // A start that fails is told by whoever waits for it.
      .then(
        (house) => house.close().then(() => process.exit(0)),
        () => undefined,
      )
      .catch((error: unknown) => {
        log.error({ err: error }, 'could not close');
        process.exit(1);
      });
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  const house = await starting;
  return { house, closing: closing.signal };
}
