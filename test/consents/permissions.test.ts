import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  areSameScopes,
  isTextVersion,
  SCOPES,
  scopeTexts,
} from '../../src/consents/permissions.ts';
import { startTestHouse, type TestHouse } from '../support/house.ts';
import { User } from '../support/user.ts';

describe('the words for permissions', () => {
  it('are there for each of them, in the order to show them', () => {
    const texts = scopeTexts(SCOPES);
    expect(texts.map(({ name }) => name)).toEqual([...SCOPES]);
    expect(texts.every(({ title, text }) => title !== '' && text.endsWith('.'))).toBe(true);
    expect(scopeTexts(['transactions', 'unheard_of', 'info']).map(({ name }) => name)).toEqual([
      'info',
      'transactions',
    ]);
  });

  it.each([
    ['v1', true],
    ['2026-11 en', true],
    ['x'.repeat(100), true],
    ['x'.repeat(101), false],
    ['', false],
    [' v1', false],
    ['two\nlines', false],
  ])('have versions like %j: %s', (version, good) => {
    expect(isTextVersion(version)).toBe(good);
  });

  it('are the same whatever their order', () => {
    expect(areSameScopes(['a', 'b'], ['b', 'a', 'a'])).toBe(true);
    expect(areSameScopes(['a', 'b'], ['a'])).toBe(false);
  });
});

describe('with permissions of the app’s own', () => {
  const scopes = ['accounts', 'offline_access'];
  let test: TestHouse;
  let alice: User;
  beforeAll(async () => {
    const environment = { ROLE: 'api', TRUELAYER_PERMISSIONS: 'own' };
    test = await startTestHouse({ environment });
    alice = new User(test, 'alice');
  });
  afterAll(() => test.close());

  it('a link needs all of its scopes accepted, and the text that was read', async () => {
    const ask = async (input: object) => {
      const { data } = await alice.ask(
        `mutation ($input: AuthLinkInput!) { authLink(input: $input) {
          __typename ... on AuthLinkRefused { code } } }`,
        { input: { providerId: 'ob-lloyds', scopes, ...input } },
      );
      return data.authLink.code ?? data.authLink.__typename;
    };
    expect(await ask({})).toBe('TEXT_VERSION_REFUSED');
    expect(await ask({ textVersion: 'v1' })).toBe('PERMISSIONS_NOT_ACCEPTED');
    const some = { textVersion: 'v1', acceptedScopes: ['accounts'] };
    expect(await ask(some)).toBe('PERMISSIONS_NOT_ACCEPTED');
    const more = { textVersion: 'v1', acceptedScopes: [...scopes, 'info'] };
    expect(await ask(more)).toBe('PERMISSIONS_NOT_ACCEPTED');
    const all = { textVersion: 'v1', acceptedScopes: scopes.toReversed() };
    expect(await ask(all)).toBe('IssuedAuthLink');
  });

  it('the consent’s id goes along, TrueLayer asks no more, and the receipt says what was read', async () => {
    const wishes = {
      providerId: 'ob-lloyds',
      scopes,
      acceptedScopes: scopes,
      textVersion: 'mine-3',
    };
    const link = await alice.beginLink(wishes);
    const dialog = await alice.dialogOf(link);
    const consentId = new URL(dialog).searchParams.get('consent_id');
    expect(await (await fetch(dialog)).text()).toContain('data-step="login"');
    await alice.open(await alice.walk(link));
    const { data } = await alice.ask(
      '{ consents { nodes { id receipts { kind way textVersion scopes period } } } }',
    );
    const [consent] = data.consents.nodes;
    expect(Buffer.from(consent.id, 'base64').toString()).toBe(`Consent:${consentId}`);
    expect(consent.receipts).toEqual([
      { kind: 'CONSENT', way: 'AUTH_LINK', textVersion: 'mine-3', scopes, period: 1 },
    ]);
  });
});
