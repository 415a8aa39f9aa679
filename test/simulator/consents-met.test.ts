import { TestClock } from 'pg-boss';
import { describe, expect, test } from 'vitest';
import type { Grant } from '../../src/simulator/auth/grant.ts';
import { makeMemory } from '../../src/simulator/memory.ts';

const grant = (credentialsId: string, consentedOn: string): Grant => ({
  credentialsId,
  consentId: 'consent-1',
  clientId: 'client-1',
  providerId: 'mock',
  user: 'john',
  scopes: ['accounts'],
  accountKeys: ['main'],
  consentedAt: new Date(consentedOn),
  authenticatedAt: new Date(consentedOn),
});

describe('the consents that a simulator has met', () => {
  const met = (...grants: readonly Grant[]) => {
    const memory = makeMemory(new TestClock(new Date('2026-03-01T09:00:00Z')));
    for (const each of grants) memory.noteGrant(each);
    return memory;
  };

  test('are found by their connection', () => {
    const memory = met(grant('a', '2026-03-01'));
    expect(memory.grantOf('a')).toEqual(grant('a', '2026-03-01'));
    expect(memory.grantOf('b')).toBeUndefined();
  });

  test('are listed once each, the one met last at the end', () => {
    const memory = met(
      grant('a', '2026-03-01'),
      grant('b', '2026-03-01'),
      grant('a', '2026-03-01'),
    );
    expect(memory.grants().map(({ credentialsId }) => credentialsId)).toEqual(['b', 'a']);
  });

  test('are the latest of a connection, also when an old token comes by again', () => {
    const [old, renewed] = [grant('a', '2026-03-01'), grant('a', '2026-05-01')];
    expect(met(old, renewed, old).grants()).toEqual([renewed]);
  });
});
