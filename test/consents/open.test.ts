import { request } from 'node:http';
import pg from 'pg';
import type { TestClock } from 'pg-boss';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MINUTE } from '../../src/base/clock.ts';
import { hashOf } from '../../src/consents/secrets.ts';
import { startTestHouse, storyClock, type TestHouse } from '../support/house.ts';
import { liveUntil } from '../support/time.ts';
import { User } from '../support/user.ts';

const clock: TestClock = storyClock();
let test: TestHouse;
let owner: pg.Client;
let alice: User;
let users = 0;

beforeAll(async () => {
  test = await startTestHouse({ clock });
  owner = new pg.Client(test.databaseUrl);
  await owner.connect();
});
afterAll(async () => {
  await owner.end();
  await test.close();
});
beforeEach(() => {
  users += 1;
  alice = new User(test, `alice-${users}`);
});

/** What is recorded of a link. */
async function recorded(link: string) {
  const { rows } = await owner.query(
    `select status, opened_at as opened, returned_at as returned, claimed_at as claimed,
       ended_at as ended, error_code as code, sealed_dialog is not null as dialog
     from auth_link where open_hash = $1`,
    [Buffer.from(hashOf(link.split('/').at(-1) ?? ''))],
  );
  return rows[0];
}

async function pageOf(answer: Response): Promise<[number, string]> {
  return [answer.status, /<title>([^<]*)</.exec(await answer.text())?.[1] ?? ''];
}

describe('opening a link', () => {
  it('leads to the bank, is recorded once, and sets no cookie', async () => {
    const link = await alice.beginLink();
    const publicUrl = test.house.app.config.publicUrl;
    expect(link).toMatch(new RegExp(`^${publicUrl}/link/[\\w-]{43}$`));
    expect(await recorded(link)).toMatchObject({ status: 'OPEN', opened: null, dialog: true });
    const answer = await new User(test, 'somebody').open(link);
    expect(answer.status).toBe(303);
    const dialog = answer.headers.get('location') ?? '';
    expect(dialog.startsWith(test.simulator.authUrl)).toBe(true);
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
    const { opened } = await recorded(link);
    expect(opened.getTime()).toBe(clock.now());
    await clock.setTime(clock.now() + MINUTE);
    expect((await alice.open(link)).headers.get('location')).toBe(dialog);
    expect((await recorded(link)).opened).toEqual(opened);
  });

  it('is not what a preparing browser or another method does', async () => {
    const link = await alice.beginLink();
    const address = `${test.house.url}${new URL(link).pathname}`;
    for (const method of ['HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS']) {
      expect((await fetch(address, { method })).status).toBe(405);
    }
    for (const [name, value] of [
      ['sec-purpose', 'prefetch'],
      ['sec-purpose', 'prefetch;prerender'],
      ['purpose', 'prefetch'],
      ['x-moz', 'prefetch'],
      ['x-purpose', 'preview'],
    ] as const) {
      expect(await statusWith(address, { [name]: value })).toBe(503);
    }
    expect(await recorded(link)).toMatchObject({ opened: null });
  });

  it('says on a page why it leads nowhere: unknown, used, cancelled, expired', async () => {
    const bare = `${test.house.app.config.publicUrl}/link/`;
    for (const end of ['', 'x', '%00', 'A'.repeat(43), 'A'.repeat(9_000)]) {
      expect(await pageOf(await alice.open(bare + end))).toEqual([404, 'This link is not known']);
    }
    const used = await alice.beginLink();
    await alice.open(await alice.walk(used));
    expect(await pageOf(await alice.open(used))).toEqual([410, 'This link has been used']);
    expect(await recorded(used)).toMatchObject({ status: 'COMPLETED', dialog: false });
    const cancelled = await alice.beginLink();
    await alice.open(await alice.walk(cancelled, { deny: true }));
    expect(await pageOf(await alice.open(cancelled))).toEqual([410, 'This link has been used']);
    const expired = await alice.beginLink();
    await clock.setTime(clock.now() + 45 * MINUTE);
    expect(await pageOf(await alice.open(expired))).toEqual([410, 'This link has expired']);
    await liveUntil(test, clock, new Date(clock.now()));
    expect(await pageOf(await alice.open(expired))).toEqual([410, 'This link has expired']);
    expect(await recorded(expired)).toMatchObject({
      status: 'ABANDONED',
      opened: null,
      dialog: false,
    });
  });

  it('that goes wrong on our side says so on a page, and can be tried again', async () => {
    const link = await alice.beginLink();
    const { rows } = await owner.query(
      `update auth_link set sealed_dialog = 'damaged' where open_hash = $1
       returning old.sealed_dialog as whole`,
      [Buffer.from(hashOf(link.split('/').at(-1) ?? ''))],
    );
    expect(await pageOf(await alice.open(link))).toEqual([503, 'This does not work at the moment']);
    expect(await recorded(link)).toMatchObject({ status: 'OPEN', opened: null });
    await owner.query(`update auth_link set sealed_dialog = $1 where sealed_dialog = 'damaged'`, [
      rows[0].whole,
    ]);
    expect((await alice.open(link)).status).toBe(303);
  });

  it('leaves neither its secret nor the state in a log', async () => {
    const link = await alice.beginLink();
    const state = new URL(await alice.dialogOf(link)).searchParams.get('state') ?? 'none';
    await alice.open(await alice.walk(link));
    const lines = test.logLines.join('\n');
    expect(lines).toContain('"path":"/link/"');
    expect(lines).not.toContain(link.split('/').at(-1) ?? 'none');
    expect(lines).not.toContain(state);
  });

  it.each(['/', '/%6cink/', '/link%2f', '/LINK/', '/link2/', '/callback/', '/links/to/'])(
    'under an address that is mistaken as %s leaves its secret in no log either',
    async (wrong) => {
      const secret = (await alice.beginLink()).split('/').at(-1) ?? '';
      expect((await fetch(`${test.house.url}${wrong}${secret}`)).status).toBe(404);
      expect((await fetch(`${test.house.url}/favicon.ico`)).status).toBe(404);
      const lines = test.logLines.join('');
      expect(lines).toContain('"path":"[struck]"');
      expect(lines).toContain('"path":"/favicon.ico"');
      expect(lines).not.toContain(secret);
    },
  );
});

