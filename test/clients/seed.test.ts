import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import type { TrueLayerConfig } from '../../src/base/config.ts';
import { StartError } from '../../src/base/errors.ts';
import { parseKeyRing } from '../../src/base/key-ring.ts';
import { createLog } from '../../src/base/log.ts';
import { seedSecrets } from '../../bench/tokens/rotation-seed.ts';
import { listClients, removeClient, setClient } from '../../src/clients/clients.ts';
import { clientCredentials } from '../../src/clients/credentials.ts';
import { meetTrueLayer } from '../../src/clients/counterpart.ts';
import { seedClient } from '../../src/clients/seed.ts';
import { checkKeys } from '../../src/keys/check.ts';
import { countByKey, rotateKeys } from '../../src/keys/rotate.ts';
import { type Database, openDatabase } from '../../src/postgres/db.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const make = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
const OLD = make('old');
const NEW = make('new');
const NOW = new Date('2026-03-02T09:00:00Z');

let rows: TestDatabase;
let database: Database;
let ring = OLD;
const lines: string[] = [];
const log = createLog('info', { write: (line) => void lines.push(line) });

beforeEach(async () => {
  rows = await createTestDatabase();
  database = openDatabase({
    url: rows.url,
    connectionsMax: 10,
    clockInDatabase: false,
    onIdleError: () => {},
  });
  ring = OLD;
  lines.length = 0;
});
afterEach(async () => {
  await database.close();
  await rows.drop();
});

const store = () => ({ database, keys: parseKeyRing(ring), log, clock: systemClock });
const said = (
  clientId: string | null,
  clientSecret: string | null,
  environment = 'live',
): TrueLayerConfig => ({
  environment,
  authUrl: 'https://auth.example',
  apiUrl: 'https://api.example',
  clientId,
  clientSecret,
  pkce: true,
});
const seed = (clientId: string | null, clientSecret: string | null, environment?: string) =>
  seedClient(store(), said(clientId, clientSecret, environment));
const set = (clientId: string, secret: string, replace = false, environment = 'live') =>
  setClient(store(), { environment, clientId, secret, replace, operator: 'ops', now: NOW });
const credentials = (clientId: string, environment = 'live') =>
  clientCredentials(store(), {
    environment,
    clientId,
    authUrl: 'https://auth.example',
    pkce: true,
  });
const secretOf = async (clientId: string, environment?: string) =>
  (await credentials(clientId, environment)).clientSecret;
const words = () => lines.map((line) => JSON.parse(line).msg as string);

describe('the environment', () => {
  it('seeds a client, whose secret is sealed in its row', async () => {
    expect(await seed('budget', 'first-secret')).toEqual({
      environment: 'live',
      authUrl: 'https://auth.example',
      clientId: 'budget',
      pkce: true,
    });
    expect(await secretOf('budget')).toBe('first-secret');
    const { rows: dump } = await database.pool.query('select t::text as row from bank_client t');
    expect(dump).toHaveLength(1);
    expect(dump[0].row).not.toContain('first-secret');
    expect(lines.join('')).not.toContain('first-secret');
  });

  it('need not say the client again once it is stored', async () => {
    await seed('budget', 'first-secret');
    expect(await seed(null, null)).toMatchObject({ clientId: 'budget' });
    expect(await seed('budget', null)).toMatchObject({ clientId: 'budget' });
    expect(await secretOf('budget')).toBe('first-secret');
  });

  it('replaces the secret when it says another, once, and that is logged', async () => {
    await seed('budget', 'first-secret');
    lines.length = 0;
    await seed('budget', 'first-secret');
    expect(words()).toEqual([]);
    await seed('budget', 'second-secret');
    expect(await secretOf('budget')).toBe('second-secret');
    await seed('budget', 'second-secret');
    expect(words()).toEqual([
      'the secret in TRUELAYER_CLIENT_SECRET is new and replaces the sealed one',
    ]);
    expect(lines.join('')).not.toMatch(/first-secret|second-secret/);
  });

  it('that says what it said before does not undo what was told since', async () => {
    await seed('budget', 'first-secret');
    await set('budget', 'told-secret');
    await seed('budget', 'first-secret');
    expect(await secretOf('budget')).toBe('told-secret');
    await seed('budget', 'second-secret');
    expect(await secretOf('budget')).toBe('second-secret');
  });

  it('is refused with another client id, by the names of both, and changes nothing', async () => {
    await seed('budget', 'first-secret');
    const error = await seed('other', 'other-secret').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StartError);
    expect((error as Error).message).toBe(
      'TRUELAYER_CLIENT_ID is other, but live is stored with the client budget, to which ' +
        '0 living consents belong: set it to that one, or say that it is another now by ' +
        '`cli -- client set live other --replace`.',
    );
    expect(await secretOf('budget')).toBe('first-secret');
    await set('other', 'other-secret', true);
    expect(await seed('other', 'other-secret')).toMatchObject({ clientId: 'other' });
  });

  it('that says nothing, with nothing stored, is told what to do', async () => {
    const refusal =
      'No client of TrueLayer is stored for live: tell it by `cli -- client set live <client-id>`, ' +
      'or set TRUELAYER_CLIENT_ID and TRUELAYER_CLIENT_SECRET.';
    await expect(seed(null, null)).rejects.toThrow(new StartError(refusal));
    await expect(seed('budget', null)).rejects.toThrow(new StartError(refusal));
    await seed('budget', 'secret', 'sandbox');
    await expect(seed(null, null)).rejects.toThrow(new StartError(refusal));
  });

  it('of processes that start together makes one client, or refuses one of them', async () => {
    const same = await Promise.all(Array.from({ length: 8 }, () => seed('budget', 'secret')));
    expect(new Set(same.map(({ clientId }) => clientId))).toEqual(new Set(['budget']));
    const outcomes = await Promise.allSettled([
      seed('one', 'secret', 'sandbox'),
      seed('two', 'secret', 'sandbox'),
    ]);
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  });

  it('with a simulator stores no client, and is hindered by none', async () => {
    await set('stale', 'stale', false, 'simulated');
    const simulated = { ...said(null, null, 'simulated'), clientId: 'made-up', clientSecret: 's' };
    const met = await meetTrueLayer(store(), null, simulated);
    expect(met.client).toMatchObject({ environment: 'simulated', clientId: 'made-up' });
    expect(await met.credentials()).toEqual({ clientId: 'made-up', clientSecret: 's' });
    expect(met.client).not.toHaveProperty('clientSecret');
  });
});

