import { nowOf } from '../../base/clock.ts';
import { readAccessToken } from './access-token.ts';
import { bearerOf } from './bearer.ts';
import { readFields } from '../fields.ts';
import { openCode, openRefreshToken, type Grant } from './grant.ts';
import type { SimulatorRequest, World } from '../world.ts';

/**
 * The grant that a request is about, by its bearer or by the code or token in its body; judges none
 * of them.
 */
export async function subjectOf(
  world: World,
  request: SimulatorRequest,
): Promise<Grant | undefined> {
  const fields = await readFields(request);
  const { seals } = world;
  const bearer = bearerOf(request) ?? fields?.get('access_token');
  if (bearer !== undefined) {
    const token = await readAccessToken(seals, bearer, nowOf(world.clock));
    return token.ok ? token.grant : undefined;
  }
  const code = openCode(seals, fields?.get('code') ?? '');
  return code?.grant ?? openRefreshToken(seals, fields?.get('refresh_token') ?? '')?.grant;
}
