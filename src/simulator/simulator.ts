import type { Clock } from '../base/clock.ts';
import { seededEntropy } from '../base/entropy.ts';
import { makeBankCalls } from './data/bank-calls.ts';
import { makeBanks } from './banks/bank-register.ts';
import { makeControl, type Control } from './control/control.ts';
import { answerControl, CONTROL_PATH } from './control/control-endpoints.ts';
import { makeAccountChanges } from './people/account-changes.ts';
import { makeEdits } from './people/edits.ts';
import { makeFaults } from './faults.ts';
import { listen } from './http-server.ts';
import { makeJournal } from './journal.ts';
import { makeLedgers } from './people/ledger.ts';
import { makeMemory } from './memory.ts';
import { makeMovableClock } from './control/movable-clock.ts';
import { applyPreset, type PresetName } from './control/presets.ts';
import { makeRecent } from './bounded-map.ts';
import { respond, type Outcome } from './respond.ts';
import { makeRowNames, type RowNames } from './people/row-ids.ts';
import { makeSeals } from './seals.ts';
import { makeTasks } from './data/tasks.ts';
import type { Settings, SimulatedClient, SimulatorRequest, World } from './world.ts';

/** How a simulator is set up. */
export interface SimulatorOptions {
  /**
   * Tells all time except `latency` and ordered delays, which pass for real. The simulator's own
   * clock follows it, and can be moved by `control.clock` besides.
   */
  readonly clock: Clock;
  /** The same seed has the same people and rows, and honours the same tokens. */
  readonly seed: string;
  /** 0, the default, takes a free port. The host is always 127.0.0.1. */
  readonly port?: number;
  readonly client: SimulatedClient;
  /** True: each Data API call takes as long as its bank does in life. Default false. */
  readonly latency?: boolean;
  /** What time it is to begin with, in place of the time of `clock`. */
  readonly startAt?: Date;
  /** True: time stands still until somebody lets it run. */
  readonly stopped?: boolean;
  /** The world to begin with. */
  readonly preset?: PresetName;
  /**
   * A word that every code and token bears, by which tests find where one leaked. Codes begin with
   * it in base64url and refresh tokens in upper-case hex; access tokens have it as a claim, so it
   * is in their payload's base64url at one of three offsets. `settings.canary` is the same; real
   * account numbers to look for are those of `identifiers()`. Default none.
   */
  readonly canary?: string;
}

/** A running simulator, with everything that can be done to it. */
export interface Simulator extends Control {
  readonly url: string;
  /** The auth server: auth links, `/connect/token`, `/api/providers`, `/api/delete`. */
  readonly authUrl: string;
  /** The Data API is below it, at `/data/v1`. */
  readonly apiUrl: string;
  /** Leaves nothing open: sockets end at once, waits are cut short. */
  close(): Promise<void>;
}

/** Accounts whose rows can be named without making their key anew. */
const NAMES_MAX = 2_000;

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
  const closing = new AbortController();
  const clock = makeMovableClock(options.clock);
  if (options.stopped === true) clock.setRunning(false);
  if (options.startAt !== undefined) clock.moveTo(options.startAt);
  // The world needs the address, which only listening tells; no request comes before it is there.
  const opened = Promise.withResolvers<(request: SimulatorRequest) => Promise<Outcome>>();
  const server = await listen(options.port ?? 0, async (request) =>
    (await opened.promise)(request),
  );
  const world = makeWorld(options, clock, server.url, closing.signal);
  if (options.preset !== undefined) applyPreset(world, options.preset);
  const control = makeControl(world, clock);
  opened.resolve(async (request) =>
    request.path.startsWith(CONTROL_PATH)
      ? answerControl(control, request)
      : respond(world, request),
  );
  return Object.assign(control, {
    url: server.url,
    authUrl: server.url,
    apiUrl: server.url,
    async close() {
      closing.abort();
      await server.close();
    },
  });
}

function makeWorld(
  { canary, client, latency, seed }: SimulatorOptions,
  clock: Clock,
  url: string,
  closing: AbortSignal,
): World {
  const banks = makeBanks();
  const edits = makeEdits();
  const accountChanges = makeAccountChanges();
  const names = makeRecent<RowNames>(NAMES_MAX);
  const settings: Settings = {
    rotateRefreshTokens: false,
    latency: latency ?? false,
    queuedMilliseconds: 500,
    clientSecret: client.secret,
    ...(canary === undefined ? {} : { canary }),
  };
  return {
    clock,
    client,
    url,
    closing,
    banks,
    edits,
    accountChanges,
    settings,
    entropy: seededEntropy(`${seed} ${clock.now()}`),
    seals: makeSeals(seed, () => settings.canary),
    memory: makeMemory(clock),
    ledgers: makeLedgers(seed, banks, edits, accountChanges),
    bankCalls: makeBankCalls(clock),
    tasks: makeTasks(),
    namesOf: (accountId) => names.get(accountId, () => makeRowNames(seed, accountId)),
    journal: makeJournal(),
    faults: makeFaults(),
  };
}
