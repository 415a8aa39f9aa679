import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { readConfig } from '../src/base/config.ts';
import { createLog } from '../src/base/log.ts';
import { type House, startHouse } from '../src/house.ts';
import { inParallel } from '../src/keys/sealed-values.ts';
import { emptyDatabase, makeKey, withPostgres } from './database.ts';
import { connectAs } from './life/acts.ts';

const PROGRAM = fileURLToPath(new URL('../src/cli/simulator.ts', import.meta.url));
const CLIENT = { id: 'bench', secret: 'bench-secret', redirectUri: 'http://localhost/callback' };
const SCOPES = ['accounts', 'balance', 'transactions', 'offline_access'];
const PAUSE_MILLISECONDS = 250;

/** A case to measure: so many consents at a bank of this character. */
interface Case {
  readonly name: string;
  readonly consents: number;
  readonly bank: string;
  /** Changes to the bank's character, as the simulator's control takes them. */
  readonly traits: object;
  /** The share of calls for data that answer 503. */
  readonly faults: number;
  readonly secondsMax: number;
}

/** Beside an account of its own currency and one for savings. */
const THREE_MORE = ['EUR', 'JPY', 'KWD'];
const CASES: readonly Case[] = [
  {
    // Five accounts each.
    name: 'six years, 10 accounts of two consents, 300 ms a call',
    consents: 2,
    bank: 'mock',
    traits: { latencyMilliseconds: 300 },
    faults: 0,
    secondsMax: 60,
  },
  {
    name: 'six years in five minutes, 5 accounts, 2 s a call, 10 % faults',
    consents: 1,
    bank: 'ob-lloyds',
    traits: {
      latencyMilliseconds: 2_000,
      windowSeconds: 300,
      foreignCurrencies: THREE_MORE,
    },
    faults: 0.1,
    secondsMax: 300,
  },
  {
    name: '200 consents, 2 accounts, 2 rows a day, 300 ms a call, five minutes',
    consents: 200,
    bank: 'ob-lloyds',
    traits: { latencyMilliseconds: 300, windowSeconds: 300, tempo: 1, foreignCurrencies: [] },
    faults: 0,
    secondsMax: 300,
  },
  {
    name: 'the same as the second at 20 s a call',
    consents: 1,
    bank: 'ob-lloyds',
    traits: {
      latencyMilliseconds: 20_000,
      windowSeconds: 300,
      foreignCurrencies: THREE_MORE,
    },
    faults: 0.1,
    secondsMax: 420,
  },
];

/**
 * Measures how soon six years of history are there, in real time: one worker process, the simulated
 * banks in another.
 */
export async function benchHistory(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { case: { type: 'string' }, consents: { type: 'string' } },
  });
  const wanted = CASES.filter((_, index) => [undefined, `${index + 1}`].includes(values.case));
  for (const one of wanted) {
    const consents = Math.min(one.consents, Number(values.consents ?? one.consents));
    await withPostgres(async (adminUrl) => {
      const url = await emptyDatabase(adminUrl, 'history');
      const { child, simulator } = await startProgram();
      try {
        await measure({ ...one, consents }, url, simulator);
      } finally {
        child.kill('SIGTERM');
        await once(child, 'exit');
      }
    });
  }
}

async function measure(one: Case, url: string, simulator: string): Promise<void> {
  await tell(`${simulator}/control/banks/${one.bank}`, 'PATCH', one.traits);
  const config = readConfig(
    {
      PORT: '0',
      ROLE: 'all',
      DATABASE_URL: url,
      ENCRYPTION_KEYS: makeKey('history'),
      TRUELAYER_CLIENT_ID: CLIENT.id,
      TRUELAYER_CLIENT_SECRET: CLIENT.secret,
      TRUELAYER_AUTH_URL: simulator,
      TRUELAYER_API_URL: simulator,
      REDIRECT_URIS: CLIENT.redirectUri,
      AUTH_ISSUER: 'http://127.0.0.1:1',
      AUTH_AUDIENCE: 'bench',
      AUTH_JWKS_URL: 'http://127.0.0.1:1/jwks',
    },
    () => '',
  );
  const house = await startHouse({ config, log: createLog('silent') });
  const owner = new pg.Client(url);
  await owner.connect();
  try {
    if (one.faults > 0) {
      const fault = { path: '^/data/v1/', times: 1e6, probability: one.faults, status: 503 };
      await tell(`${simulator}/control/faults`, 'POST', fault);
    }
    const begun = performance.now();
    await connectAll(house, one);
    const connected = (performance.now() - begun) / 1_000;
    const seconds = await untilEnded(owner, one, begun);
    await show(owner, one, { connected, seconds });
  } finally {
    await owner.end();
    await house.close();
  }
}

async function connectAll({ app }: House, { consents, bank }: Case): Promise<void> {
  const numbers = Array.from({ length: consents }, (_, index) => index + 1);
  await inParallel(numbers, async (number) => {
    await connectAs(app, person(number, bank), SCOPES);
  });
}

const person = (number: number, providerId: string) => ({
  number,
  user: `user${number}`,
  password: `pass${number}`,
  providerId,
  zone: 'Europe/London',
});

async function untilEnded(owner: pg.Client, one: Case, begun: number): Promise<number> {
  for (;;) {
    const { rows } = await owner.query<{ ended: number }>(
      'select count(*)::int as ended from consent where history_ended_at is not null',
    );
    const seconds = (performance.now() - begun) / 1_000;
    if (rows[0]?.ended === one.consents || seconds > one.secondsMax) return seconds;
    await setTimeout(PAUSE_MILLISECONDS);
  }
}

async function show(
  owner: pg.Client,
  { name }: Case,
  { connected, seconds }: { readonly connected: number; readonly seconds: number },
): Promise<void> {
  const { rows } = await owner.query<Record<string, unknown>>(
    `select (select count(*) from account)::int as accounts,
       (select count(*) from transaction)::int as transactions,
       (select jsonb_object_agg(status, spans) from (select concat_ws(' ', status, reason) as status,
          count(*) as spans from history_span group by 1) s) as spans,
       (select min(from_on)::text from history_span where status = 'SAVED') as oldest,
       (select count(*) from consent where history_ended_at is not null)::int as ended,
       (select round(extract(epoch from max(history_ended_at - consented_at)), 1)::float
          from consent) as slowest`,
  );
  process.stdout.write(
    `${name}\n  ${seconds.toFixed(1)} s, of which ${connected.toFixed(1)} s connecting; ${JSON.stringify(rows[0])}\n`,
  );
}

async function startProgram(): Promise<{ child: ChildProcess; simulator: string }> {
  const options = ['--port', '0', '--seed', '7', '--latency', '--client-id', CLIENT.id];
  options.push('--client-secret', CLIENT.secret, '--redirect-uri', CLIENT.redirectUri);
  const child = spawn(process.execPath, [PROGRAM, ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env['PATH'], NO_COLOR: '1' },
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const [simulator] = /http:\/\/127\.0\.0\.1:\d+/.exec(line) ?? [];
    if (simulator !== undefined) return { child, simulator };
  }
  throw new Error('the simulator did not start');
}

async function tell(url: string, method: string, body: object): Promise<void> {
  const answer = await fetch(url, { method, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
}
