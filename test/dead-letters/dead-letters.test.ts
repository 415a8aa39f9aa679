import { readFileSync } from 'node:fs';
import pg from 'pg';
import type { TestClock } from 'pg-boss';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findOpenAlarms } from '../../src/alarms/alarms.ts';
import type { App } from '../../src/app.ts';
import { HOUR, MINUTE } from '../../src/base/clock.ts';
import { readConfig } from '../../src/base/config.ts';
import { createLog, withCorrelation } from '../../src/base/log.ts';
import { deadLetters } from '../../src/cli/dead-letters.ts';
import { openProgress } from '../../src/cli/progress.ts';
import { tendDeadLetters } from '../../src/dead-letters/dead-letters.ts';
import { viewerIdOf } from '../../src/http/bearer.ts';
import { ask, jobs } from '../../src/jobs.ts';
import type { JobRequest } from '../../src/postgres/queue.ts';
import { startTestHouse, storyClock, type TestHouse } from '../support/house.ts';
import { liveUntil, settle } from '../support/time.ts';
import { User } from '../support/user.ts';

const operation = (name: string) =>
  readFileSync(new URL(`../../schema/operations/${name}.graphql`, import.meta.url), 'utf8');
const LIST = operation('dead-letters');
const RETRY = operation('retry-dead-letter');
const DISCARD = operation('discard-dead-letter');
const SMALL = {
  providerId: 'ob-yorkshire-building-society',
  scopes: ['accounts', 'balance', 'offline_access'],
};

let clock: TestClock;
let test: TestHouse;
let app: App;
let owner: pg.Client;
let alice: User;
let operator: User;

beforeAll(async () => {
  clock = storyClock();
  test = await startTestHouse({ clock });
  app = test.house.app;
  owner = new pg.Client(test.databaseUrl);
  await owner.connect();
  alice = new User(test, 'alice');
  operator = new User(test, 'ops', 'operator');
  await alice.connect(SMALL);
  await settle(test, clock);
});
afterAll(async () => {
  await owner.end();
  await test.close();
});

const live = (milliseconds: number) => liveUntil(test, clock, new Date(clock.now() + milliseconds));
const listed = async (variables: object = {}) => {
  const { data, errors } = await operator.ask(LIST, variables);
  expect(errors).toBeUndefined();
  return {
    letters: data.operations.deadLetters.nodes as any[],
    counts: data.operations.deadLetterCounts as any[],
  };
};
const alarms = async () => (await findOpenAlarms(app)).map(({ kind }) => kind);
const acts = async () =>
  (await owner.query('select act, subject, operator from operator_act order by id')).rows;
const waiting = async (job: string) =>
  (
    await owner.query(
      `select 1 from pgboss.job where name like $1 || '/%' and state in ('created', 'retry', 'active')`,
      [job],
    )
  ).rowCount;

/** Asks for jobs, and lives until they have died of two failures each. */
async function dieOf(...requests: readonly JobRequest[]): Promise<void> {
  for (const request of requests) await app.queue.sendAlone(request);
  await tryTwice();
}

async function tryTwice(): Promise<void> {
  // Else some would try for a day.
  await owner.query(
    `update pgboss.job set retry_limit = 1 where state = 'created' and start_after <= $1`,
    [new Date(clock.now())],
  );
  await live(3 * MINUTE);
}

/** A job that can never succeed: what it carries is not what it should. */
const nonsense = (name: string): JobRequest => ({
  name,
  payload: { correlationId: `of-${name}` },
});

/** The job that reads the newest of somebody's only consent again. */
async function reading(name: string): Promise<JobRequest> {
  const viewerId = viewerIdOf(test.issuer.issuer, name);
  await owner.query('update account set read_at = null where viewer_id = $1', [viewerId]);
  const { rows } = await owner.query('select id from consent where viewer_id = $1', [viewerId]);
  const consentId = rows[0].id as string;
  return ask(jobs.readRecent, { viewerId, consentId }, { key: consentId });
}

const closeBank = () =>
  test.simulator.faults.order({ path: /balance$/, times: 1_000, status: 503 });

