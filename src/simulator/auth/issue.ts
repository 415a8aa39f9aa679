import { issueAccessToken } from './access-token.ts';
import type { Bank } from '../banks/bank.ts';
import { sealRefreshToken, type RefreshToken } from './grant.ts';
import type { Wire } from '../data/wire.ts';
import type { World } from '../world.ts';

/**
 * A new access token, which ends the one before, and the refresh token if the app may have one: the
 * fields of a token answer.
 */
export async function issueTokens(world: World, token: RefreshToken, bank: Bank): Promise<Wire> {
  const { grant } = token;
  const life = bank.accessTokenSeconds;
  const { text, id, issuedAtSeconds } = await issueAccessToken(world, grant, life);
  world.memory.noteToken(grant.credentialsId, id, issuedAtSeconds);
  world.memory.noteGrant(grant);
  return {
    access_token: text,
    expires_in: life,
    token_type: 'Bearer',
    ...(grant.scopes.includes('offline_access')
      ? { refresh_token: sealRefreshToken(world.seals, token) }
      : {}),
    scope: grant.scopes.join(' '),
  };
}
