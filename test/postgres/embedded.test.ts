import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readFile, realpath, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { StartError } from '../../src/base/errors.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/postgres/embedded.ts';
import { createTestFolder } from '../support/folder.ts';

type Folder = Awaited<ReturnType<typeof createTestFolder>>;

describe('one data folder', () => {
  let folder: Folder;
  const start = () => startEmbeddedPostgres({ folder: folder.path });

  beforeAll(async () => {
    folder = await createTestFolder();
  });
  afterAll(async () => {
    // Whatever a failed test left running.
    await start().then((postgres) => postgres.stop());
    await folder.remove();
  });

  test('two first starts at once make one cluster, and the last to stop shuts it down', async () => {
    const [one, other] = await Promise.all([start(), start()]);
    expect(one.url).toBe(other.url);
    await one.stop();
    expect(await ask(other, 'select 1 as one')).toEqual([{ one: 1 }]);
    await other.stop();
    await other.stop();
    await expectGone(other);
  });

  test('two that stop at once leave no server, and one that starts meanwhile has its own', async () => {
    const [one, other] = await Promise.all([start(), start()]);
    const [, , third] = await Promise.all([one.stop(), other.stop(), start()]);
    expect(await ask(third, 'select 3 as three')).toEqual([{ three: 3 }]);
    await third.stop();
    await expectGone(third);
  });

  test('the server listens on loopback alone, keeps what is committed and speaks UTC', async () => {
    const postgres = await start();
    const settings = ['listen_addresses', 'unix_socket_directories', 'fsync', 'TimeZone'];
    const query = settings.map((name) => `current_setting('${name}') as "${name}"`).join(', ');
    expect(await ask(postgres, `select ${query}`)).toEqual([
      {
        listen_addresses: '127.0.0.1',
        unix_socket_directories: '',
        fsync: 'on',
        TimeZone: 'UTC',
      },
    ]);
    expect(
      await ask(
        postgres,
        `select datlocprovider, datlocale, pg_encoding_to_char(encoding) as encoding
           from pg_database where datname = current_database()`,
      ),
    ).toEqual([{ datlocprovider: 'b', datlocale: 'C.UTF-8', encoding: 'UTF8' }]);
    await postgres.stop();
  });

  async function expectGone(postgres: EmbeddedPostgres): Promise<void> {
    await expect(stat(postmasterFile(folder))).rejects.toThrow('ENOENT');
    await expect(ask(postgres, 'select 1')).rejects.toThrow('ECONNREFUSED');
  }

  test('nobody comes in without the password', async () => {
    const postgres = await start();
    const url = new URL(postgres.url);
    url.password = 'guess';
    await expect(ask({ url: url.href }, 'select 1')).rejects.toThrow('password authentication');
    await postgres.stop();
  });

  test('rows outlive a stop and a start', async () => {
    const before = await start();
    await ask(before, 'create table kept as select 7 as number');
    await before.stop();
    const after = await start();
    expect(await ask(after, 'select * from kept')).toEqual([{ number: 7 }]);
    await after.stop();
  });

  test('a server whose process was killed is joined by the next, which can stop it', async () => {
    await startAndDie(folder);
    const pid = await postmasterPid(folder);
    const postgres = await start();
    expect(await postmasterPid(folder)).toBe(pid);
    await postgres.stop();
    await expectGone(postgres);
  });

  test('a server that was killed is started anew with what was committed', async () => {
    const before = await start();
    await ask(before, 'create table committed as select 8 as number');
    process.kill(await postmasterPid(folder), 'SIGKILL');
    await before.stop();
    const after = await start();
    expect(await ask(after, 'select * from committed')).toEqual([{ number: 8 }]);
    await after.stop();
  });

  test('a left file that names a living stranger is seen through', async () => {
    const before = await start();
    const left = await readFile(postmasterFile(folder), 'utf8');
    await before.stop();
    // Our own process id, once with a port where nobody listens, once with another cluster's.
    const lines = left.split('\n');
    for (const port of [lines[3], new URL(inject('postgresUrl')).port]) {
      await writeFile(
        postmasterFile(folder),
        lines.with(0, String(process.pid)).with(3, port!).join('\n'),
      );
      const after = await start();
      expect(await ask(after, 'show data_directory')).toEqual([
        { data_directory: await realpath(path.join(folder.path, 'postgres', 'data')) },
      ]);
      await after.stop();
    }
  });

  test('a cluster of another Postgres is refused', async () => {
    const version = path.join(folder.path, 'postgres', 'data', 'PG_VERSION');
    await writeFile(version, '17\n');
    const refused = start();
    await expect(refused).rejects.toThrow(StartError);
    await expect(refused).rejects.toThrow('was made by Postgres 17');
    await writeFile(version, '18\n');
  });
});

test('a folder that cannot be made is refused', async () => {
  const folder = await createTestFolder();
  await writeFile(path.join(folder.path, 'file'), '');
  const refused = startEmbeddedPostgres({ folder: path.join(folder.path, 'file', 'data') });
  await expect(refused).rejects.toThrow(StartError);
  await expect(refused).rejects.toThrow('ENOTDIR');
  await folder.remove();
});

test.runIf(process.getuid?.() === 0)(
  'for root, a folder closed to other users is named and refused',
  async () => {
    const folder = await createTestFolder();
    await chmod(folder.path, 0o700);
    const refused = startEmbeddedPostgres({ folder: path.join(folder.path, 'data') });
    await expect(refused).rejects.toThrow(StartError);
    await expect(refused).rejects.toThrow(`chmod o+x ${await realpath(folder.path)}`);
    await folder.remove();
  },
);

function postmasterFile(folder: Folder): string {
  return path.join(folder.path, 'postgres', 'data', 'postmaster.pid');
}

async function postmasterPid(folder: Folder): Promise<number> {
  return Number.parseInt(await readFile(postmasterFile(folder), 'utf8'), 10);
}

/** Starts the folder's Postgres in a process that is killed as soon as it runs. */
async function startAndDie(folder: Folder): Promise<void> {
  const module = new URL('../../src/postgres/embedded.ts', import.meta.url).href;
  const script = `
    const { startEmbeddedPostgres } = await import(${JSON.stringify(module)});
    await startEmbeddedPostgres({ folder: ${JSON.stringify(folder.path)} });
    process.kill(process.pid, 'SIGKILL');`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: 'inherit',
  });
  const [, signal] = await once(child, 'exit');
  expect(signal).toBe('SIGKILL');
}

async function ask({ url }: Pick<EmbeddedPostgres, 'url'>, sql: string): Promise<unknown[]> {
  const client = new pg.Client(url);
  // A test that kills the server cuts off its own connections too.
  client.on('error', () => {});
  try {
    await client.connect();
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