describe('what is recorded of a link', () => {
  it('is when it was opened, came back, was claimed and ended', async () => {
    const link = await alice.beginLink();
    const step = () => clock.setTime(clock.now() + MINUTE);
    const begun = clock.now();
    await step();
    const back = await alice.walk(link);
    await step();
    await alice.open(back);
    const row = await recorded(link);
    expect(row).toMatchObject({ status: 'COMPLETED', code: null });
    expect([row.opened, row.returned, row.claimed, row.ended].map((at) => at - begun)).toEqual(
      [1, 2, 2, 2].map((minutes) => minutes * MINUTE),
    );
  });

  it('is that somebody came back, also in another browser, so it was not abandoned', async () => {
    const link = await alice.beginLink();
    await new User(test, 'other').open(await alice.walk(link));
    expect(await recorded(link)).toMatchObject({ status: 'OPEN', returned: expect.any(Date) });
    await liveUntil(test, clock, new Date(clock.now() + 46 * MINUTE));
    expect(await recorded(link)).toMatchObject({ status: 'FAILED', code: 'AUTH_LINK_EXPIRED' });
  });

  it('is not a return after its time', async () => {
    const link = await alice.beginLink();
    const back = await alice.walk(link);
    await clock.setTime(clock.now() + 50 * MINUTE);
    await alice.open(back);
    await liveUntil(test, clock, new Date(clock.now() + MINUTE));
    expect(await recorded(link)).toMatchObject({ status: 'ABANDONED' });
  });
});

/** As `fetch`, which keeps some headers to itself. */
function statusWith(address: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const call = request(address, { headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    call.on('error', reject);
    call.end();
  });
}
