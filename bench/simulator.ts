import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs, stripVTControlCharacters } from 'node:util';
import { systemClock } from '../src/base/clock.ts';
import { addDays, dayOf } from '../src/base/days.ts';
import { startSimulator } from '../src/simulator/simulator.ts';
import { walkDialog } from '../src/simulator/walk.ts';

const PROGRAM = fileURLToPath(new URL('../src/cli/simulator.ts', import.meta.url));
const CLIENT = { id: 'bench', secret: 'bench-secret', redirectUri: 'http://127.0.0.1:1/callback' };
const BANKS = ['ob-lloyds', 'ob-monzo', 'ob-hsbc', 'ob-revolut', 'ob-amex'];
const SCOPE = 'info accounts balance cards transactions offline_access';

interface Connected {
  readonly user: string;
  accessToken: string;
  readonly refreshToken: string;
  readonly account: string;
}

/**
 * Measures a simulator in a process of its own: how long it takes to start, what it takes of
 * memory with so many users, and its answers to so many clients at once. Then, in this process and
 * on one core, how many rows a second it makes of people never met before.
 */
export async function benchSimulator(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      users: { type: 'string', default: '10000' },
      clients: { type: 'string', default: '200' },
      requests: { type: 'string', default: '10000' },
    },
  });
  const [users, clients, requests] = [values.users, values.clients, values.requests].map(Number);
  if (!users || !clients || !requests) throw new RangeError('users, clients, requests: numbers');
  const began = performance.now();
  const { child, url } = await startProgram();
  try {
    tell('started and answering', `${((performance.now() - began) / 1000).toFixed(2)} s`);
    tell('memory, nobody connected', memoryOf(child));
    const connected = await connectAll(url, users, clients);
    tell(
      `memory, ${users} users connected, each with accounts and a 90-day page read`,
      memoryOf(child),
    );
    await measure(`/accounts, ${clients} clients`, connected, clients, requests, (one, index) =>
      // A parameter that nobody knows, so that no answer of before is given again.
      read(url, one, `accounts?t=${index}`),
    );
    await measure(`90-day page, ${clients} clients`, connected, clients, requests, (one, index) =>
      read(url, one, `${one.account}/transactions?${ninetyDays()}&t=${index}`),
    );
    await measure(`token refresh, ${clients} clients`, connected, clients, requests, (one) =>
      refresh(url, one),
    );
    tell('memory afterwards', memoryOf(child));
  } finally {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
  await makeRows(Math.min(users, 200));
}

async function startProgram(): Promise<{ child: ChildProcess; url: string }> {
  const options = ['--port', '0', '--seed', '7', '--client-id', CLIENT.id];
  options.push('--client-secret', CLIENT.secret, '--redirect-uri', CLIENT.redirectUri);
  const child = spawn(process.execPath, [PROGRAM, ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let url = '';
  for await (const line of createInterface({ input: child.stdout })) {
    url = /Auth server\S*\s+(http:\S+)/.exec(stripVTControlCharacters(line))?.[1] ?? url;
    if (line.includes('Ready')) return { child, url };
  }
  throw new Error('the simulator did not start');
}

async function connectAll(url: string, count: number, clients: number): Promise<Connected[]> {
  const connected: Connected[] = [];
  let next = 1;
  const work = async () => {
    for (let number = next++; number <= count; number = next++) {
      connected.push(await connect(url, number, BANKS[number % BANKS.length] ?? 'mock'));
    }
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: Math.min(clients, 50) }, work));
  const seconds = (performance.now() - began) / 1000;
  tell(`${count} users walked the dialog, and read`, `${seconds.toFixed(1)} s`);
  return connected;
}

