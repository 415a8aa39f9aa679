import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import type { TestClock } from 'pg-boss';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MINUTE } from '../../src/base/clock.ts';
import { startTestHouse, storyClock, type TestHouse } from '../support/house.ts';
import { mutantsOf } from '../support/mutants.ts';
import { User } from '../support/user.ts';

const clock: TestClock = storyClock();
const RETURN = { providerId: 'ob-lloyds', returnTo: 'https://app.example/done' };
const LANDING = { providerId: 'ob-lloyds', redirectUri: 'https://app.example/landing' };
const ISSUER = 'https://auth.bank.example';
const COMPLETE = `mutation ($input: CompleteConsentInput!) { completeConsent(input: $input) {
  __typename ... on CompletedConsent { consent { id } } ... on Error { code } } }`;

let test: TestHouse;
let alice: User;
let users = 0;

beforeAll(async () => {
  test = await startTestHouse({ clock });
});
afterAll(() => test.close());
beforeEach(() => {
  users += 1;
  alice = new User(test, `alice-${users}`);
});

const partsOf = (address: string): Record<string, string> =>
  Object.fromEntries(new URL(address).searchParams);
const exchanges = (house = test) =>
  house.simulator.journal.entries.filter((entry) => entry.path === '/connect/token').length;
const countOf = async (user: User): Promise<number> =>
  (await user.ask('{ consents { nodes { id } } }')).data.consents.nodes.length;
const endOf = (answer: Response) => partsOf(answer.headers.get('location') ?? 'none:');

async function complete(user: User, input: object): Promise<any> {
  return (await user.ask(COMPLETE, { input })).data.completeConsent;
}

/** The address that the bank sends Alice's browser back to. */
async function wayBack(input: object = RETURN, plan: object = {}): Promise<string> {
  return alice.walk(await alice.beginLink(input), plan);
}

it('O1: a denial ends the link as cancelled, on a clean page or at the app, and the state is spent', async () => {
  const before = exchanges();
  const back = await wayBack({ providerId: 'ob-lloyds' }, { deny: true });
  const answer = await alice.open(back);
  expect(answer.status).toBe(200);
  expect(await answer.text()).toContain('You cancelled, so nothing was connected.');
  const spent = new URL(back);
  spent.searchParams.delete('error');
  spent.searchParams.set('code', 'a-code');
  expect(await (await alice.open(spent.href)).text()).toContain('This link has been used');
  const toApp = await alice.open(await wayBack(RETURN, { deny: true }));
  expect(endOf(toApp)).toMatchObject({ result: 'cancelled', code: 'AUTH_LINK_CANCELLED' });
  expect(exchanges()).toBe(before);
  expect(await countOf(alice)).toBe(0);
});

it('O2: of 10,000 mutants of a state none is accepted and none calls the bank', async () => {
  const back = new URL(await wayBack());
  const other = partsOf(await wayBack())['state'] ?? '';
  const { code = '', state = '' } = partsOf(back.href);
  const mutants = mutantsOf(state, other, 10_000);
  const calls = test.simulator.journal.entries.length;
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const statuses = new Map<number, number>();
  const left = [...mutants];
  const work = async () => {
    for (let mutant = left.pop(); mutant !== undefined; mutant = left.pop()) {
      const query = `code=${code}&state=${encodeURIComponent(mutant)}`;
      const status = await statusOf(`${test.house.url}/callback?${query}`, agent);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: 16 }, work));
  agent.destroy();
  expect([...statuses]).toEqual([[400, 10_000]]);
  const sample = mutants.filter((mutant, number) => number % 50 === 0 && !mutant.includes('\0'));
  for (const mutant of sample) {
    expect(await complete(alice, { code, state: mutant })).toMatchObject({
      code: 'AUTH_LINK_UNKNOWN',
    });
  }
  expect(test.simulator.journal.entries.length).toBe(calls);
  expect(await countOf(alice)).toBe(0);
  // The good one was not worn by all that.
  expect(endOf(await alice.open(back.href))).toMatchObject({ result: 'completed' });
}, 60_000);

