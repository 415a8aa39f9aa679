import type { Clock } from '../base/clock.ts';
import type { Entropy } from '../base/entropy.ts';
import type { Banks } from './banks/bank-register.ts';
import type { ActiveFaults } from './faults.ts';
import type { WritableJournal } from './journal.ts';
import type { BankCalls } from './data/bank-calls.ts';
import type { AccountChanges } from './people/account-changes.ts';
import type { Edits } from './people/edits.ts';
import type { Ledgers } from './people/ledger.ts';
import type { RowNames } from './people/row-ids.ts';
import type { Tasks } from './data/tasks.ts';
import type { Memory } from './memory.ts';
import type { Seals } from './seals.ts';

/** The one client that the simulator knows. */
export interface SimulatedClient {
  readonly id: string;
  readonly secret: string;
  readonly redirectUris: readonly string[];
}

/** What can be switched while the simulator runs. */
export interface Settings {
  /** True: each refresh answers with a new refresh token. Default false, as in life. */
  rotateRefreshTokens: boolean;
  /** True: each call to a bank takes as long as that bank does in life. */
  latency: boolean;
  /** How long a task of an asynchronous call waits before it runs. */
  queuedMilliseconds: number;
  /** What the client has to show from now on; another one is refused with `invalid_client`. */
  clientSecret: string;
  /**
   * A word of 6 to 64 letters, digits, `_` and `-` that stands in every code and token given from
   * now on, so that an app's own tests can look for leaks; none unless set.
   */
  canary?: string;
}

/** What all endpoints of one simulator share. */
export interface World {
  readonly clock: Clock;
  readonly client: SimulatedClient;
  readonly url: string;
  readonly banks: Banks;
  readonly settings: Settings;
  /** Makes ids; the same again for the same seed and instant of start. */
  readonly entropy: Entropy;
  readonly seals: Seals;
  readonly memory: Memory;
  readonly ledgers: Ledgers;
  readonly edits: Edits;
  readonly accountChanges: AccountChanges;
  readonly bankCalls: BankCalls;
  readonly tasks: Tasks;
  /** Names the rows of an account, by the account's own id. */
  namesOf(accountId: string): RowNames;
  readonly journal: WritableJournal;
  readonly faults: ActiveFaults;
  /** Aborts when the simulator closes: waits end, and nothing more is sent. */
  readonly closing: AbortSignal;
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
