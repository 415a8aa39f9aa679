import type { Clock } from '../base/clock.ts';
import type { ActiveFaults } from './faults.ts';
import type { WritableJournal } from './journal.ts';
import type { Holder } from './ledger.ts';
import type { Memory } from './memory.ts';
import type { Seals } from './seals.ts';

/** The one client that the simulator knows. */
export interface SimulatedClient {
  readonly id: string;
  readonly secret: string;
  readonly redirectUris: readonly string[];
}

/** What all endpoints of one simulator share. */
export interface World {
  readonly clock: Clock;
  readonly client: SimulatedClient;
  readonly url: string;
  readonly seals: Seals;
  readonly memory: Memory;
  readonly holder: Holder;
  readonly journal: WritableJournal;
  readonly faults: ActiveFaults;
}

/** A request that has been read whole, within its limits. */
export interface SimulatorRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}