it('O3: an expired state is refused, and says how to go on', async () => {
  const [back, toPage, toApp] = [
    await wayBack(),
    await wayBack({}, { provider: 'ob-lloyds' }),
    await wayBack(LANDING),
  ];
  const before = exchanges();
  await clock.setTime(clock.now() + 45 * MINUTE);
  expect(endOf(await alice.open(back))).toMatchObject({
    result: 'failed',
    code: 'AUTH_LINK_EXPIRED',
  });
  expect(await (await alice.open(toPage)).text()).toContain('Go back to your app and begin again.');
  const { code, state } = partsOf(toApp);
  expect(await complete(alice, { code, state })).toMatchObject({ code: 'AUTH_LINK_EXPIRED' });
  expect(exchanges()).toBe(before);
  expect(endOf(await alice.open(await wayBack()))).toMatchObject({ result: 'completed' });
});

it('O4: a replay has no effect, and the first consent stays as it is', async () => {
  const back = await wayBack();
  const first = await alice.open(back);
  const before = exchanges();
  expect(endOf(await alice.open(back))).toEqual(endOf(first));
  const forged = new URL(back);
  forged.searchParams.set('code', 'another-code');
  expect(endOf(await alice.open(forged.href))).toMatchObject({ code: 'AUTH_LINK_USED' });
  forged.searchParams.delete('code');
  forged.searchParams.set('error', 'access_denied');
  expect(endOf(await alice.open(forged.href))).toMatchObject({ code: 'AUTH_LINK_USED' });
  const { code, state } = partsOf(back);
  const repeated = await complete(alice, { code, state });
  expect(repeated).toMatchObject({ __typename: 'CompletedConsent' });
  expect(await complete(alice, { code, state })).toEqual(repeated);
  expect(exchanges()).toBe(before);
  const { data } = await alice.ask('{ consents { nodes { id status } } }');
  expect(data.consents.nodes).toEqual([{ id: repeated.consent.id, status: 'ACTIVE' }]);
});

it('O5: fifty callbacks at once exchange the code once and make one consent', async () => {
  const back = await wayBack();
  const before = exchanges();
  const answers = await Promise.all(Array.from({ length: 50 }, () => alice.open(back)));
  expect(answers.map((answer) => endOf(answer)['result'])).toEqual(
    Array.from({ length: 50 }, () => 'completed'),
  );
  expect(exchanges() - before).toBe(1);
  expect(await countOf(alice)).toBe(1);
});

it('O6: the state of Bob with the session of Alice links nothing to either', async () => {
  const bob = new User(test, `bob-${users}`);
  const back = await bob.walk(await bob.beginLink(RETURN));
  await alice.beginLink();
  const before = exchanges();
  const { code, state } = partsOf(back);
  expect(await complete(alice, { code, state })).toMatchObject({
    code: 'AUTH_LINK_OF_ANOTHER_VIEWER',
  });
  expect(endOf(await alice.open(back))).toMatchObject({ code, state });
  expect(exchanges()).toBe(before);
  expect([await countOf(alice), await countOf(bob)]).toEqual([0, 0]);
});

it('O7: a link that a victim’s browser finishes shows its sender nothing', async () => {
  const link = await alice.beginLink(RETURN);
  const victim = new User(test, `victim-${users}`);
  const before = exchanges();
  const { code, state } = endOf(await victim.open(await victim.walk(link)));
  expect(await complete(victim, { code, state })).toMatchObject({
    code: 'AUTH_LINK_OF_ANOTHER_VIEWER',
  });
  expect(exchanges()).toBe(before);
  expect([await countOf(alice), await countOf(victim)]).toEqual([0, 0]);
});

