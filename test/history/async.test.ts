import { request } from 'node:http';
import pg from 'pg';
import type { TestClock } from 'pg-boss';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DAY, MINUTE, SECOND } from '../../src/base/clock.ts';
import type { Fault } from '../../src/simulator/faults.ts';
import type { Bank, BankAccess } from '../../src/truelayer/bank.ts';
import { startTestHouse, storyClock, type TestHouse } from '../support/house.ts';
import { liveUntil, settle } from '../support/time.ts';
import { User } from '../support/user.ts';

// One card there and nothing else, so that a whole history is few calls, in a window of five minutes.
const ONE_CARD = [{ providerId: 'ob-amex' }, { user: 'user1', password: 'pass1' }] as const;
const WINDOW = 5 * MINUTE;

let clock: TestClock;
let test: TestHouse;
let owner: pg.Client;
let people = 0;
/** Where the bank was to tell of each task, in the order in which it was asked. */
let noticeUris: string[] = [];

beforeAll(async () => {
  clock = storyClock();
  test = await startTestHouse({ clock, asynchronous: true });
  owner = new pg.Client(test.databaseUrl);
  await owner.connect();
  const { truelayer } = test.house.app;
  const plain = { ...truelayer };
  Object.assign(truelayer, { bank: (access: BankAccess) => overheard(plain.bank(access)) });
});
afterEach(async () => {
  test.simulator.faults.clear();
  test.simulator.settings.queuedMilliseconds = 500;
  // Each story has its viewer to itself: those of the one before are left alone from here on.
  await owner.query(`update consent set status = 'REVOKED', due_at = null, ended_at = $1`, [
    new Date(clock.now()),
  ]);
  noticeUris = [];
});
afterAll(async () => {
  await owner.end();
  await test.close();
});

function overheard(bank: Bank): Bank {
  return {
    ...bank,
    askCardTransactions(cardId, range, webhookUri) {
      noticeUris.push(webhookUri ?? 'none');
      return bank.askCardTransactions(cardId, range, webhookUri);
    },
  };
}

async function connect() {
  people += 1;
  const user = new User(test, `viewer-${people}`);
  test.simulator.journal.clear();
  const connectedAt = clock.now();
  const id = await user.connect(...ONE_CARD);
  const history = async () => {
    const { data } = await user.ask(
      `query ($id: ID!) { consent(id: $id) { history { complete gaps { reason } } } }`,
      { id },
    );
    return data.consent.history;
  };
  return { history, connectedAt, subject: `viewer-${people}` };
}

const spoil = (fault: Omit<Fault, 'path'>) =>
  test.simulator.faults.order({ path: /\/transactions$/, ...fault });
const live = (milliseconds: number) => liveUntil(test, clock, new Date(clock.now() + milliseconds));
const calls = (path: RegExp) =>
  test.simulator.journal.entries.filter((entry) => path.test(entry.path));
const asked = () => calls(/\/transactions$/).filter(({ query }) => query['async'] === 'true');
const WHOLE = { complete: true, gaps: [] };

/** What the database holds of a viewer, and what the bank has, in the same words. */
async function rowsOf(subject: string): Promise<[string[], string[]]> {
  const { rows } = await owner.query<{ row: string }>(
    `select t.booked_on::text || ' ' || (-t.amount)::float8::text || ' ' || t.description as row
     from transaction t join viewer v on v.id = t.viewer_id
     where v.subject = $1 and t.status = 'BOOKED'`,
    [subject],
  );
  const truth = test.simulator.truth('user1', 'ob-amex').cards.flatMap((card) =>
    card.transactions
      .map((row) => row as { timestamp: string; description: string; amount: number | string })
      .filter((row) => row.timestamp >= '2020-03-02')
      .map((row) => `${row.timestamp.slice(0, 10)} ${Number(row.amount)} ${row.description}`),
  );
  return [rows.map(({ row }) => row).toSorted(), truth.toSorted()];
}

async function spans(subject: string) {
  const { rows } = await owner.query(
    `select s.id, s.status::text, s.results_uri, s.noticed_at, s.tasks from history_span s
     join viewer v on v.id = s.viewer_id where v.subject = $1 order by s.from_on desc`,
    [subject],
  );
  return rows;
}

/** Forgets all spans but the quick first and the oldest, so that long waits are few. */
async function leaveOldest(subject: string): Promise<void> {
  const all = await spans(subject);
  await owner.query('delete from history_span where id = any ($1)', [
    all.slice(1, -1).map(({ id }) => id),
  ]);
}

