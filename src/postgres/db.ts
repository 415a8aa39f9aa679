import pg from 'pg';
import { CLOCK_OVERRIDE_SETTING } from 'pg-boss';
import { type Prisma, PrismaClient } from '../generated/prisma/client.ts';
import { PrismaPgOneAtATime } from './one-at-a-time.ts';

declare const viewerOfTx: unique symbol;

/**
 * A transaction opened for one viewer. Only `Database.transact` makes it, so a function that takes
 * one is known by the compiler to write inside the caller's transaction.
 */
export type Tx = Prisma.TransactionClient & { readonly [viewerOfTx]: string };

/** Prisma outside a transaction, each statement scoped to one viewer. */
export type Reader = Omit<PrismaClient, `$${string}` | symbol>;

/** What belongs to a secret or a due instant: whose row it is, and no more. */
export interface Finding {
  readonly id: string;
  readonly viewerId: string;
}

/** In place of a viewer: reaches the rows that belong to none, and no others. */
export const NOBODY = '';

/** The rows of the house, reached as a role that owns nothing. */
export interface Database {
  /** For hot reads that carry their viewer in the statement itself. */
  readonly pool: pg.Pool;
  /** For rows that belong to no viewer: banks, our own clients, alarms, erasures, endpoints, and the like. */
  readonly shared: Pick<
    PrismaClient,
    | 'provider'
    | 'providerEndpoint'
    | 'bankClient'
    | 'keyCanary'
    | 'operatorAlarm'
    | 'erasure'
    | 'erasureKey'
    | 'operatorAct'
    | 'webhookEndpoint'
    | 'learntLimit'
    | '$queryRaw'
    | '$queryRawUnsafe'
  >;
  /** Prisma for reads, scoped to one viewer. */
  reader(viewerId: string): Reader;
  /**
   * Runs work in one transaction as one viewer, or as `NOBODY`. Serialization failures and deadlocks are tried
   * again, twice, so `work` does nothing outside its transaction.
   */
  transact<T>(viewerId: string, work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Finds at most `limit` rows across viewers by the few columns the scout role may read. */
  scout(statement: string, values: readonly unknown[]): Promise<readonly Finding[]>;
  /** Counts rows across viewers by the few columns the scout role may read; the answer names nobody. */
  scoutTotals<Row extends pg.QueryResultRow>(
    statement: string,
    values: readonly unknown[],
  ): Promise<readonly Row[]>;
  /** How many rows a table has across viewers, all or some, by columns that the scout may read. */
  scoutCount(
    table: 'auth_link' | 'consent' | 'revocation',
    where?: string,
    values?: readonly unknown[],
  ): Promise<number>;
  /**
   * The time by the database, which is one for all processes, however wrong their own clocks are:
   * for what they have to agree on. A test clock's under a test clock.
   */
  now(): Promise<Date>;
  close(): Promise<void>;
}

/** How a process wants its pool. */
export interface DatabaseOptions {
  readonly url: string;
  readonly connectionsMax: number;
  /** True under a test clock: sessions then read the queue's clock table for the time. */
  readonly clockInDatabase: boolean;
  /** Hears of connections that broke while idle. */
  readonly onIdleError: (error: Error) => void;
}

const ATTEMPTS_MAX = 3;

/** Opens the pool. No connection is made before the first statement. */
export function openDatabase(options: DatabaseOptions): Database {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.connectionsMax,
    application_name: 'consentry',
    // The role is set for the whole session; what a statement may wait for is bounded here too.
    options:
      '-c role=consentry_app -c statement_timeout=30s -c lock_timeout=10s ' +
      '-c idle_in_transaction_session_timeout=60s -c timezone=UTC' +
      (options.clockInDatabase ? ` -c ${CLOCK_OVERRIDE_SETTING}=on` : ''),
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
  });
  pool.on('error', (error) => {
    // The pool's end waits for no goodbye, so a server that stops right after may break it off.
    if (!pool.ending) options.onIdleError(error);
  });
  let statements = 0;
  const prisma = new PrismaClient({
    adapter: new PrismaPgOneAtATime(pool, {
      statementNameGenerator: preparedNames(() => (statements += 1)),
    }),
  });
  return {
    pool,
    shared: prisma,
    reader: (viewerId) => scopedReader(prisma, viewerId),
    transact: (viewerId, work) => transact(prisma, viewerId, work),
    async scout(statement, values) {
      const rows = await scout<{ id: string; viewer_id: string }>(pool, statement, values);
      return rows.map((row) => ({ id: row.id, viewerId: row.viewer_id }));
    },
    scoutTotals: (statement, values) => scout(pool, statement, values),
    async scoutCount(table, where = 'true', values = []) {
      const counted = `select count(id)::int as count from ${table} where ${where}`;
      const [row] = await scout<{ count: number }>(pool, counted, values);
      return row?.count ?? 0;
    },
    async now() {
      const clock = options.clockInDatabase ? 'pgboss.job_now()' : 'clock_timestamp()';
      const { rows } = await pool.query<{ now: Date }>(`select ${clock} as now`);
      return (rows[0] as { now: Date }).now;
    },
    async close() {
      await prisma.$disconnect();
      await pool.end();
    },
  };
}

