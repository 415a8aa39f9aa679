import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import pg from 'pg';
import type { TestClock } from 'pg-boss';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { App } from '../../src/app.ts';
import { DAY, HOUR, later } from '../../src/base/clock.ts';
import { renewEpochs } from '../../src/changes/epoch.ts';
import { type ChangeEntry, recordChanges } from '../../src/changes/log.ts';
import { type LoggedChange, type LogPlace, readChanges } from '../../src/changes/read.ts';
import { trimChanges } from '../../src/changes/trim.ts';
import { saveViewer } from '../../src/consents/link.ts';
import { viewerIdOf } from '../../src/http/bearer.ts';
import type { Tx } from '../../src/postgres/db.ts';
import { startTestHouse, storyClock, type TestHouse } from '../support/house.ts';
import { readEvents } from '../support/sse.ts';
import { settle } from '../support/time.ts';
import { User } from '../support/user.ts';

const operation = (name: string) =>
  readFileSync(new URL(`../../schema/operations/${name}.graphql`, import.meta.url), 'utf8');
const CHANGES = operation('changes');
const FOLLOW = operation('follow-changes');

const clock: TestClock = storyClock();
let test: TestHouse;
let app: App;
let owner: pg.Client;
let people = 0;

beforeAll(async () => {
  test = await startTestHouse({ clock });
  app = test.house.app;
  owner = new pg.Client(test.databaseUrl);
  await owner.connect();
});
afterAll(async () => {
  await owner.end();
  await test.close();
});

/** Somebody with a log and nothing in it. */
async function newcomer() {
  people += 1;
  const subject = `reader ${people}`;
  const id = viewerIdOf(test.issuer.issuer, subject);
  const viewer = { id, issuer: test.issuer.issuer, subject };
  await app.database.transact(id, (tx) => saveViewer(tx, viewer, app, new Date(clock.now())));
  return { id, user: new User(test, subject) };
}

const entries = (count: number): ChangeEntry[] =>
  Array.from({ length: count }, () => ({
    subject: 'TRANSACTION',
    subjectId: randomUUID(),
    act: 'ADDED',
  }));
const write = (viewerId: string, changes: readonly ChangeEntry[], hold?: Promise<void>) =>
  app.database.transact(viewerId, async (tx) => {
    await recordChanges(app, tx, viewerId, new Date(clock.now()), changes);
    await hold;
  });
const seqsOf = (rows: readonly LoggedChange[]) => rows.map(({ seq }) => Number(seq));
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
const codeOf = ({ errors }: { errors?: readonly { extensions?: { code?: string } }[] }) =>
  errors?.[0]?.extensions?.code;

describe('the order of the log', () => {
  it('is that of the commits: what is held back is never passed over', async () => {
    const { id } = await newcomer();
    const read = () => readChanges(app.database, id, { after: null, limit: 100 });
    const held = Promise.withResolvers<void>();
    const first = entries(2);
    const slow = write(id, first, held.promise);
    await vi.waitFor(async () => {
      const { rows } = await owner.query(
        `select from pg_stat_activity where state = 'idle in transaction' and datname = current_database()`,
      );
      expect(rows).toHaveLength(1);
    });
    const fast = write(id, entries(1));
    expect((await read()).rows).toEqual([]);
    held.resolve();
    await Promise.all([slow, fast]);
    const { rows } = await read();
    expect(seqsOf(rows)).toEqual([1, 2, 3]);
    expect(rows.slice(0, 2).map(({ subjectId }) => subjectId)).toEqual(
      first.map(({ subjectId }) => subjectId),
    );
  });

  it('shows every number once to whoever pages while fifty write', async () => {
    const { id } = await newcomer();
    const writers = upTo(50).map((number) => write(id, entries((number % 3) + 1)));
    const total = upTo(50).reduce((sum, number) => sum + (number % 3) + 1, 0);
    const seen: number[] = [];
    let place: LogPlace | null = null;
    let pages = 0;
    for (; seen.length < total && pages < 10_000; pages += 1) {
      const { rows }: { rows: readonly LoggedChange[] } = await readChanges(app.database, id, {
        after: place,
        limit: 7,
      });
      seen.push(...seqsOf(rows));
      place = rows.at(-1) ?? place;
    }
    await Promise.all(writers);
    expect(seen).toEqual(upTo(total));
  });
});

