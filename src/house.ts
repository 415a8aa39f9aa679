import type { App } from './app.ts';
import { type Clock, systemClock } from './base/clock.ts';
import type { Config } from './base/config.ts';
import { type Entropy, systemEntropy } from './base/entropy.ts';
import { StartError } from './base/errors.ts';
import { correlationId, type Log } from './base/log.ts';
import { type Counterpart, meetTrueLayer } from './clients/counterpart.ts';
import type { SeedStore } from './clients/seed.ts';
import type { Development } from './development.ts';
import { openEvents } from './events.ts';
import { type BearerRules, createReadBearer } from './http/bearer.ts';
import { startHttp } from './http/server.ts';
import { jobSchedules, queueRules } from './jobs.ts';
import { checkKeys } from './keys/check.ts';
import { type Database, openDatabase } from './postgres/db.ts';
import { applyMigrations, type Migrations, readMigrations } from './postgres/migrate.ts';
import { openQueue } from './postgres/queue.ts';
import { unreachable } from './postgres/unreachable.ts';
import { catalogueIsEmpty, refreshProviders } from './providers/catalogue.ts';
import { createTrueLayer } from './truelayer/client.ts';
import { startWorker } from './worker.ts';

/** A running process. */
export interface House {
  readonly app: App;
  /** Where its doors are, for callers on this machine. */
  readonly url: string;
  /** What stands in for real parts; null where everything is configured. */
  readonly development: Development | null;
  /** Finishes or hands back what runs, and leaves nothing open. */
  close(): Promise<void>;
}

/** What a test may put in place of the real thing. */
export interface HouseOptions {
  readonly config: Config;
  readonly log: Log;
  readonly clock?: Clock;
  readonly entropy?: Entropy;
  /** Off under a test clock. */
  readonly schedules?: boolean;
  /** Names of jobs that it does not answer: each that it does costs a look at every step of a test clock. */
  readonly unanswered?: readonly string[];
}

// Together less than the ten seconds that a process is given to end.
const REQUESTS_GRACE_MILLISECONDS = 2_000;
const JOBS_GRACE_MILLISECONDS = 6_000;

/**
 * Starts a process in its role and returns once it serves.
 *
 * @throws StartError in one sentence where an operator can mend it
 */
