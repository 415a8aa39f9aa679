import pg from 'pg';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { queueRules } from '../../src/jobs.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/postgres/embedded.ts';
import { applyMigrations, readMigrations } from '../../src/postgres/migrate.ts';
import { openQueue } from '../../src/postgres/queue.ts';
import { createTestFolder } from '../support/folder.ts';
import { startTestHouse } from '../support/house.ts';
import { User } from '../support/user.ts';

// A cluster of its own: the roles of the house belong to a whole cluster.
let folder: Awaited<ReturnType<typeof createTestFolder>>;
let postgres: EmbeddedPostgres;
let admin: pg.Client;

beforeAll(async () => {
  folder = await createTestFolder();
  postgres = await startEmbeddedPostgres({ folder: folder.path, volatile: true });
  admin = new pg.Client(postgres.url);
  await admin.connect();
});
afterAll(async () => {
  await admin.end();
  await postgres.stop();
  await folder.remove();
});

async function createOwner(name: string, rights: string): Promise<string> {
  await admin.query(`create role ${name} login password 'test' ${rights}`);
  await admin.query(`create database ${name} owner ${name}`);
  const url = new URL(postgres.url);
  url.username = name;
  url.password = 'test';
  url.pathname = `/${name}`;
  return url.href;
}

async function linkBank(databaseUrl: string): Promise<string> {
  const test = await startTestHouse({ environment: { DATABASE_URL: databaseUrl } });
  try {
    return await new User(test, 'alice').connect({ providerId: 'ob-monzo' });
  } finally {
    await test.close();
  }
}

it('an owner who may make roles, and is no superuser, is enough', async () => {
  const url = await createOwner('first_owner', 'createrole');
  expect(await linkBank(url)).toBeTypeOf('string');
});

it('an owner who was given the two roles needs no right to make any', async () => {
  const url = await createOwner('second_owner', 'nocreaterole');
  await admin.query('grant consentry_app, consentry_scout to second_owner');
  expect(await linkBank(url)).toBeTypeOf('string');
});

it('an owner who can neither make nor take on the roles is told so', async () => {
  const url = await createOwner('third_owner', 'nocreaterole');
  await expect(applyMigrations(url, readMigrations())).rejects.toThrow(/role/);
});

it('an owner who is no superuser carries the rows of earlier versions over', async () => {
  const url = await createOwner('fifth_owner', 'createrole');
  await admin.query('grant consentry_app, consentry_scout to fifth_owner');
  const migrations = readMigrations();
  const before = migrations.steps.filter(({ name }) => name <= FIRST_CONSENTS_TAKEN_BACK);
  await applyMigrations(url, { ...migrations, steps: before });
  const database = new URL(postgres.url);
  database.pathname = '/fifth_owner';
  const rows = new pg.Client(database.href);
  await rows.connect();
  onTestFinished(() => rows.end());
  await rows.query(ROWS_OF_AN_EARLIER_VERSION);
  await applyMigrations(url, migrations);
  const { rows: found } = await rows.query(
    `select m.to_status, m.reason, r.id as revocation, r.cause, r.environment, r.ends_at
     from consent_move m join revocation r on r.consent_id = m.consent_id
     where m.reason = 'GIVEN'`,
  );
  expect(found).toEqual([
    {
      to_status: 'ACTIVE',
      reason: 'GIVEN',
      revocation: '00000000-0000-4000-8000-00000000000c',
      cause: 'TAKEN_BACK',
      environment: 'sandbox',
      ends_at: new Date('2026-04-01T00:00:00Z'),
    },
  ]);
});

it('processes that start together on an empty database all come up', async () => {
  const url = await createOwner('fourth_owner', 'createrole superuser');
  await applyMigrations(url, readMigrations());
  const queues = await Promise.all(
    Array.from({ length: 4 }, () =>
      openQueue({
        url,
        clock: systemClock,
        environment: 'sandbox',
        queues: queueRules(),
        schedules: [],
        worker: false,
        listen: false,
        onError: () => undefined,
      }),
    ),
  );
  const ready = await Promise.all(queues.map((queue) => queue.ready()));
  expect(ready).toEqual([true, true, true, true]);
  await Promise.all(queues.map((queue) => queue.close(1_000)));
});

/** The last migration of the version whose rows are carried over. */
const FIRST_CONSENTS_TAKEN_BACK = '20261125040000_token_life';

const ROWS_OF_AN_EARLIER_VERSION = `
  insert into viewer (id, issuer, subject, created_at)
    values ('00000000-0000-4000-8000-00000000000a', 'https://issuer.test', 'alice', '2026-01-01');
  insert into auth_link (id, viewer_id, environment, client_id, state_hash, browser_hash, providers,
      scopes, redirect_uri, status, created_at, expires_at)
    values ('00000000-0000-4000-8000-00000000000b', '00000000-0000-4000-8000-00000000000a', 'sandbox',
      'client', sha256('1'), sha256('2'), '{}', '{}', 'https://app.test', 'COMPLETED', '2026-01-01',
      '2026-01-02');
  insert into consent (id, viewer_id, auth_link_id, environment, client_id, status, scopes,
      consented_at, window_ends_at, ends_at, ended_at, created_at)
    values ('00000000-0000-4000-8000-00000000000c', '00000000-0000-4000-8000-00000000000a',
      '00000000-0000-4000-8000-00000000000b', 'sandbox', 'client', 'REVOKED', '{}', '2026-01-01',
      '2026-01-01', '2026-04-01T00:00:00Z', '2026-02-01',
      '2026-01-01');
  insert into revocation (consent_id, viewer_id, requested_at, sealed_access, access_expires_at, due_at)
    values ('00000000-0000-4000-8000-00000000000c', '00000000-0000-4000-8000-00000000000a',
      '2026-02-01', 'sealed', '2026-02-01', '2026-02-01')`;
