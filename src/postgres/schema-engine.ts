import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
// Not by its own name, which a bundle's preamble may take.
import { createRequire as requireFrom } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { PrismaPg } from '@prisma/adapter-pg';
import {
  bindMigrationAwareSqlAdapterFactory,
  ColumnTypeEnum,
  DriverAdapterError,
  type SqlDriverAdapter,
  type SqlMigrationAwareDriverAdapterFactory,
} from '@prisma/driver-adapter-utils';
import type { SchemaContainer, SchemaEngine } from '@prisma/schema-engine-wasm';
import pg from 'pg';

export type { SchemaContainer, SchemaEngine } from '@prisma/schema-engine-wasm';

/** The type `"char"`, of which the system catalogue has many columns. */
const CHAR_OID = 18;
const TEXT_OID = 25;

/**
 * Prisma's schema engine at work on one database, for as long as `work` takes. It is the engine
 * behind `prisma migrate`, as WebAssembly: no program to download, and the same
 * `_prisma_migrations` table.
 *
 * @param ownerUrl - a role that may create and alter what the migrations do
 * @param files - the Prisma schema; migrations alone need no more than its datasource
 */
export async function withSchemaEngine<T>(
  ownerUrl: string,
  files: readonly SchemaContainer[],
  work: (engine: SchemaEngine) => Promise<T>,
): Promise<T> {
  const { SchemaEngine } = await loadEngine();
  const factory = new MigrationAdapterFactory(ownerUrl);
  const panic = listenForPanic();
  try {
    const engine = await SchemaEngine.new(
      { datamodels: files.map((file) => [file.path, file.content]) },
      () => {},
      bindMigrationAwareSqlAdapterFactory(factory),
    );
    const done = await Promise.race([work(engine), panic.heard]);
    engine.free();
    return done;
  } finally {
    panic.stopListening();
    await factory.close();
  }
}

/** The part that we use of what Node has and its types lack. */
declare const WebAssembly: {
  instantiate(
    binary: Uint8Array,
    imports: Readonly<Record<string, object>>,
  ): Promise<{ readonly instance: { readonly exports: { __wbindgen_start(): void } } }>;
};

type EngineModule = typeof import('@prisma/schema-engine-wasm/schema_engine_bg');
let loaded: Promise<EngineModule> | undefined;

function loadEngine(): Promise<EngineModule> {
  return (loaded ??= instantiateEngine());
}

async function instantiateEngine(): Promise<EngineModule> {
  // Not at the top of the file: a start with nothing to migrate never pays for these 5 MB.
  const engine = await import('@prisma/schema-engine-wasm/schema_engine_bg');
  const { instance } = await WebAssembly.instantiate(await readFile(engineFile()), {
    './schema_engine_bg.js': engine,
  });
  engine.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  return engine;
}

/** A bundle carries the engine's code but not its binary, which then lies beside the bundle. */
function engineFile(): string {
  const beside = fileURLToPath(new URL('./schema_engine_bg.wasm', import.meta.url));
  if (existsSync(beside)) return beside;
  const packaged = requireFrom(import.meta.url).resolve('@prisma/schema-engine-wasm');
  return path.join(path.dirname(packaged), 'schema_engine_bg.wasm');
}

interface PanicRegistry {
  set_message(message: string): void;
}

/**
 * The engine reports a panic to a global of this name, and may then leave its promise unsettled
 * for ever, so whoever waits for it must listen here as well. Prisma's client keeps its own
 * listener in the same place: it is put back afterwards.
 */
function listenForPanic(): { heard: Promise<never>; stopListening: () => void } {
  const place = globalThis as { PRISMA_WASM_PANIC_REGISTRY?: PanicRegistry };
  const before = place.PRISMA_WASM_PANIC_REGISTRY;
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => {});
  place.PRISMA_WASM_PANIC_REGISTRY = {
    set_message: (message) => reject(new Error(`the schema engine panicked: ${message}`)),
  };
  return {
    heard: promise,
    stopListening: () => {
      if (before) place.PRISMA_WASM_PANIC_REGISTRY = before;
    },
  };
}

/**
 * Connects the engine through `pg`. The package's own factory will not do: it cuts scripts at
 * every semicolon, does not know `"char"`, and takes the main database for the shadow one.
 */
class MigrationAdapterFactory implements SqlMigrationAwareDriverAdapterFactory {
  readonly provider = 'postgres';
  readonly adapterName = '@prisma/adapter-pg';
  readonly #url: string;
  readonly #pools: pg.Pool[] = [];

  constructor(url: string) {
    this.#url = url;
  }

  async connect(): Promise<SqlDriverAdapter> {
    const pool = new pg.Pool({
      connectionString: this.#url,
      // The engine's advisory lock belongs to a session, so there may be only one.
      max: 1,
      // Waiting for a table behind a long query would in turn hold up every query after it.
      options: '-c lock_timeout=30s -c statement_timeout=0',
    });
    // An idle connection that breaks is told by the next query on it.
    pool.on('error', () => {});
    this.#pools.push(pool);
    return adaptPool(pool);
  }

  /**
   * Never: nothing here asks for a shadow database, and one opened by mistake would have
   * migrations run against it.
   */
  connectToShadowDb(): Promise<SqlDriverAdapter> {
    return Promise.reject(new Error('the schema engine asked for a shadow database'));
  }

  async close(): Promise<void> {
    await Promise.all(this.#pools.map((pool) => pool.end()));
  }
}

async function adaptPool(pool: pg.Pool): Promise<SqlDriverAdapter> {
  const query = pool.query.bind(pool) as (...args: unknown[]) => Promise<pg.QueryResult>;
  // The engine asks one question at a time, so these belong to the answer being read.
  let charColumns: number[] = [];
  const queryKnownTypes = async (...args: unknown[]) => {
    const result = await query(...args);
    charColumns = [];
    result.fields.forEach((field, column) => {
      if (field.dataTypeID !== CHAR_OID) return;
      field.dataTypeID = TEXT_OID;
      charColumns.push(column);
    });
    return result;
  };
  pool.query = queryKnownTypes;

  const adapter = await new PrismaPg(pool).connect();
  const queryRaw = adapter.queryRaw.bind(adapter);
  adapter.queryRaw = async (asked) => {
    const result = await queryRaw(asked);
    for (const column of charColumns) result.columnTypes[column] = ColumnTypeEnum.Character;
    return result;
  };
  // Sent whole, a script is one implicit transaction: a migration that fails leaves nothing.
  adapter.executeScript = async (script) => {
    await query(script).catch((error: unknown) => {
      throw error instanceof pg.DatabaseError ? asAdapterError(error) : error;
    });
  };
  return adapter;
}

function asAdapterError(error: pg.DatabaseError): DriverAdapterError {
  const code = error.code ?? 'XX000';
  return new DriverAdapterError({
    kind: 'postgres',
    code,
    severity: error.severity ?? 'ERROR',
    message: error.message,
    detail: error.detail,
    column: error.column,
    hint: error.hint,
    originalCode: code,
    originalMessage: error.message,
  });
}