async function notify(uri: string, body: RequestInit['body'] = '{}', method = 'POST') {
  const init = method === 'POST' ? { method, body } : { method };
  const response = await fetch(uri, init);
  return `${response.status} ${await response.text()}`;
}

describe('a history that the bank fetches in its own time', () => {
  it('is whole by polling alone, where no notice ever comes (W1)', async () => {
    spoil({ times: 1_000, webhook: 'never' });
    const { history, subject } = await connect();
    await settle(test, clock);
    expect(await history()).toEqual(WHOLE);
    const [held, truth] = await rowsOf(subject);
    expect(held.length).toBeGreaterThan(500);
    expect(held).toEqual(truth);
    const { length } = await spans(subject);
    // The user waits for the first of them, so that is read at once.
    expect(asked()).toHaveLength(length - 1);
    expect(calls(/results/).length).toBeLessThanOrEqual(2 * (length - 1));
    expect(new Set(noticeUris).size).toBe(length - 1);
    expect(noticeUris[0]).toMatch(
      new RegExp(`^${test.environment['PUBLIC_URL']}/results/[\\w-]{43}$`),
    );
  });

  it('is whole whatever becomes of tasks, results and notices (P31–P33, W2, W6)', async () => {
    for (const task of ['expired', 'failed', 'stuck'] as const) spoil({ task });
    spoil({ webhook: 'twice' });
    spoil({ webhook: 'early', times: 2 });
    spoil({ webhook: 'late' });
    const nonsense = [
      { status: 503 },
      { body: { results: [], status: 'Succeeded', error: 'provider_error' }, status: 200 },
      { malformed: true },
      { text: '<html>', status: 200 },
      { status: 429, headers: { 'retry-after': '7' } },
    ];
    for (const fault of nonsense) test.simulator.faults.order({ path: /\/results\//, ...fault });
    const { history, subject } = await connect();
    await live(2 * MINUTE);
    expect(await history()).toEqual(WHOLE);
    const [held, truth] = await rowsOf(subject);
    expect(held).toEqual(truth);
    const { length } = await spans(subject);
    expect(asked()).toHaveLength(length - 1 + 3);
  });

  it('is read at once where tasks come to nothing again and again', async () => {
    spoil({ task: 'failed', times: 10_000 });
    const { history, subject } = await connect();
    await live(MINUTE);
    expect(await history()).toEqual(WHOLE);
    const { length } = await spans(subject);
    expect(asked()).toHaveLength(3 * (length - 1));
  });

  it('ends with the reason that the task gives', async () => {
    spoil({ times: 1_000, webhook: 'never' });
    const body = { status: 'Failed', error: 'account_not_found', results: [] };
    test.simulator.faults.order({ path: /\/results\//, times: 4, body, status: 200 });
    const { history } = await connect();
    await settle(test, clock);
    const { complete, gaps } = await history();
    const reasons = gaps.map(({ reason }: { readonly reason: string }) => reason);
    expect(complete).toBe(true);
    expect([...new Set(reasons)]).toEqual(['ACCOUNT_GONE']);
  });
});

describe('a window that closes', () => {
  it('lets in what was taken on before, and nothing is asked any more', async () => {
    test.simulator.settings.queuedMilliseconds = 6 * MINUTE;
    const { history, connectedAt, subject } = await connect();
    await liveUntil(test, clock, new Date(clock.now()));
    await leaveOldest(subject);
    await liveUntil(test, clock, new Date(connectedAt + WINDOW));
    expect((await history()).complete).toBe(false);
    test.simulator.journal.clear();
    await live(6 * MINUTE);
    expect(await spans(subject)).toMatchObject([
      { status: 'SAVED' },
      { status: 'SAVED', tasks: 3 },
    ]);
    expect((await history()).gaps).toEqual([]);
    expect(calls(/\/transactions$/)).toEqual([]);
  });

  it('ends tasks that never end, after a while (P32)', async () => {
    spoil({ task: 'stuck', times: 10_000 });
    const { history, connectedAt, subject } = await connect();
    await liveUntil(test, clock, new Date(clock.now()));
    await leaveOldest(subject);
    await liveUntil(test, clock, new Date(connectedAt + WINDOW));
    test.simulator.journal.clear();
    await live(10 * MINUTE);
    expect(await history()).toMatchObject({ complete: true, gaps: [{ reason: 'WINDOW_CLOSED' }] });
    expect(calls(/\/transactions$/)).toEqual([]);
  });
});

describe('a notice', () => {
  it('is a hint: once, by its secret alone, whatever else it says (W2–W5, W7–W9)', async () => {
    const heard: string[] = [];
    test.simulator.settings.queuedMilliseconds = 20 * SECOND;
    spoil({ times: 1_000, webhook: 'never' });
    const { history, subject } = await connect();
    await live(3 * SECOND);
    // The tasks are over by now, and all of them are looked at only later.
    await owner.query(
      `update pgboss.job set start_after = $1 where name like 'poll-span/%' and state = 'created'`,
      [new Date(clock.now() + 2 * MINUTE)],
    );
    await clock.setTime(clock.now() + 30 * SECOND);
    const reads = () => calls(/results/).length;
    const before = reads();
    const [uri = '', other = ''] = noticeUris;
    const forged = uri.replace(/.{5}$/, 'AAAAA');
    const unknown = [forged, `${uri}x`, uri.slice(0, -1), uri.replace(/[^/]+$/, '')];
    for (const address of unknown) expect(await notify(address)).toBe('404 ');
    expect(await notify(uri, null, 'GET')).toBe('404 ');
    await liveUntil(test, clock, new Date(clock.now()));
    expect([reads(), (await spans(subject)).filter((span) => span.noticed_at !== null)]).toEqual([
      before,
      [],
    ]);
    const foreign = { status: 'Succeeded', task_id: 'x', results_uri: 'http://127.0.0.1:9/stolen' };
    const bodies = [JSON.stringify(foreign), '{"status":"Running"}', Buffer.from([0xff, 0xfe]), ''];
    for (let round = 0; round < 25; round += 1) {
      heard.push(...(await Promise.all(bodies.map((body) => notify(uri, body)))));
    }
    expect(new Set(heard)).toEqual(new Set(['200 ']));
    await liveUntil(test, clock, new Date(clock.now()));
    const noticed = (await spans(subject)).filter((span) => span.noticed_at !== null);
    expect(noticed).toMatchObject([{ status: 'SAVED', results_uri: null }]);
    expect(reads()).toBe(before + 1);
    expect(await endless(other, 'x'.repeat(1_000_000))).toMatch(/^(?:200|cut)$/);
    expect(await endless(other, '{')).toBe('200');
    await settle(test, clock);
    expect(await history()).toEqual(WHOLE);
    await live(DAY);
    test.simulator.journal.clear();
    expect(await notify(uri)).toBe('200 ');
    await owner.query('delete from history_span where id = $1', [noticed[0]?.id]);
    expect(await notify(uri)).toBe('404 ');
    await settle(test, clock);
    expect(reads()).toBe(0);
    expect(test.logLines.join('')).not.toContain(uri.slice(-43));
  });

  it('is confirmed only once it is written down (W11)', async () => {
    test.simulator.settings.queuedMilliseconds = 20 * SECOND;
    spoil({ times: 1_000, webhook: 'never' });
    const { subject } = await connect();
    await live(3 * SECOND);
    const [uri = ''] = noticeUris;
    const name = new URL(test.databaseUrl).pathname.slice(1);
    const admin = new pg.Client(test.databaseUrl.replace(`/${name}`, '/postgres'));
    await admin.connect();
    await admin.query(`alter database "${name}" allow_connections false`);
    await admin.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = $1 and application_name = 'consentry'`,
      [name],
    );
    expect(await notify(uri)).toMatch(/^503 /);
    await admin.query(`alter database "${name}" allow_connections true`);
    await admin.end();
    expect(await notify(uri)).toBe('200 ');
    expect((await spans(subject)).filter((span) => span.noticed_at !== null)).toHaveLength(1);
    await settle(test, clock);
  });
});

describe('a bank that knows no tasks', () => {
  it('is found out and asked as it wants, from then on at once', async () => {
    test.simulator.adjust('ob-amex', { asynchronous: false });
    const first = await connect();
    await settle(test, clock);
    expect(await first.history()).toEqual(WHOLE);
    const { history, subject } = await connect();
    await settle(test, clock);
    expect(await history()).toEqual(WHOLE);
    expect(asked()).toEqual([]);
    expect((await spans(subject)).every(({ tasks }) => tasks === 0)).toBe(true);
  });
});

/** Posts something that does not end; gives what was answered before the line was cut. */
function endless(uri: string, chunk: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = 'cut';
    const sending = request(uri, { method: 'POST', headers: { 'content-length': '100000000' } });
    sending.on('response', ({ statusCode }) => (answer = String(statusCode)));
    // A line that is cut while one writes may lose the answer too.
    sending.on('error', () => undefined);
    sending.on('close', () => resolve(answer));
    sending.write(chunk);
  });
}