describe('O8: a code that is', () => {
  it.each([
    ['missing', ''],
    ['empty', '&code='],
    ['doubled', '&code=x&code=y'],
    ['beside an error', '&code=x&error=access_denied'],
    ['too long to be one', `&code=${'x'.repeat(3_000)}`],
  ])('%s is a bad request, and the link stays good', async (_name, query) => {
    const back = new URL(await wayBack());
    const before = exchanges();
    const address = `${back.origin}/callback?state=${partsOf(back.href)['state']}${query}`;
    expect((await alice.open(address)).status).toBe(400);
    expect(exchanges()).toBe(before);
    expect(endOf(await alice.open(back.href))).toMatchObject({ result: 'completed' });
  });

  it('a megabyte long is refused at the door, in an address, a form and a mutation', async () => {
    const back = await wayBack();
    const { state = '' } = partsOf(back);
    const code = 'x'.repeat(1_048_576);
    const before = exchanges();
    expect(await rawStatus(`GET /callback?state=${state}&code=${code} HTTP/1.1`, '')).toBe(431);
    expect(await rawStatus('POST /callback HTTP/1.1', `state=${state}&code=${code}`)).toBe(413);
    const answer = await alice.post(COMPLETE, { input: { state, code } });
    expect(answer.status).toBe(413);
    await answer.body?.cancel();
    expect(await rawStatus('POST /graphql HTTP/1.1', `{"query": "${code}"}`, true)).toBe(413);
    expect(exchanges()).toBe(before);
    expect(endOf(await alice.open(back))).toMatchObject({ result: 'completed' });
  });
});

describe('O9: an answer of another issuer', () => {
  let strict: TestHouse;
  let bob: User;
  beforeAll(async () => {
    strict = await startTestHouse({
      clock: storyClock(),
      environment: { TRUELAYER_ISSUER: ISSUER },
    });
    bob = new User(strict, 'bob');
  });
  afterAll(() => strict.close());

  it('is refused at both doors where an issuer is configured, and the link stays good', async () => {
    const back = new URL(await bob.walk(await bob.beginLink(RETURN)));
    const { code, state } = partsOf(back.href);
    for (const issuers of [['https://evil.example'], [`${ISSUER}/`], [''], [ISSUER, 'x']]) {
      back.searchParams.delete('iss');
      for (const issuer of issuers) back.searchParams.append('iss', issuer);
      expect((await bob.open(back.href)).status).toBe(400);
    }
    expect(await complete(bob, { code, state, iss: 'https://evil.example' })).toMatchObject({
      code: 'ISSUER_REFUSED',
    });
    expect(exchanges(strict)).toBe(0);
    back.searchParams.delete('iss');
    back.searchParams.append('iss', ISSUER);
    expect(endOf(await bob.open(back.href))).toMatchObject({ result: 'completed' });
  });

  it('is not looked at where none is configured', async () => {
    const back = `${await wayBack()}&iss=https%3A%2F%2Fanybody.example`;
    expect(endOf(await alice.open(back))).toMatchObject({ result: 'completed' });
  });
});

it('O10: a code that the provider refuses ends the link as failed, with its reason', async () => {
  const back = new URL(await wayBack({ ...RETURN, context: 'basket 7' }));
  back.searchParams.set('code', 'not-a-code');
  const { link, result, code } = endOf(await alice.open(back.href));
  expect([result, code]).toEqual(['failed', 'CODE_REFUSED']);
  const { data } = await alice.ask(
    'query ($id: ID!) { authLink(id: $id) { status code userMessage consent { id } } }',
    { id: link },
  );
  expect(data.authLink).toEqual({
    status: 'FAILED',
    code: 'CODE_REFUSED',
    userMessage: expect.stringContaining('begin again'),
    consent: null,
  });
});