/** A line of an operator, whose process lives by the real time. */
async function tell(line: string): Promise<readonly [number, string]> {
  const said: string[] = [];
  const status = await deadLetters.run(line.split(' '), {
    config: () => readConfig(test.environment, () => ''),
    log: createLog('silent'),
    say: (text) => void said.push(text),
    secret: () => Promise.reject(new Error('nobody asked for one')),
    progress: openProgress({ isTTY: false, write: () => true }),
  });
  return [status, said.join('\n')];
}

describe('a job that a bank lets die', () => {
  it('is told with its cause, and goes once its work is done by another', async () => {
    closeBank();
    await withCorrelation('of-a-request', async () => dieOf(await reading('alice')));
    const { letters, counts } = await listed({ job: 'read-recent' });
    expect(letters).toHaveLength(1);
    const [letter] = letters;
    expect(letter).toMatchObject({
      job: 'read-recent',
      code: 'BANK_UNAVAILABLE',
      message: 'TrueLayer or the bank was away, or answered what makes no sense.',
      endpoint: '/accounts/{id}/balance',
      status: 503,
      passes: true,
      attempts: 2,
      correlationId: 'of-a-request',
    });
    expect(letter.ids.map(({ name }: { name: string }) => name)).toEqual(['viewerId', 'consentId']);
    const times = [letter.askedAt, letter.firstFailedAt, letter.lastFailedAt];
    expect(times).toEqual(times.toSorted());
    expect(letter.firstFailedAt < letter.lastFailedAt).toBe(true);
    expect(counts).toMatchObject([
      { job: 'read-recent', code: 'BANK_UNAVAILABLE', count: 1, passes: true },
    ]);
    expect((await listed({ job: 'fetch-span' })).letters).toEqual([]);
    // Nobody can do anything about it.
    await tendDeadLetters(app);
    expect(await alarms()).toEqual([]);
    expect((await listed()).letters).toHaveLength(1);

    // It dies anew: of the same work one is enough. While it waits, or once it is done, none is left.
    await dieOf(await reading('alice'));
    expect((await listed()).letters).toHaveLength(2);
    await tendDeadLetters(app);
    const { letters: newer } = await listed();
    expect(newer).toHaveLength(1);
    expect(newer[0].lastFailedAt > letter.lastFailedAt).toBe(true);
    test.simulator.faults.clear();
    await app.queue.sendAlone(await reading('alice'));
    await settle(test, clock);
    await tendDeadLetters(app);
    expect((await listed()).letters).toEqual([]);
  });

  it('is gone with its user', async () => {
    const bob = new User(test, 'bob');
    await bob.connect(SMALL, { user: 'john2', password: 'doe2' });
    await settle(test, clock);
    closeBank();
    await dieOf(await reading('bob'));
    test.simulator.faults.clear();
    expect((await listed()).letters).toHaveLength(1);
    await bob.ask('mutation { eraseViewer(input: { confirmation: "ERASE" }) { __typename } }');
    await live(MINUTE);
    expect((await listed()).letters).toEqual([]);
  });
});