describe('a cursor', () => {
  const ask = async (user: User, after: string) => user.ask(CHANGES, { after, first: 2 });
  const cursorOf = async (user: User) =>
    (await user.ask(CHANGES)).data.changes.newestCursor as string;

  it('goes on where its page ended, up to the end of the log', async () => {
    const { id, user } = await newcomer();
    const start = await cursorOf(user);
    await write(id, entries(3));
    const { data } = await ask(user, start);
    expect(data.changes.nodes).toHaveLength(2);
    expect(data.changes.pageInfo.hasNextPage).toBe(true);
    const rest = (await ask(user, data.changes.nodes[1].cursor)).data.changes;
    expect(rest.nodes.map(({ cursor }: { cursor: string }) => cursor)).toEqual([rest.newestCursor]);
    expect(rest.pageInfo.hasNextPage).toBe(false);
    const { data: end } = await ask(user, rest.newestCursor);
    expect(end.changes).toMatchObject({ nodes: [], newestCursor: rest.newestCursor });
  });

  it('has expired in the log of somebody else, and tells nothing of that', async () => {
    const [alice, bob] = [await newcomer(), await newcomer()];
    await write(bob.id, entries(1));
    expect(codeOf(await ask(alice.user, await cursorOf(bob.user)))).toBe('CURSOR_EXPIRED');
    expect(codeOf(await ask(alice.user, 'nonsense'))).toBe('BAD_CURSOR');
    expect(codeOf(await alice.user.ask(CHANGES, { first: 501 }))).toBe('BAD_INPUT');
    const nobody = new User(test, 'never linked');
    expect((await nobody.ask(CHANGES)).data.changes).toMatchObject({
      nodes: [],
      newestCursor: null,
    });
  });

  it('expires with what was trimmed after it, and not before', async () => {
    const { id, user } = await newcomer();
    await write(id, entries(1));
    const read = await cursorOf(user);
    await write(id, entries(1));
    const newest = await cursorOf(user);
    const trim = () =>
      app.database.transact(id, (tx) => trimChanges(tx, id, later(new Date(clock.now()), DAY)));
    expect((await ask(user, read)).data.changes.nodes).toHaveLength(1);
    await trim();
    expect(codeOf(await ask(user, read))).toBe('CURSOR_EXPIRED');
    expect((await ask(user, newest)).data.changes.nodes).toEqual([]);
  });

  it('expires where the log was restored from a backup, or begins anew', async () => {
    const { id, user } = await newcomer();
    await write(id, entries(1));
    await write(id, entries(1));
    const newest = await cursorOf(user);
    await owner.query('update change_counter set seq = 1 where viewer_id = $1', [id]);
    expect(codeOf(await ask(user, newest))).toBe('CURSOR_EXPIRED');
    // In time it would be as long again, and say something else.
    await owner.query('update change_counter set seq = 2 where viewer_id = $1', [id]);
    expect(codeOf(await ask(user, newest))).toBeUndefined();
    await renewEpochs(app);
    expect(codeOf(await ask(user, newest))).toBe('CURSOR_EXPIRED');
  });
});