describe('O13: line ends and HTML', () => {
  const EVIL = [
    '\r\nset-cookie: evil=1\r\n\r\n',
    '<script>alert(1)</script>',
    '"><img src=x onerror=x>',
  ];

  it.each(EVIL)('as %j in what the bank says reach no header and no page', async (evil) => {
    for (const input of [RETURN, { providerId: 'ob-lloyds' }]) {
      const back = new URL(await wayBack(input, { deny: true }));
      back.searchParams.set('error_description', evil);
      for (const address of [
        back.href,
        withParameter(back, 'error', evil),
        withParameter(back, 'state', evil),
      ]) {
        for (const browser of [new User(test, 'somebody'), alice]) {
          const answer = await browser.open(address);
          const all = `${[...answer.headers].join('\n')}\n${await answer.text()}`;
          expect(answer.headers.getSetCookie()).toEqual([]);
          expect(all).not.toContain(evil);
          expect(all).not.toContain('evil');
          expect(all).not.toMatch(/alert|onerror/);
        }
      }
    }
  });

  it.each(EVIL)('as %j in a code are handed on as part of an address alone', async (evil) => {
    const back = withParameter(new URL(await wayBack()), 'code', evil);
    const answer = await new User(test, 'somebody').open(back);
    expect(answer.headers.getSetCookie()).toEqual([]);
    const location = answer.headers.get('location') ?? '';
    expect(location).toMatch(/^https:\/\/app\.example\/done\?link=[^\s<>"]+$/);
    expect(partsOf(location)['code']).toBe(evil);
  });
});

it('O14: code, state and secrets are in no log, no cache, no referrer', async () => {
  const link = await alice.beginLink(RETURN);
  const back = await alice.walk(link);
  const own = test.house.url;
  const answers = [
    await alice.open(link),
    await new User(test, 'somebody').open(back),
    await alice.open(back),
    await alice.open(back),
    await alice.open(link),
    await alice.open(`${own}/link/${'A'.repeat(43)}`),
    await alice.open(`${own}/callback`),
    await alice.open(`${own}/callback?state=${partsOf(back)['state']}`),
    await alice.open(await wayBack({ providerId: 'ob-lloyds' })),
    await fetch(`${own}/callback`, { method: 'DELETE' }),
    await fetch(`${own}${new URL(link).pathname}`, { method: 'HEAD' }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([
    303, 303, 303, 303, 410, 404, 400, 400, 200, 405, 405,
  ]);
  for (const { headers } of answers) {
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
  }
  const lines = test.logLines.join('\n');
  const { code = '', state = '' } = partsOf(back);
  for (const secret of [code, state, link.split('/').at(-1) ?? '', ...alice.cookies.values()]) {
    expect(secret.length).toBeGreaterThan(30);
    expect(lines).not.toContain(secret);
  }
});

function withParameter(address: URL, name: string, value: string): string {
  const changed = new URL(address);
  changed.searchParams.set(name, value);
  return changed.href;
}

function statusOf(address: string, agent: Agent): Promise<number> {
  const cookie = [...alice.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  return new Promise((resolve, reject) => {
    const call = request(address, { agent, headers: { cookie } }, (answer) => {
      answer.resume();
      answer.once('end', () => resolve(answer.statusCode ?? 0));
    });
    call.once('error', reject);
    call.end();
  });
}

/** Writes a request on a bare socket: the answer may come before all of it is taken. */
function rawStatus(line: string, body: string, chunked = false): Promise<number> {
  const { hostname, port } = new URL(test.house.url);
  const cookie = [...alice.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  return new Promise((resolve) => {
    let heard = '';
    const socket = connect(Number(port), hostname);
    socket.on('data', (chunk) => (heard += chunk.toString()));
    // Cut off while still writing: what was heard by then counts.
    socket.on('error', () => {});
    socket.once('close', () => resolve(Number(heard.split(' ', 2)[1])));
    const head = `${line}\r\nhost: localhost\r\ncookie: ${cookie}\r\nconnection: close\r\n`;
    socket.write(
      chunked
        ? `${head}content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n` +
            `${body.length.toString(16)}\r\n${body}\r\n`
        : `${head}content-type: application/x-www-form-urlencoded\r\n` +
            `content-length: ${body.length}\r\n\r\n${body}`,
    );
  });
}
