import { nowOf } from '../base/clock.ts';
import { readAccessToken } from './access-token.ts';
import { bearerOf } from './bearer.ts';
import { readFields } from './fields.ts';
import { openCode, openRefreshToken, type Grant } from './grant.ts';
import type { SimulatorRequest, World } from './world.ts';

/** The grant that a request is about, by its bearer, code or refresh token; judges none of them. */
export async function subjectOf(
  world: World,
  request: SimulatorRequest,
): Promise<Grant | undefined> {
  const bearer = bearerOf(request);
  if (bearer !== undefined) {
    const token = await readAccessToken(world.seals, bearer, nowOf(world.clock));
    return token.ok ? token.grant : undefined;
  }
  if (request.path !== '/connect/token') return undefined;
  const fields = readFields(request);
  const code = openCode(world.seals, fields?.get('code') ?? '');
  return code?.grant ?? openRefreshToken(world.seals, fields?.get('refresh_token') ?? '');
}
