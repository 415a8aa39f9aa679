import type { Clock } from '../base/clock.ts';
import { makeFaults, type Faults } from './faults.ts';
import { truthOf, type GroundTruth } from './ground-truth.ts';
import { listen } from './http-server.ts';
import { makeJournal, type Journal } from './journal.ts';
import { makeHolder } from './ledger.ts';
import { makeMemory } from './memory.ts';
import { answer, type Outcome } from './routes.ts';
import { makeSeals } from './seals.ts';
import type { SimulatedClient, SimulatorRequest, World } from './world.ts';

/** How a simulator is set up. */
export interface SimulatorOptions {
  /** Tells all time except `latency` and ordered delays, which pass for real. */
  readonly clock: Clock;
  /** The same seed has the same people and rows, and honours the same tokens. */
  readonly seed: string;
  /** 0, the default, takes a free port. The host is always 127.0.0.1. */
  readonly port?: number;
  readonly client: SimulatedClient;
  /** True: each Data API call takes as long as its bank does in life. Default false. */
  readonly latency?: boolean;
}

/** A running simulator. */
export interface Simulator {
  readonly url: string;
  /** The auth server: auth links, `/connect/token`, `/api/providers`, `/api/delete`. */
  readonly authUrl: string;
  /** The Data API is below it, at `/data/v1`. */
  readonly apiUrl: string;
  readonly journal: Journal;
  readonly faults: Faults;
  /** All that a user has at a bank now; a user is `john`, `john7`, or `john/iban`. */
  truth(user: string, providerId: string): GroundTruth;
  /** The user takes a consent back at the bank. */
  revoke(credentialsId: string): void;
  /** Leaves nothing open: sockets end at once, waits are cut short. */
  close(): Promise<void>;
}

/**
 * Starts a TrueLayer that runs on this machine: auth dialog, token endpoint, providers and the
 * Data API, with banks, people and years of transactions made from a seed. It keeps no files:
 * codes and tokens carry their own content, sealed, and outlive the process.
 *
 * The dialog's pages can be walked by scripts (`walk.ts` does). Each has one form with
 * `method="post"` and `data-step`; hidden inputs go back unchanged, and `action=cancel` in place of
 * the fields ends any step. The steps, in order, of which some may be skipped:
 *
 * - `permissions`: `action=continue`
 * - `bank`: `provider=<provider id>`, one submit button for each bank
 * - `login`: `username`, `password`, `action=continue`; comes again if they are wrong
 * - `accounts`: `account=<account id>` for each one shared, checkboxes; `action=continue`
 *
 * The last answer is a 302 to the app, or with `response_mode=form_post` a page whose form has
 * `data-step="return"` and the app's address as its action.
 *
 * @throws Error with code EADDRINUSE if the port is taken
 */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const { clock, seed } = options;
  const closing = new AbortController();
  const pace = { signal: closing.signal, latency: options.latency ?? false };
  const journal = makeJournal();
  const faults = makeFaults();
  // The world needs the address, which only listening tells; no request comes before it is there.
  const opened = Promise.withResolvers<World>();
  const respond = async (request: SimulatorRequest): Promise<Outcome> =>
    answer(await opened.promise, request, pace);
  const server = await listen(options.port ?? 0, respond);
  const world: World = {
    clock,
    client: options.client,
    url: server.url,
    seals: makeSeals(seed),
    memory: makeMemory(clock),
    holder: makeHolder(seed),
    journal,
    faults,
  };
  opened.resolve(world);
  return {
    url: server.url,
    authUrl: server.url,
    apiUrl: server.url,
    journal,
    faults,
    truth: (user, providerId) => truthOf(world, user, providerId),
    revoke: (credentialsId) => world.memory.revoke(credentialsId, 'revoked-by-user'),
    async close() {
      closing.abort();
      await server.close();
    },
  };
}