describe('what the log says', () => {
  const typeOf = ({ id }: { id: string }) => Buffer.from(id, 'base64').toString().split(':', 1)[0];

  it('comes with the things as they are now, in as many statements however long the page', async () => {
    const subject = 'a whole bank';
    const user = new User(test, subject);
    const consent = await user.connect(
      { providerId: 'ob-yorkshire-building-society' },
      { user: 'john7', password: 'doe7' },
    );
    await settle(test, clock);
    const { data: begun } = await user.ask(CHANGES, { first: 1 });
    expect(begun.changes.nodes).toMatchObject([
      { subject: 'CONSENT', act: 'ADDED', id: consent, node: { consentStatus: 'ACTIVE' } },
    ]);

    const start = begun.changes.newestCursor;
    const viewerId = viewerIdOf(test.issuer.issuer, subject);
    await app.database.transact(viewerId, (tx) => changeAll(tx, viewerId, 8));
    const count = vi.spyOn(pg.Client.prototype, 'query');
    const read = async (first: number) => {
      count.mockClear();
      const { data, errors } = await user.ask(CHANGES, { after: start, first });
      expect(errors).toBeUndefined();
      return { nodes: data.changes.nodes as any[], statements: count.mock.calls.length };
    };
    const short = await read(5);
    const long = await read(40);
    count.mockRestore();
    expect(long.statements).toBe(short.statements);
    expect(short.nodes.map(({ subject: kind, node }) => [kind, node === null])).toEqual([
      ['CONSENT', false],
      ['ACCOUNT', false],
      ['BALANCE', false],
      ['TRANSACTION', false],
      ['ALERT', false],
    ]);
    expect(long.nodes.every(({ id, node, eventId }) => id && node && eventId)).toBe(true);
    const ids = long.nodes.map(({ id }) => id);
    const { data } = await user.ask('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids });
    expect(data.nodes).toEqual(ids.map((id) => ({ id })));
  });

  it('names what is gone', async () => {
    const { id, user } = await newcomer();
    await write(id, [
      { subject: 'ACCOUNT', subjectId: randomUUID(), act: 'REMOVED', accountKind: 'CARD' },
      { subject: 'ACCOUNT', subjectId: randomUUID(), act: 'REMOVED', accountKind: 'BANK_ACCOUNT' },
      { subject: 'TRANSACTION', subjectId: randomUUID(), act: 'REMOVED' },
    ]);
    const { data } = await user.ask(CHANGES);
    expect(data.changes.nodes.map((change: any) => [typeOf(change), change.node])).toEqual([
      ['Card', null],
      ['BankAccount', null],
      ['Transaction', null],
    ]);
  });

  /** Says of some consents, accounts, balances, transactions and alerts in turn that they changed. */
  async function changeAll(tx: Tx, viewerId: string, times: number): Promise<void> {
    const { id: consentId } = await tx.consent.findFirstOrThrow();
    const accounts = await tx.account.findMany();
    const transactions = await tx.transaction.findMany({ take: times });
    const alerts = Array.from({ length: times }, (_, daysBefore) => ({
      id: randomUUID(),
      viewerId,
      consentId,
      kind: 'CONSENT_ENDS_SOON',
      daysBefore,
      raisedAt: new Date(clock.now()),
    }));
    await tx.alert.createMany({ data: alerts });
    const ids = (index: number): [ChangeEntry['subject'], string | undefined][] => [
      ['CONSENT', consentId],
      ['ACCOUNT', accounts[index % accounts.length]?.id],
      ['BALANCE', accounts[index % accounts.length]?.id],
      ['TRANSACTION', transactions[index]?.id],
      ['ALERT', alerts[index]?.id],
    ];
    for (const index of alerts.keys()) {
      const changed = ids(index).map(([subject, id]): ChangeEntry => ({
        subject,
        subjectId: id ?? '',
        act: 'CHANGED',
      }));
      await recordChanges(app, tx, viewerId, new Date(clock.now()), changed);
    }
  }
});

describe('whoever follows', () => {
  const follow = async (user: User, after: string | null = null) =>
    readEvents(await user.post(FOLLOW, { after }, new AbortController().signal));
  type Stream = Awaited<ReturnType<typeof follow>>;
  const next = async (stream: Stream) => {
    const { value, done } = await stream.next();
    return done === true ? null : value;
  };
  const sizeOf = (event: any) => event.data.changes.nodes.length;

  it('begins with now, catches up from a cursor, and hears the rest live, each change once', async () => {
    const { id, user } = await newcomer();
    await write(id, entries(1));
    const live = await follow(user);
    const first = await next(live);
    expect(sizeOf(first)).toBe(0);
    await write(id, entries(250));
    await write(id, entries(3));
    const heard: any[] = [];
    while (heard.length < 253) {
      const event = await next(live);
      expect(sizeOf(event)).toBeGreaterThan(0);
      expect(sizeOf(event)).toBeLessThanOrEqual(100);
      heard.push(...event.data.changes.nodes);
    }
    const again = await follow(user, first.data.changes.newestCursor);
    const caught: any[] = [];
    while (caught.length < 253) caught.push(...(await next(again)).data.changes.nodes);
    expect(caught).toEqual(heard);
    expect(new Set(heard.map(({ cursor }) => cursor)).size).toBe(253);
    await write(id, entries(1));
    expect(sizeOf(await next(live))).toBe(1);
    expect(sizeOf(await next(again))).toBe(1);
    // Held connections would keep the house from closing at once.
    await Promise.all([live.return(undefined), again.return(undefined)]);
  });

  it('hears that a cursor has expired', async () => {
    const [alice, bob] = [await newcomer(), await newcomer()];
    const { data } = await bob.user.ask(CHANGES);
    const stream = await follow(alice.user, data.changes.newestCursor);
    expect(codeOf(await next(stream))).toBe('CURSOR_EXPIRED');
    expect(await next(stream)).toBeNull();
  });

  it('is left when the token ends, and when the user is erased', async () => {
    const { id, user } = await newcomer();
    const erased = await follow(user);
    expect(sizeOf(await next(erased))).toBe(0);
    const { data } = await user.ask(
      'mutation { eraseViewer(input: { confirmation: "ERASE" }) { __typename } }',
    );
    expect(data.eraseViewer.__typename).toBe('ErasedViewer');
    expect(await next(erased)).toBeNull();
    expect(await owner.query('select from change where viewer_id = $1', [id])).toMatchObject({
      rowCount: 0,
    });
    const other = await newcomer();
    const expired = await follow(other.user);
    expect(sizeOf(await next(expired))).toBe(0);
    await clock.setTime(clock.now() + 13 * HOUR);
    await clock.tick(1);
    expect(await next(expired)).toBeNull();
  });
});
