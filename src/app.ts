import type { Clock } from './base/clock.ts';
import type { Config } from './base/config.ts';
import type { Entropy } from './base/entropy.ts';
import type { Log } from './base/log.ts';
import type { KeyRing } from './base/seal.ts';
import type { Events } from './events.ts';
import type { Database } from './postgres/db.ts';
import type { Queue } from './postgres/queue.ts';
import type { TrueLayer } from './truelayer/client.ts';

/** The instruments of one process, together. */
export interface App {
  readonly config: Config;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
  readonly keys: KeyRing;
  readonly database: Database;
  readonly queue: Queue;
  readonly events: Events;
  readonly truelayer: TrueLayer;
  /** The client of TrueLayer that this process speaks as. */
  readonly client: BankClient;
}

/** Which TrueLayer, and as whom: written into each consent, which belongs to both for ever. */
export interface BankClient {
  readonly environment: string;
  readonly authUrl: string;
  readonly clientId: string;
  readonly pkce: boolean;
}