// Prepared statements spare Postgres the planning of each repeated query. The names are kept for a
// bounded number of texts, so that generated SQL cannot fill the memory of both sides; past that a
// statement goes without a name.
function preparedNames(nextNumber: () => number): (query: { sql: string }) => string {
  const names = new Map<string, string>();
  return ({ sql }) => {
    const known = names.get(sql);
    if (known !== undefined) return known;
    if (names.size >= 500 || sql.length > 8_000) return '';
    const name = `consentry_${nextNumber()}`;
    names.set(sql, name);
    return name;
  };
}

function scopedReader(prisma: PrismaClient, viewerId: string): Reader {
  return prisma.$extends({
    query: {
      $allModels: {
        async $allOperations({ args, query }) {
          const [, result] = await prisma.$transaction([
            prisma.$executeRaw`select set_config('app.viewer', ${viewerId}, true)`,
            query(args) as Prisma.PrismaPromise<unknown>,
          ]);
          return result;
        },
      },
    },
  }) as unknown as Reader;
}

async function transact<T>(
  prisma: PrismaClient,
  viewerId: string,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await prisma.$transaction(
        async (tx) => {
          await tx.$executeRaw`select set_config('app.viewer', ${viewerId}, true)`;
          return work(tx as unknown as Tx);
        },
        { maxWait: 10_000, timeout: 30_000 },
      );
    } catch (error) {
      if (attempt === ATTEMPTS_MAX || !isConflict(error)) throw error;
    }
  }
}

/**
 * Lets a transaction see the rows of a viewer whose erasure has begun, which nobody else finds any more:
 * for whoever deletes them.
 */
export async function seeErased(tx: Tx): Promise<void> {
  await tx.$executeRaw`select set_config('app.erasing', 'on', true)`;
}

/** Goes on as another viewer in the same transaction, so that rows of both are written together or not. */
export async function goOnAs(tx: Tx, viewerId: string): Promise<void> {
  await tx.$executeRaw`select set_config('app.viewer', ${viewerId}, true)`;
}

async function scout<Row extends pg.QueryResultRow>(
  pool: pg.Pool,
  statement: string,
  values: readonly unknown[],
): Promise<readonly Row[]> {
  const client = await pool.connect();
  try {
    await client.query('begin read only');
    await client.query('set local role consentry_scout');
    const { rows } = await client.query<Row>(statement, [...values]);
    await client.query('commit');
    client.release();
    return rows;
  } catch (error) {
    // A connection whose transaction is in doubt is closed, never handed to the next caller.
    client.release(true);
    throw error;
  }
}

/** The `SQLSTATE` of a failed statement, through whichever library it came; null for others. */
export function sqlState(error: unknown): string | null {
  if (typeof error !== 'object' || error === null) return null;
  const { code, meta, cause } = error as { code?: unknown; meta?: unknown; cause?: unknown };
  if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !/^P\d{4}$/.test(code)) return code;
  if (code === 'P2034') return '40001';
  const driver = (meta as { driverAdapterError?: { cause?: unknown } } | undefined)
    ?.driverAdapterError?.cause as { originalCode?: unknown } | undefined;
  if (typeof driver?.originalCode === 'string') return driver.originalCode;
  return cause === undefined || cause === error ? null : sqlState(cause);
}

const CAUSES_MAX = 5;

/** Whether a statement failed because the database is away, full or closing: later it may not. */
export function isOutage(error: unknown, depth = 0): boolean {
  if (typeof error !== 'object' || error === null || depth > CAUSES_MAX) return false;
  // Connection exceptions, insufficient resources, operator intervention.
  if (/^(08|53|57P)/.test(sqlState(error) ?? '')) return true;
  const { code, message, cause } = error as { code?: unknown; message?: unknown; cause?: unknown };
  if (/^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENOTFOUND|P1001|P1017|P2024)/.test(String(code))) return true;
  if (/connection terminated|timeout exceeded when trying to connect/i.test(String(message))) {
    return true;
  }
  return isOutage(cause, depth + 1);
}

function isConflict(error: unknown): boolean {
  const state = sqlState(error);
  return state === '40001' || state === '40P01';
}