describe('a job that dies of what does not pass', () => {
  const [unknown, retried] = ['DEAD_LETTER_UNKNOWN', 'RetriedDeadLetters'];

  it('raises the alarm, is retried once however often that is asked, and can be discarded', async () => {
    await dieOf(nonsense('replay-webhooks'));
    const [letter] = (await listed()).letters;
    expect(letter).toMatchObject({
      job: 'replay-webhooks',
      code: 'PAYLOAD_REFUSED',
      endpoint: null,
      passes: false,
      correlationId: 'of-replay-webhooks',
      ids: [],
    });
    await tendDeadLetters(app);
    await tendDeadLetters(app);
    expect(await findOpenAlarms(app)).toMatchObject([{ kind: 'JOBS_DEAD', times: 1 }]);

    const ids = [letter.id];
    const answers = await Promise.all([1, 2, 3].map(() => operator.ask(RETRY, { ids })));
    const results = answers.map(({ data }) => data.retryDeadLetter);
    expect(results.filter(({ __typename }) => __typename === retried)).toMatchObject([{ ids }]);
    expect(results.filter(({ code }) => code === unknown)).toHaveLength(2);
    expect(await waiting('replay-webhooks')).toBe(1);
    await tendDeadLetters(app);
    expect(await alarms()).toEqual([]);

    await tryTwice();
    const [again] = (await listed()).letters;
    expect(again).toMatchObject({ job: 'replay-webhooks', correlationId: letter.correlationId });
    const { data } = await operator.ask(DISCARD, { ids: [again.id, letter.id] });
    expect(data.discardDeadLetter).toMatchObject({ ids: [again.id] });
    expect((await listed()).letters).toEqual([]);
    expect(await waiting('replay-webhooks')).toBe(0);
    const idOf = (id: string) => Buffer.from(id, 'base64').toString().split(':')[1];
    const by = { operator: 'ops' };
    expect(await acts()).toEqual([
      { ...by, act: 'DEAD_LETTER_RETRIED', subject: `replay-webhooks ${idOf(letter.id)}` },
      { ...by, act: 'DEAD_LETTER_DISCARDED', subject: `replay-webhooks ${idOf(again.id)}` },
    ]);
  });

  it('is told also where its process ended under it, every time', async () => {
    await app.queue.sendAlone({
      name: 'refresh-providers',
      payload: {},
      notBefore: new Date('2027-01-01'),
    });
    const past = new Date(clock.now() - HOUR);
    await owner.query(
      `update pgboss.job set state = 'active', retry_count = retry_limit, started_on = $1, heartbeat_on = $1
       where name like 'refresh-providers/%' and state = 'created'`,
      [past],
    );
    await live(MINUTE);
    const [letter] = (await listed()).letters;
    expect(letter).toMatchObject({ job: 'refresh-providers', passes: false, firstFailedAt: null });
    expect(['WORKER_LOST', 'TIMED_OUT']).toContain(letter.code);
    await operator.ask(DISCARD, { ids: [letter.id] });
  });

  it('is for operators alone, and nothing that is none can be meant', async () => {
    const { errors } = await alice.ask(LIST);
    expect(errors?.[0]?.extensions?.code).toBe('FORBIDDEN');
    const ids = [Buffer.from('DeadLetter:nonsense').toString('base64')];
    for (const mutation of [RETRY, DISCARD]) {
      const refused = await alice.ask(mutation, { ids });
      expect(refused.errors?.[0]?.extensions?.code).toBe('FORBIDDEN');
      const { data } = await operator.ask(mutation, { ids });
      expect(Object.values(data)).toMatchObject([{ code: unknown }]);
      const many = await operator.ask(mutation, { ids: Array(101).fill(ids[0]) });
      expect(Object.values(many.data)).toMatchObject([{ code: 'DEAD_LETTERS_TOO_MANY' }]);
    }
  });

  it('is listed, retried and discarded from the command line', async () => {
    expect(await tell('list')).toEqual([0, 'There are none.']);
    await dieOf(nonsense('replay-webhooks'), nonsense('complete-link'));
    const [status, output] = await tell('list');
    expect(status).toBe(1);
    expect(output).toMatch(
      /^[\da-f-]{36} {2}complete-link {2}PAYLOAD_REFUSED {2}stays\n {2}2 tries/m,
    );
    expect(output).toContain('correlationId of-replay-webhooks');
    const [, only] = await tell('list --job complete-link');
    expect(only).not.toContain('replay-webhooks');
    const id = only.slice(0, 36);
    expect(await tell(`retry ${id}`)).toEqual([0, '1 job is tried again.']);
    expect(await tell(`retry ${id}`)).toEqual([
      1,
      expect.stringMatching(/^DEAD_LETTER_UNKNOWN: .*\n0 jobs are tried again\.$/s),
    ]);
    expect(await waiting('complete-link')).toBeGreaterThan(0);
    expect(await tell('discard --all')).toEqual([0, '1 job is forgotten.']);
    expect(await tell('list')).toEqual([0, 'There are none.']);
    for (const line of ['retry', 'retry nonsense', `retry ${id} --all`, 'bury']) {
      await expect(tell(line)).rejects.toThrow('dead-letters takes one of these');
    }
    expect((await acts()).slice(-2)).toMatchObject([
      { act: 'DEAD_LETTER_RETRIED', operator: 'cli' },
      { act: 'DEAD_LETTER_DISCARDED', operator: 'cli' },
    ]);
  });
});
