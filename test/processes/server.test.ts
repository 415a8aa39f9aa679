import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import pg from 'pg';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { systemClock } from '../../src/base/clock.ts';
import { makeIssuerKey, startDevelopmentIssuer } from '../../src/http/development-issuer.ts';
import { createTestDatabase } from '../support/database.ts';
import { createTestFolder } from '../support/folder.ts';
import { CLIENT_SECRET, freePort } from '../support/house.ts';
import { CANARY } from '../support/leaks.ts';
import { type ServerProcess, spawnServer, startServer } from '../support/process.ts';
import { readEvents } from '../support/sse.ts';
import { User, type UserWorld } from '../support/user.ts';
import { refuseLeaks } from '../support/watch.ts';

/** What several processes of one deployment share. */
async function openDeployment() {
  const [database, folder, port] = await Promise.all([
    createTestDatabase(),
    createTestFolder(),
    freePort(),
  ]);
  const publicUrl = `http://localhost:${port}`;
  const simulator = await startSimulator({
    clock: systemClock,
    seed: 'test',
    client: { id: 'c', secret: CLIENT_SECRET, redirectUris: [`${publicUrl}/callback`] },
    latency: true,
    canary: CANARY,
  });
  const issuer = await startDevelopmentIssuer({
    clock: systemClock,
    port: 0,
    key: await makeIssuerKey(),
  });
  return {
    database,
    folder,
    simulator,
    issuer,
    environment: {
      PORT: String(port),
      PUBLIC_URL: publicUrl,
      DATA_DIR: folder.path,
      DATABASE_URL: database.url,
      TRUELAYER_CLIENT_ID: 'c',
      TRUELAYER_CLIENT_SECRET: CLIENT_SECRET,
      TRUELAYER_AUTH_URL: simulator.authUrl,
      TRUELAYER_API_URL: simulator.apiUrl,
      AUTH_ISSUER: issuer.issuer,
      AUTH_AUDIENCE: issuer.audience,
      AUTH_JWKS_URL: issuer.jwksUrl,
    },
    world: (server: ServerProcess): UserWorld => ({ house: server, issuer }),
    async close() {
      const sought = { identifiers: simulator.identifiers() };
      await refuseLeaks({ sought, databaseUrl: database.url });
      await Promise.all([simulator.close(), issuer.close(), database.drop(), folder.remove()]);
    },
  };
}

const FOLLOW = `subscription ($id: ID!) { consent(id: $id) { status history { complete spansDone spansTotal oldestDay gaps { reason } } } }`;

async function follow(user: User, id: string, until: (history: any) => boolean): Promise<any[]> {
  const ended = new AbortController();
  const heard: any[] = [];
  const answer = await user.post(
    FOLLOW,
    { id },
    AbortSignal.any([ended.signal, AbortSignal.timeout(60_000)]),
  );
  for await (const { data, errors } of readEvents(answer)) {
    expect(errors).toBeUndefined();
    heard.push(data.consent.history);
    if (until(data.consent.history)) break;
  }
  ended.abort();
  return heard;
}

describe('two processes on one Postgres', () => {
  it('serve the same story: the API hears of what the worker does', async () => {
    const deployment = await openDeployment();
    const { environment } = deployment;
    const workerPort = String(await freePort());
    const [api, worker] = await Promise.all([
      startServer({ ...environment, ROLE: 'api' }),
      startServer({ ...environment, ROLE: 'worker', PORT: workerPort }),
    ]);
    const alice = new User(deployment.world(api), 'alice');
    const id = await alice.connect({ providerId: 'ob-monzo' });
    const heard = await follow(alice, id, (history) => history.complete);
    expect(heard.at(-1)).toMatchObject({ complete: true, gaps: [] });
    const steps = heard.map((history) => history.spansDone);
    expect(steps).toEqual(steps.toSorted((a, b) => a - b));
    expect(new Set(steps).size).toBeGreaterThan(5);
    expect((await fetch(`${worker.url}/graphql`)).status).toBe(404);
    expect(await Promise.all([api.kill('SIGTERM'), worker.kill('SIGTERM')])).toEqual([0, 0]);
    await deployment.close();
  });
});

describe('a worker that is killed in the middle of the history', () => {
  it('leaves work that the next one finishes: every transaction once', async () => {
    const deployment = await openDeployment();
    const { environment, simulator } = deployment;
    const first = await startServer(environment);
    const alice = new User(deployment.world(first), 'alice');
    const id = await alice.connect({ providerId: 'ob-lloyds' });
    const heard = await follow(alice, id, (history) => history.spansDone >= 5);
    expect(heard.at(-1)).toMatchObject({ complete: false });
    await first.kill('SIGKILL');
    const owner = new pg.Client(deployment.database.url);
    await owner.connect();
    // Its heartbeats are missed for long enough, without the ten seconds that this takes.
    const { rowCount } = await owner.query(
      `update pgboss.job set heartbeat_on = heartbeat_on - interval '10 seconds' where state = 'active'`,
    );
    expect(rowCount).toBeGreaterThan(0);
    const second = await startServer(environment);
    await follow(new User(deployment.world(second), 'alice'), id, (history) => history.complete);
    const { accounts, cards } = simulator.truth('john', 'ob-lloyds');
    for (const account of [...accounts, ...cards]) {
      const { rows } = await owner.query(
        `select count(*)::int as held, count(distinct normalised_id)::int as distinct_held, min(booked_on)::text as oldest
         from transaction t join account a on a.id = t.account_id
         where a.provider_account_id = $1 and t.status = 'BOOKED'`,
        [account.id],
      );
      const served = account.transactions.filter(
        (row) => (row as { timestamp: string }).timestamp.slice(0, 10) >= rows[0].oldest,
      );
      expect(rows[0]).toMatchObject({ held: served.length, distinct_held: served.length });
    }
    await owner.end();
    expect(await second.kill('SIGTERM')).toBe(0);
    await deployment.close();
  });
});

