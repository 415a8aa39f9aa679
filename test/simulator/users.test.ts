import { describe, expect, test } from 'vitest';
import { signIn, userOf } from '../../src/simulator/people/users.ts';

describe('users', () => {
  test.each([
    ['john', 'doe', { key: 'john', person: 'john' }],
    [' JOHN ', 'doe', { key: 'john', person: 'john' }],
    ['john', 'iban', { key: 'john/iban', person: 'john', ownIbans: true }],
    ['john', 'eternal', { key: 'john/eternal', person: 'john', extendsWithoutLogin: true }],
    ['john7', 'iban7', { key: 'john7/iban', person: 'john7', number: 7 }],
    ['error.internal_error', 'error', { person: 'error.internal_error' }],
    ['user1', 'pass1', { key: 'user1', person: 'user1', fullName: 'Ben Baker' }],
    ['user10000', 'pass10000', { key: 'user10000', person: 'user10000' }],
  ])('%s signs in with %s', (username, password, user) => {
    expect(signIn(username, password)).toMatchObject(user);
  });

  test.each([
    ['john7', 'eternal'],
    ['john7', 'doe'],
    ['john', ''],
    ['user0', 'pass0'],
    ['user01', 'pass01'],
    ['user10001', 'pass10001'],
    ['user7', 'pass8'],
    ['error.internal_error', 'doe'],
    ['toString', 'doe'],
  ])('%s does not sign in with %s', (username, password) => {
    expect(signIn(username, password)).toBeUndefined();
  });

  test('are found again by the key that they signed in under', () => {
    for (const [username, password] of [
      ['john', 'eternal'],
      ['john3', 'iban3'],
      ['user42', 'pass42'],
    ] as const) {
      const user = signIn(username, password);
      expect(userOf(user?.key ?? '')).toEqual(user);
    }
  });

  test.each(['john/', 'john/doe', 'john7/eternal', 'john/iban/iban', 'user1/iban', 'user0', ''])(
    'are not found by the key %j',
    (key) => {
      expect(() => userOf(key)).toThrow(RangeError);
    },
  );

  test('in a crowd have many names and a number each', () => {
    const crowd = Array.from({ length: 10_000 }, (_, index) => userOf(`user${index + 1}`));
    expect(new Set(crowd.map(({ fullName }) => fullName)).size).toBeGreaterThan(500);
    expect(new Set(crowd.map(({ number }) => number)).size).toBe(10_000);
    expect(Math.min(...crowd.map(({ number }) => number))).toBe(101);
  });
});