describe('the credentials of a process', () => {
  it('of sandbox and live are never mixed', async () => {
    await seed('budget-sandbox', 'sandbox-secret', 'sandbox');
    await seed('budget', 'live-secret', 'live');
    expect(await secretOf('budget-sandbox', 'sandbox')).toBe('sandbox-secret');
    expect(await secretOf('budget', 'live')).toBe('live-secret');
    await expect(credentials('budget', 'sandbox')).rejects.toThrow('OTHER_CLIENT');
    // Nor by anybody who copies one over the other.
    await database.pool.query(
      `update bank_client set client_id = 'budget', sealed_secret =
         (select sealed_secret from bank_client where environment = 'live')
       where environment = 'sandbox'`,
    );
    await expect(credentials('budget', 'sandbox')).rejects.toThrow('SECRET_CLOSED');
  });

  it.each([
    ['NO_CLIENT', () => removeClient(store(), 'live', { force: false, operator: 'ops', now: NOW })],
    ['OTHER_CLIENT', () => set('other', 'secret', true)],
    [
      'SECRET_CLOSED',
      () => database.pool.query(`update bank_client set sealed_secret = left(sealed_secret, -4)`),
    ],
  ])('are refused as the operator’s fault and logged: %s', async (reason, spoil) => {
    await seed('budget', 'secret');
    await spoil();
    lines.length = 0;
    await expect(credentials('budget')).rejects.toMatchObject({
      name: 'BankError',
      meaning: 'OPERATOR_FAULT',
      reason,
      tryAgain: false,
    });
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ reason, client: 'budget' });
    await set('budget', 'mended', true);
    expect(await secretOf('budget')).toBe('mended');
  });
});

describe('the keys', () => {
  it('of a client’s secrets change with all the others', async () => {
    const known = await seedSecrets(rows.url, parseKeyRing(OLD), 2);
    await seed('budget', 'seeded', 'live');
    await set('budget', 'told');
    await seed('budget-sandbox', 'sandbox-secret', 'sandbox');
    expect(await countByKey(database)).toEqual(new Map([['old', known.size + 4]]));
    ring = `${NEW},${OLD}`;
    expect(await rotateKeys(store())).toMatchObject({
      resealed: known.size + 4,
      unopened: [],
      unused: ['old'],
    });
    expect(await countByKey(database)).toEqual(new Map([['new', known.size + 4]]));
    ring = NEW;
    await checkKeys(store());
    expect(await secretOf('budget')).toBe('told');
    // What the environment said is still known, and so is not news.
    await seed('budget', 'seeded');
    expect(await secretOf('budget')).toBe('told');
  });

  it('are asked for while a client is sealed with them, and nothing else', async () => {
    await checkKeys(store());
    await seed('budget', 'secret');
    ring = NEW;
    await expect(checkKeys(store())).rejects.toThrow(
      /^ENCRYPTION_KEYS lacks the key old, .+bank_client\.sealed_secret of row live/,
    );
    await database.pool.query('delete from key_canary');
    await expect(checkKeys(store())).rejects.toThrow(/^ENCRYPTION_KEYS lacks the key old, /);
  });

  it('that are lost cost the secret, which the environment then brings back', async () => {
    await seed('budget', 'secret');
    ring = NEW;
    await expect(credentials('budget')).rejects.toThrow('SECRET_CLOSED');
    await seed('budget', 'secret');
    expect(await secretOf('budget')).toBe('secret');
    expect(await listClients(store())).toMatchObject([{ environment: 'live', consents: 0 }]);
  });
});
