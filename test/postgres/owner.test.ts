import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
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
