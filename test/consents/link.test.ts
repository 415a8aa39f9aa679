import type { TestClock } from 'pg-boss';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MINUTE } from '../../src/base/clock.ts';
import { resumeLink, takeAnswer } from '../../src/consents/complete.ts';
import { findLinkByState } from '../../src/consents/find-link.ts';
import type { AuthLink } from '../../src/generated/prisma/client.ts';
import { startTestHouse, storyClock, type TestHouse } from '../support/house.ts';
import { liveUntil } from '../support/time.ts';
import { User } from '../support/user.ts';

let test: TestHouse;
let alice: User;
const clock: TestClock = storyClock();

const COMPLETE = `mutation ($input: CompleteConsentInput!) { completeConsent(input: $input) {
  __typename ... on CompletedConsent { context consent { id status } } ... on Error { code } } }`;
const CONSENTS = '{ consents(first: 100) { nodes { id } } }';

beforeAll(async () => {
  test = await startTestHouse({ clock });
});
afterAll(() => test.close());
// Each test has a user of its own, who has nothing yet.
let users = 0;
beforeEach(() => {
  users += 1;
  alice = new User(test, `alice-${users}`);
});

const partsOf = (address: string) => Object.fromEntries(new URL(address).searchParams);
const landing = { providerId: 'ob-lloyds', redirectUri: 'https://app.example/landing' };
const exchanges = () =>
  test.simulator.journal.entries.filter((entry) => entry.path === '/connect/token').length;

async function complete(user: User, back: string): Promise<any> {
  const { code = '', state = '' } = partsOf(back);
  const { data } = await user.ask(COMPLETE, { input: { code, state } });
  return data.completeConsent;
}

async function countConsents(user: User): Promise<number> {
  return (await user.ask(CONSENTS)).data.consents.nodes.length;
}

describe('a link', () => {
  it('asks TrueLayer for everything that was wished, with %20 and PKCE', async () => {
    const link = new URL(
      await alice.dialogOf(
        await alice.beginLink({ providerId: 'ob-monzo', scopes: ['accounts', 'offline_access'] }),
      ),
    );
    expect(link.search).not.toContain('+');
    expect(link.search).toContain('scope=accounts%20offline_access');
    expect(partsOf(link.href)).toMatchObject({
      response_type: 'code',
      provider_id: 'ob-monzo',
      redirect_uri: `${test.house.app.config.publicUrl}/callback`,
      code_challenge_method: 'S256',
      state: expect.stringMatching(/^[\w-]{43}$/),
    });
  });

  it('can leave the choice of bank to the user, among groups', async () => {
    const id = await alice.connect({ providers: ['uk-ob-all'] }, { provider: 'ob-monzo' });
    await liveUntil(test, clock, new Date(clock.now()));
    const { data } = await alice.ask(
      'query ($id: ID!) { consent(id: $id) { provider { providerId } } }',
      { id },
    );
    expect(data.consent.provider.providerId).toBe('ob-monzo');
  });

  it.each([
    [{ providerId: 'ob-nowhere' }, 'PROVIDER_UNKNOWN'],
    [{ providers: ['uk-ob-all', 'x y&z'] }, 'PROVIDER_UNKNOWN'],
    [{ providerId: 'ob-monzo', scopes: ['cards'] }, 'SCOPES_REFUSED'],
    [{ scopes: ['accounts', 'everything'] }, 'SCOPES_REFUSED'],
    [{ scopes: ['balance'] }, 'SCOPES_REFUSED'],
    [{ redirectUri: 'https://evil.example/' }, 'REDIRECT_URI_REFUSED'],
    [{ redirectUri: 'https://app.example/landing/' }, 'REDIRECT_URI_REFUSED'],
    [{ returnTo: 'https://evil.example/' }, 'RETURN_TO_REFUSED'],
    [{ returnTo: '//app.example/done' }, 'RETURN_TO_REFUSED'],
    [{ returnTo: 'https://app.example/done?x' }, 'RETURN_TO_REFUSED'],
    [{ context: 'é'.repeat(513) }, 'CONTEXT_TOO_LONG'],
  ])('that asks for %j is refused with %s', async (input, code) => {
    const { data } = await alice.ask(
      `mutation ($input: AuthLinkInput!) { authLink(input: $input) { __typename ... on Error { code } } }`,
      { input },
    );
    expect(data.authLink).toEqual({ __typename: 'AuthLinkRefused', code });
  });
});

