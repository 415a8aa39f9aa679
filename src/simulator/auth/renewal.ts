import { DAY, later, nowOf } from '../../base/clock.ts';
import type { Bank } from '../banks/bank.ts';
import { consentEndOf, openRefreshToken, type Grant } from './grant.ts';
import type { World } from '../world.ts';

/** What a refresh token says of a renewal. */
export type Renewal =
  | { readonly kind: 'possible'; readonly grant: Grant; readonly bank: Bank }
  /** The token is none of this client's, or a later one of the connection has been used. */
  | { readonly kind: 'unknown-token' }
  | { readonly kind: 'impossible'; readonly credentialsId: string };

const GRACE_MILLISECONDS = 90 * DAY;

/**
 * Whether a connection can go on: at banks of the United Kingdom, until 90 days after its consent
 * has ended, unless it was revoked or deleted. A refresh token that is only idle is good enough.
 */
export function renewalOf(world: World, refreshToken: string): Renewal {
  const token = openRefreshToken(world.seals, refreshToken);
  const isKnown =
    token?.grant.clientId === world.client.id && !world.memory.refreshUses.isReplaced(token);
  if (!isKnown) return { kind: 'unknown-token' };
  const { grant } = token;
  const { credentialsId, providerId } = grant;
  const bank = world.banks.find(providerId);
  const isPossible =
    bank?.country === 'uk' &&
    world.memory.revocationOf(credentialsId) === undefined &&
    nowOf(world.clock) < later(consentEndOf(grant, bank), GRACE_MILLISECONDS);
  return isPossible ? { kind: 'possible', grant, bank } : { kind: 'impossible', credentialsId };
}
