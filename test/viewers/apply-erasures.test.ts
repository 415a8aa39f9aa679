import { writeFileSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { HOUR, MINUTE } from '../../src/base/clock.ts';
import { readConfig } from '../../src/base/config.ts';
import { createLog } from '../../src/base/log.ts';
import { erasures } from '../../src/cli/erasures.ts';
import { openProgress } from '../../src/cli/progress.ts';
import { viewerIdOf } from '../../src/http/bearer.ts';
import { continueErasure } from '../../src/viewers/erase-rows.ts';
import { createTestFolder } from '../support/folder.ts';
import { startTestHouse, storyClock, type TestHouse } from '../support/house.ts';
import { liveUntil, settle } from '../support/time.ts';
import { User } from '../support/user.ts';
import { rowsOfViewer } from './everything.ts';

const SMALL = { providerId: 'ob-lloyds', scopes: ['accounts', 'balance', 'offline_access'] };

const clock = storyClock();
let test: TestHouse;
let owner: pg.Client;
let folder: Awaited<ReturnType<typeof createTestFolder>>;

beforeAll(async () => {
  folder = await createTestFolder();
  test = await startTestHouse({ clock });
  owner = new pg.Client(test.databaseUrl);
  await owner.connect();
});
afterAll(async () => {
  await owner.end();
  await test.close();
  await folder.remove();
});

const idOf = (name: string) => viewerIdOf(test.issuer.issuer, name);
const rowsOf = async (name: string) => (await rowsOfViewer(owner, idOf(name))).length;
const connect = async (name: string) => {
  await new User(test, name).connect(SMALL);
  await settle(test, clock);
};
const erase = (name: string) =>
  new User(test, name).ask(
    'mutation { eraseViewer(input: { confirmation: "ERASE" }) { __typename } }',
  );
const forward = (milliseconds: number) =>
  liveUntil(test, clock, new Date(clock.now() + milliseconds));

async function tell(...words: string[]): Promise<readonly string[]> {
  const said: string[] = [];
  const status = await erasures.run(words, {
    config: () => readConfig(test.environment, () => ''),
    log: createLog('silent'),
    say: (text) => void said.push(text),
    secret: () => Promise.reject(new Error('nobody asked for one')),
    progress: openProgress({ isTTY: false, write: () => true }),
  });
  expect(status).toBe(0);
  return said;
}

const TABLES = `viewer auth_link consent consent_credential account balance change_counter change
  consent_move consent_receipt account_alias account_feed history_span
  balance_day direct_debit standing_order holder`.split(/\s+/);

/** What a backup does, and what restoring it does. */
async function backUp(): Promise<() => Promise<void>> {
  await owner.query('create schema backup');
  for (const table of [...TABLES, 'erasure', 'erasure_key']) {
    await owner.query(`create table backup.${table} as table public.${table}`);
  }
  return async () => {
    await owner.query('delete from erasure');
    await owner.query('delete from erasure_key');
    await owner.query('delete from viewer');
    await owner.query('delete from change');
    for (const table of ['erasure_key', 'erasure', ...TABLES]) {
      await owner.query(`insert into public.${table} select * from backup.${table}`);
    }
    await owner.query('drop schema backup cascade');
  };
}

it('a restored backup is cleaned by the list, which names nobody; who came again since stays', async () => {
  for (const name of ['alice', 'bob', 'carol']) await connect(name);
  // Carol is gone and back again before the backup.
  await erase('carol');
  await forward(MINUTE);
  await connect('carol');
  const [bob, carol] = [await rowsOf('bob'), await rowsOf('carol')];
  const restore = await backUp();
  await forward(HOUR);
  await erase('alice');
  await forward(MINUTE);
  expect(await rowsOf('alice')).toBe(0);

  const list = await tell('list');
  expect(list).toHaveLength(4);
  expect(list.join('\n')).not.toContain(idOf('alice'));
  const file = path.join(folder.path, 'erasures');
  writeFileSync(file, `${list.join('\n')}\n`);
  await restore();
  expect(await rowsOf('alice')).toBeGreaterThan(5);

  // What the database itself remembers is of before the backup, and of no use.
  expect(await tell('apply')).toEqual([
    '3 viewers looked at, 0 erased again',
    '1 left alone: they came again after they were erased',
  ]);
  expect(await tell('apply', '--file', file, '--since', '2100-01-01')).toEqual([
    '3 viewers looked at, 0 erased again',
  ]);
  expect(await tell('apply', '--file', file)).toEqual([
    '3 viewers looked at, 1 erased again',
    '1 left alone: they came again after they were erased',
    '1 erasures are remembered here from now on',
    'A server that starts now tells the banks of those who were erased again.',
  ]);
  expect([await rowsOf('alice'), await rowsOf('bob'), await rowsOf('carol')]).toEqual([
    0,
    bob,
    carol,
  ]);
  // Its connection, which the backup brought back as well, is ended at the bank as nobody's.
  const { rows } = await owner.query(
    `select cause from revocation where ended_at is null and consent_id is null`,
  );
  expect(rows).toEqual([{ cause: 'ERASED' }]);
  expect(await tell('apply', '--file', file)).toEqual([
    '2 viewers looked at, 0 erased again',
    '1 left alone: they came again after they were erased',
  ]);
  expect(await tell('list')).toHaveLength(4);
  await forward(MINUTE);
});

it('a database that remembers nothing takes the key of the list along', async () => {
  const list = await tell('list');
  const file = path.join(folder.path, 'erasures');
  writeFileSync(file, list.join('\n'));
  await owner.query('delete from erasure');
  await owner.query('delete from erasure_key');
  expect(await tell('apply')).toEqual(['0 viewers looked at, 0 erased again']);
  const said = await tell('apply', '--file', file);
  expect(said).toContain('2 erasures are remembered here from now on');
  expect((await tell('list')).slice(2).toSorted()).toEqual(list.slice(2).toSorted());
});

it('a list that is cut, another’s or none is refused, and nothing is done', async () => {
  const list = (await tell('list')).join('\n');
  const file = path.join(folder.path, 'broken');
  for (const [text, why] of [
    [list.slice(0, -5), 'Line 4'],
    ['id,hash\n', 'is no list'],
    ['consentry erasures 1\nkey abc', 'Line 2'],
  ] as const) {
    writeFileSync(file, text);
    await expect(tell('apply', '--file', file)).rejects.toThrow(why);
  }
  await expect(tell('apply', '--file', `${file}-not`)).rejects.toThrow('cannot be read');
  await expect(tell('apply', '--since', 'yesterday')).rejects.toThrow('erasures takes one');
  await expect(tell('forget')).rejects.toThrow('erasures takes one');
});

it('an erasure of which nothing is known any more is over', async () => {
  const [app, unknown] = [test.house.app, idOf('nobody')];
  await expect(continueErasure(app, unknown)).resolves.toBeUndefined();
});
