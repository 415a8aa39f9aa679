import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TestClock } from 'pg-boss';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { readConfig } from '../../src/base/config.ts';
import { createLog } from '../../src/base/log.ts';
import {
  type DevelopmentIssuer,
  makeIssuerKey,
  startDevelopmentIssuer,
} from '../../src/http/development-issuer.ts';
import { type House, startHouse } from '../../src/house.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { createTestDatabase } from './database.ts';
import { watchDoor } from './door.ts';
import { createTestFolder } from './folder.ts';
import { CANARY } from './leaks.ts';
import { refuseLeaks } from './watch.ts';

/** Everything that a test of a running house needs. */
export interface TestHouse {
  readonly house: House;
  readonly simulator: Simulator;
  readonly issuer: DevelopmentIssuer;
  readonly databaseUrl: string;
  /** The configuration, for another process of the same deployment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Every log line so far, as written. */
  readonly logLines: readonly string[];
  /** Throws if a secret of the simulator's, or of its users, is found where it does not belong. */
  close(): Promise<void>;
}

/** How it differs from the usual. */
export interface TestHouseOptions {
  /** Real time if left out. */
  readonly clock?: Clock;
  readonly environment?: Readonly<Record<string, string>>;
  /** The address that browsers use, where something stands in front; its own if left out. */
  readonly publicUrl?: string;
  /** True: each call to a bank takes as long as in life. */
  readonly latency?: boolean;
  /** How much happens in accounts, 1 for as much as in life; a fifth of it if left out. */
  readonly tempo?: number;
  /** True: banks take calls on as tasks where they do so in life; else they answer at once, which is quicker. */
  readonly asynchronous?: boolean;
}

export const CLIENT_SECRET = `${CANARY}-client-secret`;
const CLIENT_ID = 'test-client';

/** Starts a house with a database, a simulated TrueLayer and an issuer of its own. */
export async function startTestHouse(options: TestHouseOptions = {}): Promise<TestHouse> {
  const clock = options.clock ?? systemClock;
  const [database, folder, port] = await Promise.all([
    createTestDatabase(),
    createTestFolder(),
    freePort(),
  ]);
  const publicUrl = options.publicUrl ?? `http://localhost:${port}`;
  const simulator = await startSimulator({
    clock,
    seed: 'test',
    client: {
      id: CLIENT_ID,
      secret: CLIENT_SECRET,
      redirectUris: [`${publicUrl}/callback`, 'https://app.example/landing'],
    },
    latency: options.latency ?? false,
    canary: CANARY,
  });
  const { tempo = 0.2 } = options;
  for (const { id } of simulator.banks)
    simulator.adjust(id, {
      tempo,
      ...(options.asynchronous === true ? {} : { asynchronous: false }),
    });
  const issuer = await startDevelopmentIssuer({ clock, port: 0, key: await makeIssuerKey() });
  const logLines: string[] = [];
  const environment = {
    PORT: String(port),
    PUBLIC_URL: publicUrl,
    DATA_DIR: folder.path,
    DATABASE_URL: database.url,
    TRUELAYER_CLIENT_ID: CLIENT_ID,
    TRUELAYER_CLIENT_SECRET: CLIENT_SECRET,
    TRUELAYER_AUTH_URL: simulator.authUrl,
    TRUELAYER_API_URL: simulator.apiUrl,
    AUTH_ISSUER: issuer.issuer,
    AUTH_AUDIENCE: issuer.audience,
    AUTH_JWKS_URL: issuer.jwksUrl,
    REDIRECT_URIS: `${publicUrl}/callback https://app.example/landing`,
    RETURN_URLS: 'https://app.example/done https://app.example/done?kept=1 myapp://done',
    OPERATOR_CLAIM: 'roles=operator',
    LOG_LEVEL: 'debug',
    ...options.environment,
  };
  const config = readConfig(environment, () => '');
  const log = createLog(config.logLevel, { write: (line) => void logLines.push(line) });
  const door = watchDoor(config.port);
  const house = await startHouse({ config, log, clock, schedules: clock === systemClock });
  return {
    house,
    simulator,
    issuer,
    databaseUrl: database.url,
    environment,
    logLines,
    async close() {
      try {
        await house.close();
        await refuseLeaks({
          sought: { identifiers: simulator.identifiers(), plain: door.carried },
          databaseUrl: database.url,
          logLines,
          answers: door.answers,
        });
      } finally {
        door.end();
        await Promise.all([simulator.close(), issuer.close()]);
        await Promise.all([database.drop(), folder.remove()]);
      }
    },
  };
}

/** A test clock at the beginning of all stories. */
export function storyClock(): TestClock {
  return new TestClock(new Date('2026-03-02T09:00:00Z'));
}

/** A port that nothing listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
