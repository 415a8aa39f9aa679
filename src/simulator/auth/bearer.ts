import { nowOf } from '../../base/clock.ts';
import { readAccessToken } from './access-token.ts';
import type { Answer } from '../answer.ts';
import type { Bank } from '../banks/bank.ts';
import { dataError, expiredToken } from '../data/data-errors.ts';
import { consentEndOf, type Grant } from './grant.ts';
import type { SimulatorRequest, World } from '../world.ts';

/** Whose call it is, or the answer that ends it. */
export type BearerCheck =
  | { readonly ok: true; readonly grant: Grant; readonly bank: Bank }
  | { readonly ok: false; readonly answer: Answer; readonly credentialsId: string | null };

/**
 * Checks the bearer of a call. 401 comes from the token (no good, expired, followed by a newer
 * one), 403 from the consent (ended, revoked).
 */
export async function checkBearer(world: World, request: SimulatorRequest): Promise<BearerCheck> {
  const text = bearerOf(request);
  if (text === undefined) return refuse(dataError('unauthorized'), null);
  const now = nowOf(world.clock);
  const token = await readAccessToken(world.seals, text, now);
  if (!token.ok) {
    const { expiredAt } = token;
    return refuse(
      expiredAt === undefined ? dataError('unauthorized') : expiredToken(expiredAt),
      null,
    );
  }
  const { grant } = token;
  const { credentialsId } = grant;
  world.memory.noteGrant(grant);
  const revocation = world.memory.revocationOf(credentialsId);
  if (revocation === 'deleted-by-client' || grant.clientId !== world.client.id) {
    return refuse(dataError('unauthorized'), credentialsId);
  }
  if (!world.memory.isNewest(credentialsId, token.id, token.issuedAtSeconds)) {
    return refuse(dataError('unauthorized'), credentialsId);
  }
  const bank = world.banks.find(grant.providerId);
  if (bank === undefined || revocation !== undefined || now >= consentEndOf(grant, bank)) {
    return refuse(dataError('access_denied'), credentialsId);
  }
  return { ok: true, grant, bank };
}

/** The token of an `Authorization: Bearer` header. */
export function bearerOf(request: SimulatorRequest): string | undefined {
  return /^Bearer +(\S+)$/i.exec(request.headers['authorization'] ?? '')?.[1];
}

function refuse(answer: Answer, credentialsId: string | null): BearerCheck {
  return { ok: false, answer, credentialsId };
}