describe('a server that is told to end', () => {
  it('hands back what it cannot finish, within ten seconds, and the next goes on at once', async () => {
    const deployment = await openDeployment();
    const { environment, simulator } = deployment;
    const first = await startServer(environment);
    const alice = new User(deployment.world(first), 'alice');
    const id = await alice.connect({ providerId: 'ob-monzo' });
    await follow(alice, id, (history) => history.spansDone >= 3);
    // A bank that never answers keeps some jobs from ending.
    simulator.faults.order({ path: /transactions$/, times: 3, delayMilliseconds: 25_000 });
    const stream = await alice.post(FOLLOW, { id }, AbortSignal.timeout(20_000));
    const ended = stream.text();
    expect(await first.kill('SIGTERM')).toBe(0);
    await ended;
    simulator.faults.clear();
    const second = await startServer(environment);
    await follow(new User(deployment.world(second), 'alice'), id, (history) => history.complete);
    expect(await second.kill('SIGTERM')).toBe(0);
    await deployment.close();
  });
});

describe('a server with nothing configured', () => {
  it('keeps its data over a kill, finds the Postgres that lived on, and leaves nothing behind', async () => {
    const folder = await createTestFolder();
    const environment = { PORT: String(await freePort()), DATA_DIR: folder.path };
    const first = await startServer(environment);
    await first.kill('SIGKILL');
    const second = await startServer(environment);
    const pid = Number(
      (await readFile(path.join(folder.path, 'postgres/data/postmaster.pid'), 'utf8')).split(
        '\n',
      )[0],
    );
    expect(() => process.kill(pid, 0)).not.toThrow();
    expect(await second.kill('SIGINT')).toBe(0);
    await expect(readFile(path.join(folder.path, 'postgres/data/postmaster.pid'))).rejects.toThrow(
      'ENOENT',
    );
    await expect(fetch(`http://127.0.0.1:${environment.PORT}/livez`)).rejects.toThrow(
      'fetch failed',
    );
    await folder.remove();
  });
});

describe('a start that cannot succeed ends with one sentence and status 1', () => {
  async function refusal(environment: Record<string, string>): Promise<string> {
    const { output, ended } = spawnServer(environment);
    expect(await ended).toBe(1);
    const lines = output()
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('{'));
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toMatch(/^\s+at /);
    return lines[0] ?? '';
  }

  it('when the port is taken', async () => {
    const deployment = await openDeployment();
    const holder = createServer().listen(Number(deployment.environment.PORT), '127.0.0.1');
    expect(await refusal(deployment.environment)).toMatch(/^Port \d+ is taken: .*PORT/);
    holder.close();
    await deployment.close();
  });

  it('when the database is out of reach, refuses the password, or is not there', async () => {
    const folder = await createTestFolder();
    const database = await createTestDatabase();
    const base = { DATA_DIR: folder.path, PORT: String(await freePort()) };
    const free = await freePort();
    expect(
      await refusal({ ...base, DATABASE_URL: `postgresql://u:geheim@127.0.0.1:${free}/x` }),
    ).toMatch(/cannot be reached .*DATABASE_URL/);
    const wrong = new URL(database.url);
    wrong.password = 'geheim';
    expect(await refusal({ ...base, DATABASE_URL: wrong.href })).toMatch(
      /refuses the user or password.*DATABASE_URL/,
    );
    const absent = new URL(database.url);
    absent.pathname = '/absent';
    expect(await refusal({ ...base, DATABASE_URL: absent.href })).toMatch(
      /does not exist.*create it/,
    );
    await database.drop();
    await folder.remove();
  });

  it('when an encryption key is short', async () => {
    const text = await refusal({ ENCRYPTION_KEYS: 'k1:c2hvcnQ=' });
    expect(text).toMatch(/^ENCRYPTION_KEYS has a key k1 of 5 bytes where 32 are needed: .*openssl/);
  });

  it('when a key is missing in production', async () => {
    const { output, ended } = spawnServer({ NODE_ENV: 'production' });
    expect(await ended).toBe(1);
    expect(output()).toContain('ENCRYPTION_KEYS is missing');
    expect(output()).not.toMatch(/^\s+at /m);
  });

  it('when the data folder cannot be written', async () => {
    const folder = await createTestFolder();
    // A file stands where the folder should be: that stops root as well.
    await writeFile(path.join(folder.path, 'taken'), '');
    expect(await refusal({ DATA_DIR: path.join(folder.path, 'taken') })).toMatch(
      /data folder .*DATA_DIR/,
    );
    await mkdir(path.join(folder.path, 'closed'));
    await chmod(path.join(folder.path, 'closed'), 0o000);
    await folder.remove();
  });
});