describe('coming back by the callback', () => {
  it('completes in the browser that asked, once, and a repeat ends the same way', async () => {
    const back = await alice.walk(
      await alice.beginLink({
        providerId: 'ob-lloyds',
        returnTo: 'https://app.example/done?kept=1',
      }),
    );
    const before = exchanges();
    for (const _time of [1, 2]) {
      const response = await alice.open(back);
      expect(response.status).toBe(303);
      const location = new URL(response.headers.get('location') ?? '');
      expect(location.origin + location.pathname).toBe('https://app.example/done');
      expect(partsOf(location.href)).toEqual({
        kept: '1',
        link: expect.stringMatching(/^[A-Za-z0-9+/=]{60,80}$/),
        result: 'completed',
      });
    }
    expect(exchanges() - before).toBe(1);
    expect(await countConsents(alice)).toBe(1);
    expect(headersOf(await alice.open(back))).toMatchObject({
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    });
  });

  it('never hands a code to a custom scheme', async () => {
    const link = await alice.beginLink({ providerId: 'ob-lloyds', returnTo: 'myapp://done' });
    const answer = await new User(test, 'x').open(await alice.walk(link));
    expect(answer.status).toBe(403);
    expect(answer.headers.get('location')).toBeNull();
  });

  it('tells the app of a cancellation, and the link is spent', async () => {
    const link = await alice.beginLink({ providerId: 'ob-lloyds', returnTo: 'myapp://done' });
    const answer = await alice.open(await alice.walk(link, { deny: 'accounts' }));
    expect(answer.headers.get('location')).toMatch(
      /^myapp:\/\/done\?link=[\w%]+&result=cancelled&code=AUTH_LINK_CANCELLED$/,
    );
    // The dialog may still stand in another tab; what comes of it is too late.
    const url = new URL(answer.url);
    expect((await alice.open(url.href)).headers.get('location')).toContain('result=cancelled');
    url.searchParams.delete('error');
    url.searchParams.set('code', 'late');
    expect((await alice.open(url.href)).headers.get('location')).toContain(
      'result=failed&code=AUTH_LINK_USED',
    );
    expect(await countConsents(alice)).toBe(0);
  });

  it('takes no other method than GET and POST', async () => {
    const back = new URL(await alice.walk(await alice.beginLink()));
    for (const method of ['HEAD', 'PUT', 'DELETE', 'OPTIONS']) {
      const cookie = [...alice.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      const address = `${test.house.url}${back.pathname}${back.search}`;
      expect((await fetch(address, { method, headers: { cookie } })).status).toBe(405);
    }
    expect(await countConsents(alice)).toBe(0);
  });

  it('takes the POST of form_post, which another site’s page makes without our cookie', async () => {
    const back = await alice.walk(
      await alice.beginLink({ providerId: 'ob-lloyds', returnTo: 'https://app.example/done' }),
    );
    const answer = await fetch(`${test.house.url}/callback`, {
      method: 'POST',
      body: new URLSearchParams(partsOf(back)),
      redirect: 'manual',
    });
    const handed = answer.headers.get('location') ?? '';
    expect(await complete(alice, handed)).toMatchObject({ __typename: 'CompletedConsent' });
  });

  it('ends with its reason when the code is refused', async () => {
    const back = await alice.walk(
      await alice.beginLink({ providerId: 'ob-lloyds', returnTo: 'https://app.example/done' }),
    );
    const url = new URL(back);
    url.searchParams.set('code', 'not-a-code');
    const answer = await alice.open(url.href);
    expect(answer.headers.get('location')).toContain('result=failed&code=CODE_REFUSED');
    // The link is spent: the right code comes too late.
    expect((await alice.open(back)).headers.get('location')).toContain(
      'result=failed&code=AUTH_LINK_USED',
    );
    expect((await alice.open(url.href)).headers.get('location')).toContain(
      'result=failed&code=CODE_REFUSED',
    );
  });
});

describe('what became of a link', () => {
  const OUTCOME = `query ($id: ID!) { authLink(id: $id) { status code userMessage context consent { id } } }`;
  const outcome = async (user: User, id: string | undefined) =>
    (await user.ask(OUTCOME, { id })).data.authLink;

  it('is told to the app by the id in the address that the user comes back to', async () => {
    const link = await alice.beginLink({
      providerId: 'ob-lloyds',
      returnTo: 'https://app.example/done',
      context: 'basket 7',
    });
    const answer = await alice.open(await alice.walk(link));
    const { link: id } = partsOf(answer.headers.get('location') ?? '');
    expect(await outcome(alice, id)).toEqual({
      status: 'COMPLETED',
      code: null,
      userMessage: null,
      context: 'basket 7',
      consent: { id: expect.any(String) },
    });
    expect(await outcome(new User(test, 'mallory'), id)).toBeNull();
  });

  it('names why it failed, and nothing secret is left in its row', async () => {
    const link = await alice.beginLink({
      providerId: 'ob-lloyds',
      returnTo: 'https://app.example/done',
    });
    const answer = await alice.open(await alice.walk(link, { deny: true }));
    const { link: id } = partsOf(answer.headers.get('location') ?? '');
    expect(await outcome(alice, id)).toMatchObject({ status: 'CANCELLED', consent: null });
    const { rows } = await test.house.app.database.transact(await viewerOf(alice), async (tx) => ({
      rows: await tx.authLink.findMany({ where: { status: 'CANCELLED' } }),
    }));
    expect(rows).toMatchObject([{ sealedCodeVerifier: null, sealedPsuIp: null, sealedCode: null }]);
  });

  it('that nobody came back by is ended when its time is over', async () => {
    const { data } = await alice.ask(
      `mutation { authLink(input: {}) { ... on IssuedAuthLink { id } } }`,
    );
    await liveUntil(test, clock, new Date(clock.now() + 46 * MINUTE));
    expect(await outcome(alice, data.authLink.id)).toMatchObject({
      status: 'ABANDONED',
      code: 'AUTH_LINK_EXPIRED',
      userMessage: expect.stringContaining('begin again'),
    });
  });
});

describe('coming back by the app', () => {
  it('completes with code and state, hands the context back, and repeats its first answer', async () => {
    const back = await alice.walk(await alice.beginLink({ ...landing, context: 'basket 7' }));
    const first = await complete(alice, back);
    expect(first).toMatchObject({
      __typename: 'CompletedConsent',
      context: 'basket 7',
      consent: { status: 'ACTIVE' },
    });
    expect(await complete(alice, back)).toEqual(first);
    expect(await countConsents(alice)).toBe(1);
  });

  it('tells one code from another, and an error from both', async () => {
    const back = await alice.walk(await alice.beginLink(landing));
    const { code = '', state = '' } = partsOf(back);
    const ask = async (input: object) =>
      (await alice.ask(COMPLETE, { input: { state, ...input } })).data.completeConsent;
    for (const input of [{}, { code, error: 'access_denied' }, { code: '' }, { error: '' }]) {
      expect(await ask(input)).toMatchObject({ code: 'ANSWER_INCOMPLETE' });
    }
    const first = await ask({ code });
    expect(first).toMatchObject({ __typename: 'CompletedConsent' });
    expect(await ask({ code: `${code}x` })).toMatchObject({ code: 'AUTH_LINK_USED' });
    expect(await ask({ error: 'access_denied' })).toMatchObject({ code: 'AUTH_LINK_USED' });
    expect(await ask({ code })).toEqual(first);
  });

  it('ends the link that the user cancelled, with words for the user', async () => {
    const back = await alice.walk(await alice.beginLink(landing), { deny: true });
    const { error = '', state = '' } = partsOf(back);
    const cancel = async (input: object) =>
      (
        await alice.ask(
          `mutation ($input: CompleteConsentInput!) { completeConsent(input: $input) {
            ... on AuthLinkNotCompleted { code userMessage } } }`,
          { input: { state, ...input } },
        )
      ).data.completeConsent;
    const cancelled = {
      code: 'AUTH_LINK_CANCELLED',
      userMessage: 'You cancelled, so nothing was connected.',
    };
    expect(await cancel({ error })).toEqual(cancelled);
    expect(await cancel({ error })).toEqual(cancelled);
    expect(await cancel({ code: 'late' })).toMatchObject({ code: 'AUTH_LINK_USED' });
  });

  it('needs a viewer', async () => {
    const answer = await fetch(`${test.house.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: COMPLETE, variables: { input: { code: 'a', state: 'b' } } }),
    });
    expect(await answer.json()).toMatchObject({
      errors: [{ extensions: { code: 'UNAUTHENTICATED' } }],
    });
  });

  it('knows no state that was not issued', async () => {
    const back = `https://app.example/landing?code=a&state=${'A'.repeat(43)}`;
    expect(await complete(alice, back)).toMatchObject({ code: 'AUTH_LINK_UNKNOWN' });
  });

  it('blames the operator, not the user, when TrueLayer refuses this client', async () => {
    const back = await alice.walk(await alice.beginLink(landing));
    test.simulator.faults.order({
      path: /connect\/token$/,
      status: 400,
      body: { error: 'invalid_client' },
    });
    expect(await complete(alice, back)).toMatchObject({ code: 'SERVER_MISCONFIGURED' });
  });

  it.each([503, 429])('tries once more when the bank answers %i', async (status) => {
    const back = await alice.walk(await alice.beginLink(landing));
    test.simulator.faults.order({ path: /connect\/token$/, status });
    expect(await complete(alice, back)).toMatchObject({ __typename: 'CompletedConsent' });
  });
});

describe('a completion that was cut off', () => {
  /** The process dies once the claim is stored: the exchange never happens. */
  async function cutOff(back: string): Promise<AuthLink> {
    const { code = '', state = '' } = partsOf(back);
    const { app } = test.house;
    const dead = {
      ...app,
      truelayer: { ...app.truelayer, exchangeCode: () => Promise.reject(new Error('killed')) },
    };
    const link = await findLinkByState(app, state);
    await expect(takeAnswer(dead, link!, { code })).rejects.toThrow('killed');
    return link!;
  }

  it('between claim and exchange is finished by its job', async () => {
    const back = await alice.walk(await alice.beginLink(landing));
    await cutOff(back);
    await liveUntil(test, clock, new Date(clock.now() + MINUTE));
    expect(await complete(alice, back)).toMatchObject({ __typename: 'CompletedConsent' });
    expect(await countConsents(alice)).toBe(1);
  });

  it('is not finished as another client than the one that it began as', async () => {
    const { app } = test.house;
    const back = await alice.walk(await alice.beginLink(landing));
    const { id, viewerId } = await cutOff(back);
    const before = exchanges();
    const another = { ...app, client: { ...app.client, clientId: 'another' } };
    expect(await findLinkByState(another, partsOf(back)['state'] ?? '')).toBeNull();
    await resumeLink(another, viewerId, id);
    expect(exchanges()).toBe(before);
    expect(await complete(alice, back)).toMatchObject({ code: 'CODE_REFUSED' });
    expect(await countConsents(alice)).toBe(0);
  });
});

function headersOf(answer: Response): Record<string, string> {
  return Object.fromEntries(answer.headers);
}

async function viewerOf(user: User): Promise<string> {
  const { data } = await user.ask('{ viewer { id } }');
  return Buffer.from(data.viewer.id, 'base64').toString().split(':')[1] ?? '';
}