async function connect(url: string, number: number, bank: string): Promise<Connected> {
  const user = `user${number}`;
  const direct = await post(`${url}/v1/authuri`, {
    response_type: 'code',
    client_id: CLIENT.id,
    redirect_uri: CLIENT.redirectUri,
    scope: SCOPE,
    consent_id: `consent-${number}`,
    provider_id: bank,
  });
  const end = await walkDialog(String(direct['result']), { user, password: `pass${number}` });
  const tokens = await post(`${url}/connect/token`, {
    grant_type: 'authorization_code',
    client_id: CLIENT.id,
    client_secret: CLIENT.secret,
    redirect_uri: CLIENT.redirectUri,
    code: end.fields['code'],
  });
  const kind = bank === 'ob-amex' ? 'cards' : 'accounts';
  const one = {
    user,
    accessToken: String(tokens['access_token']),
    refreshToken: String(tokens['refresh_token']),
    account: kind,
  };
  const list = JSON.parse(await read(url, one, kind)) as { results: { account_id: string }[] };
  const account = `${kind}/${list.results[0]?.account_id ?? ''}`;
  await read(url, one, `${account}/transactions?${ninetyDays()}`);
  return { ...one, account };
}

async function measure(
  name: string,
  connected: readonly Connected[],
  clients: number,
  requests: number,
  ask: (one: Connected, index: number) => Promise<unknown>,
): Promise<void> {
  const times: number[] = [];
  let next = 0;
  const work = async (_: unknown, client: number) => {
    for (let index = next++; index < requests; index = next++) {
      // Every client goes through users of its own, so that no token is refreshed by two.
      const turn = Math.floor(index / clients) * clients + client;
      const one = connected[turn % connected.length];
      if (one === undefined) return;
      const began = performance.now();
      await ask(one, index);
      times.push(performance.now() - began);
    }
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: clients }, work));
  const rate = times.length / ((performance.now() - began) / 1000);
  const sorted = times.toSorted((a, b) => a - b);
  const at = (part: number) => (sorted[Math.floor(part * (sorted.length - 1))] ?? 0).toFixed(1);
  tell(name, `median ${at(0.5)} ms, p99 ${at(0.99)} ms, ${rate.toFixed(0)} a second`);
}

async function makeRows(people: number): Promise<void> {
  const client = { id: CLIENT.id, secret: CLIENT.secret, redirectUris: [] };
  const simulator = await startSimulator({ clock: systemClock, seed: '8', client });
  let rows = 0;
  const began = performance.now();
  for (let number = 1; number <= people; number += 1) {
    const truth = simulator.truth(`user${number}`, BANKS[number % BANKS.length] ?? 'mock');
    for (const { transactions } of [...truth.accounts, ...truth.cards]) {
      JSON.stringify(transactions);
      rows += transactions.length;
    }
  }
  const rate = rows / ((performance.now() - began) / 1000);
  await simulator.close();
  tell(
    `rows made and written as JSON, ${people} people, six years`,
    `${rows}, ${rate.toFixed(0)} a second`,
  );
}

async function read(url: string, one: Connected, path: string): Promise<string> {
  const headers = { authorization: `Bearer ${one.accessToken}`, 'x-psu-ip': '192.0.2.1' };
  const response = await fetch(`${url}/data/v1/${path}`, { headers });
  const text = await response.text();
  // A card company has no accounts, and says so as quickly.
  if (response.status !== 200 && response.status !== 501) throw new Error(`${path}: ${text}`);
  return text;
}

async function refresh(url: string, one: Connected): Promise<void> {
  const tokens = await post(`${url}/connect/token`, {
    grant_type: 'refresh_token',
    client_id: CLIENT.id,
    client_secret: CLIENT.secret,
    refresh_token: one.refreshToken,
  });
  one.accessToken = String(tokens['access_token']);
}

async function post(url: string, body: unknown): Promise<Record<string, unknown>> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const answer = (await response.json()) as Record<string, unknown>;
  if (response.status !== 200) throw new Error(`${url}: ${JSON.stringify(answer)}`);
  return answer;
}

function ninetyDays(): string {
  const today = dayOf(new Date());
  return `from=${addDays(today, -89)}&to=${today}`;
}

/** Resident memory, as the operating system counts it. */
function memoryOf({ pid }: ChildProcess): string {
  const kilobytes = execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' });
  return `${(Number(kilobytes) / 1024).toFixed(0)} MB`;
}

function tell(what: string, figure: string): void {
  process.stdout.write(`  ${what.padEnd(78)} ${figure}\n`);
}