export async function startHouse(options: HouseOptions): Promise<House> {
  const closers: (() => Promise<void>)[] = [];
  const close = async () => {
    const failures: unknown[] = [];
    // One part that cannot close must not leave the others open, a Postgres above all.
    for (let closer = closers.pop(); closer !== undefined; closer = closers.pop()) {
      await closer().catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw new AggregateError(failures, 'some parts did not close');
  };
  try {
    return await open(options, closers, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function open(
  options: HouseOptions,
  closers: (() => Promise<void>)[],
  close: () => Promise<void>,
): Promise<House> {
  const { config, log, clock = systemClock, entropy = systemEntropy } = options;
  const development = config.production ? null : await loadDevelopment(config, clock);
  if (development !== null) closers.push(() => development.close());
  const migrations = readMigrations();
  const url = config.databaseUrl ?? development?.databaseUrl ?? missing('DATABASE_URL');
  const keys = config.encryptionKeys ?? development?.encryptionKeys ?? missing('ENCRYPTION_KEYS');
  await migrate(url, migrations, log);
  const database = openRows(url, options, closers);
  const store = { database, keys, log, clock };
  // Before anything is sealed, and before a job could take a wrong key for a broken secret.
  await checkKeys(store);
  const simulated = development?.truelayer ?? null;
  const counterpart = await meetTrueLayer(store, config.truelayer, simulated);
  const app = await openApp(
    { ...options, clock, entropy },
    { ...store, url, counterpart },
    closers,
  );
  if (config.role !== 'api') await startWorker(app, options.unanswered);
  await readFirstProviders(app);
  const readBearer = createReadBearer(bearerRules(config, development), clock);
  const http = await startHttp(app, {
    readBearer,
    migrations: migrations.steps.map((step) => step.name),
    graphiql: development?.graphiql ?? null,
  });
  closers.push(async () => {
    const closed = http.close(REQUESTS_GRACE_MILLISECONDS);
    // Ends the streams that would otherwise keep their connections open.
    await app.events.close();
    await closed;
  });
  return { app, url: `http://127.0.0.1:${http.port}`, development, close };
}

// Loaded by name only where it is needed: the production bundle is made without it.
async function loadDevelopment(config: Config, clock: Clock): Promise<Development> {
  const { startDevelopment } = await import('./development.ts').catch((cause: unknown) => {
    throw new StartError(
      'This build has no development parts: set NODE_ENV=production and configure the real ones.',
      { cause },
    );
  });
  return startDevelopment(config, clock);
}

function openRows(
  url: string,
  { log, clock = systemClock }: HouseOptions,
  closers: (() => Promise<void>)[],
): Database {
  const database = openDatabase({
    url,
    connectionsMax: 12,
    clockInDatabase: clock !== systemClock,
    onIdleError: (error) => log.warn({ err: error }, 'the database connection was troubled'),
  });
  closers.push(() => database.close());
  return database;
}

async function openApp(
  {
    config,
    log,
    clock,
    entropy,
    schedules = true,
  }: HouseOptions & { clock: Clock; entropy: Entropy },
  parts: SeedStore & { readonly url: string; readonly counterpart: Counterpart },
  closers: (() => Promise<void>)[],
): Promise<App> {
  const { url, database, keys, counterpart } = parts;
  const { client, apiUrl, credentials } = counterpart;
  const realTime = clock === systemClock;
  const worker = config.role !== 'api';
  const onError = (error: Error) =>
    log.warn({ err: error }, 'the database connection was troubled');
  const events = await openEvents({ url, clock: systemClock, onError });
  closers.push(() => events.close());
  // Opened last, so closed first: jobs that still run finish with all that they need.
  const queue = await openQueue({
    url,
    clock,
    environment: client.environment,
    queues: queueRules(),
    schedules: schedules ? jobSchedules() : [],
    worker,
    listen: realTime,
    onError: (error) => log.warn({ err: error }, 'the queue was troubled'),
  });
  closers.push(() => queue.close(JOBS_GRACE_MILLISECONDS));
  return {
    config,
    clock,
    entropy,
    log,
    keys,
    database,
    queue,
    events,
    client,
    truelayer: createTrueLayer({
      authUrl: client.authUrl,
      apiUrl,
      clock,
      credentials,
      allowHttp: !config.production || config.allowPlainHttp,
      correlationId,
      hear: (call) => log.info({ call }, 'TrueLayer answered'),
    }),
  };
}

async function migrate(url: string, migrations: Migrations, log: Log): Promise<void> {
  try {
    const applied = await applyMigrations(url, migrations);
    if (applied.length > 0) log.info({ applied }, 'migrations applied');
  } catch (error) {
    throw unreachable(url, error) ?? error;
  }
}

// Without banks there is nothing to begin with; later reads come by schedule. A TrueLayer that is
// out of reach does not keep the house from starting.
async function readFirstProviders(app: App): Promise<void> {
  if (!(await catalogueIsEmpty(app))) return;
  await refreshProviders(app).catch((error: unknown) => {
    app.log.warn({ err: error }, 'the list of banks could not be read yet');
  });
}

function bearerRules(config: Config, development: Development | null): BearerRules {
  const allowHttp = !config.production || config.allowPlainHttp;
  const identity = config.identity ?? development?.issuer ?? null;
  const { operatorClaim, signInClaim } = config;
  // A worker has no door that asks for a token.
  if (identity === null) {
    return { issuer: '', audience: '', jwksUrl: null, allowHttp, operatorClaim, signInClaim };
  }
  const { issuer, audience, jwksUrl } = identity;
  return { issuer, audience, jwksUrl, allowHttp, operatorClaim, signInClaim };
}

function missing(name: string): never {
  throw new StartError(`${name} is missing: this process has nothing to put in its place.`);
}
