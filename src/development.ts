import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { JWK } from 'jose';
import type { Clock } from './base/clock.ts';
import type { Config, TrueLayerConfig } from './base/config.ts';
import { systemEntropy } from './base/entropy.ts';
import { StartError } from './base/errors.ts';
import { parseKeyRing } from './base/key-ring.ts';
import type { KeyRing } from './base/seal.ts';
import {
  type DevelopmentIssuer,
  makeIssuerKey,
  startDevelopmentIssuer,
} from './http/development-issuer.ts';
import { createGraphiql } from './http/graphiql.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './postgres/embedded.ts';
import { type Simulator, startSimulator } from './simulator/simulator.ts';
import type { ClientCredentials } from './truelayer/token-endpoint.ts';

/** The simulator's addresses, and a client that is made up and so is never stored. */
export type SimulatedTrueLayer = TrueLayerConfig & ClientCredentials;

/** The parts that stand in where nothing real is configured. None of them runs in production. */
export interface Development {
  readonly databaseUrl: string | null;
  readonly truelayer: SimulatedTrueLayer | null;
  readonly simulator: Simulator | null;
  readonly issuer: DevelopmentIssuer | null;
  readonly encryptionKeys: KeyRing | null;
  readonly graphiql: ReturnType<typeof createGraphiql>;
  close(): Promise<void>;
}

const SIMULATED_CLIENT = { id: 'consentry-development', secret: 'simulated-secret' };
const SIMULATED_SEED = 'consentry';
const SIMULATOR_PORT_OFFSET = 10;
const ISSUER_PORT_OFFSET = 20;

/**
 * Starts what the configuration leaves open: an embedded Postgres, a simulated TrueLayer, an
 * identity issuer, encryption keys.
 *
 * @throws StartError if the data folder cannot be used
 */
export async function startDevelopment(config: Config, clock: Clock): Promise<Development> {
  if (config.production) throw new Error('development parts were asked for in production');
  const closers: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const closer of closers.toReversed()) await closer();
  };
  try {
    prepareFolder(config);
    const [postgres, simulator, issuer] = await Promise.all([
      config.databaseUrl === null ? startPostgres(config, closers) : null,
      config.truelayer === null ? startTrueLayer(config, clock, closers) : null,
      config.identity === null && config.role !== 'worker'
        ? startIssuer(config, clock, closers)
        : null,
    ]);
    return {
      databaseUrl: postgres?.url ?? null,
      truelayer: simulator === null ? null : simulatedConfig(simulator),
      simulator,
      issuer,
      encryptionKeys: config.encryptionKeys === null ? keysIn(config.dataDir) : null,
      graphiql: createGraphiql(issuer),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function prepareFolder(config: Config): void {
  try {
    mkdirSync(config.dataDir, { recursive: true, mode: 0o711 });
  } catch (cause) {
    throw new StartError(
      `The data folder ${path.resolve(config.dataDir)} cannot be made: set DATA_DIR to one that this user may write.`,
      { cause },
    );
  }
}

async function startPostgres(
  config: Config,
  closers: (() => Promise<void>)[],
): Promise<EmbeddedPostgres> {
  const postgres = await startEmbeddedPostgres({ folder: config.dataDir });
  closers.push(() => postgres.stop());
  return postgres;
}

async function startTrueLayer(
  config: Config,
  clock: Clock,
  closers: (() => Promise<void>)[],
): Promise<Simulator> {
  const start = (port: number) =>
    startSimulator({
      clock,
      seed: SIMULATED_SEED,
      client: { ...SIMULATED_CLIENT, redirectUris: config.redirectUris },
      port,
      latency: true,
    });
  const simulator = await onPort(config.port, SIMULATOR_PORT_OFFSET, start);
  closers.push(() => simulator.close());
  return simulator;
}

async function startIssuer(
  config: Config,
  clock: Clock,
  closers: (() => Promise<void>)[],
): Promise<DevelopmentIssuer> {
  const kept = await keptText(config.dataDir, 'development-issuer.json', async () =>
    JSON.stringify(await makeIssuerKey()),
  );
  const key = parseKey(kept, config.dataDir);
  const issuer = await onPort(config.port, ISSUER_PORT_OFFSET, (port) =>
    startDevelopmentIssuer({ clock, port, key }),
  );
  closers.push(() => issuer.close());
  return issuer;
}

function parseKey(text: string, dataDir: string): JWK {
  try {
    return JSON.parse(text) as JWK;
  } catch (cause) {
    throw new StartError(
      `${path.resolve(dataDir, 'development-issuer.json')} is damaged: remove it, and a new one is made.`,
      { cause },
    );
  }
}

/** The usual port of a part, or any free one where a second process of ours has that. */
async function onPort<T>(
  base: number,
  offset: number,
  start: (port: number) => Promise<T>,
): Promise<T> {
  try {
    return await start(base === 0 || base + offset > 65_535 ? 0 : base + offset);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error;
    return start(0);
  }
}

function simulatedConfig(simulator: Simulator): SimulatedTrueLayer {
  return {
    environment: 'simulated',
    authUrl: simulator.authUrl,
    apiUrl: simulator.apiUrl,
    clientId: SIMULATED_CLIENT.id,
    clientSecret: SIMULATED_CLIENT.secret,
    pkce: true,
  };
}

/** The rows and keys of a development, without the parts that serve. */
export interface DevelopmentStore {
  readonly databaseUrl: string | null;
  readonly encryptionKeys: KeyRing | null;
  close(): Promise<void>;
}

/**
 * Starts what the configuration leaves open of database and keys, or joins what a running server
 * uses, for a program that only works on the rows.
 *
 * @throws StartError if the data folder cannot be used
 */
export async function startDevelopmentStore(config: Config): Promise<DevelopmentStore> {
  if (config.production) throw new Error('development parts were asked for in production');
  const closers: (() => Promise<void>)[] = [];
  if (config.encryptionKeys === null || config.databaseUrl === null) prepareFolder(config);
  const encryptionKeys = config.encryptionKeys === null ? keysIn(config.dataDir) : null;
  const postgres = config.databaseUrl === null ? await startPostgres(config, closers) : null;
  return {
    databaseUrl: postgres?.url ?? null,
    encryptionKeys,
    async close() {
      for (const closer of closers.toReversed()) await closer();
    },
  };
}

function keysIn(dataDir: string): KeyRing {
  const file = path.join(dataDir, 'encryption-keys');
  if (!existsSync(file)) {
    writeNew(file, `development:${systemEntropy.bytes(32).toString('base64')}\n`);
  }
  try {
    return parseKeyRing(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new StartError(
      `${path.resolve(file)} holds no usable keys (${(cause as Error).message}): restore it, or remove the data folder to start anew.`,
      { cause },
    );
  }
}

async function keptText(
  dataDir: string,
  name: string,
  make: () => Promise<string>,
): Promise<string> {
  const file = path.join(dataDir, name);
  if (!existsSync(file)) writeNew(file, await make());
  return readFileSync(file, 'utf8');
}

// Two processes may start at once: the first to write is believed by both.
function writeNew(file: string, text: string): void {
  try {
    writeFileSync(file, text, { mode: 0o600, flag: 'wx' });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return;
    throw new StartError(
      `${path.resolve(file)} cannot be written: let this user write the data folder, or set DATA_DIR to another.`,
      { cause },
    );
  }
}
