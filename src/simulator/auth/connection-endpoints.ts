import { nowOf } from '../../base/clock.ts';
import { readAccessToken } from './access-token.ts';
import { emptyAnswer, jsonAnswer } from '../answer.ts';
import { invalidRequest, invalidToken, type AuthAnswer } from './auth-errors.ts';
import { bearerOf } from './bearer.ts';
import { readFields } from '../fields.ts';
import { consentEndOf, type Grant } from './grant.ts';
import type { SimulatorRequest, World } from '../world.ts';

/**
 * `DELETE /api/delete`: ends the connection of the bearer. It says nothing about tokens that are
 * dead but once were good, so that repeating it is safe.
 */
export async function answerDelete(world: World, request: SimulatorRequest): Promise<AuthAnswer> {
  const grant = await grantIn(world, bearerOf(request));
  if (grant === undefined) return { answer: invalidToken(), credentialsId: null };
  const { credentialsId } = grant;
  world.memory.revoke(credentialsId, 'deleted-by-client');
  return { answer: emptyAnswer(200), credentialsId };
}

/**
 * `POST` and `DELETE /api/debug`: the id under which TrueLayer's support finds a connection. It
 * follows from the connection, so that there is nothing to keep and nothing to delete. The
 * documents show a body for POST alone and no bearer for either; both methods take both.
 */
export async function answerDebug(world: World, request: SimulatorRequest): Promise<AuthAnswer> {
  const fields = await readFields(request);
  const grant = await grantIn(world, fields?.get('access_token') ?? bearerOf(request));
  if (grant === undefined) return { answer: invalidToken(), credentialsId: null };
  const { credentialsId, providerId } = grant;
  const bank = world.banks.find(providerId);
  const isAlive =
    bank !== undefined &&
    nowOf(world.clock) < consentEndOf(grant, bank) &&
    world.memory.revocationOf(credentialsId) === undefined;
  if (!isAlive) return { answer: invalidRequest(400, 'Consent expired or revoked'), credentialsId };
  const label = Buffer.from(credentialsId).toString('base64').replaceAll('=', '');
  const answer = jsonAnswer(200, {
    credentials_id: credentialsId,
    debug_id: `${providerId}|${label}`,
    provider_id: providerId,
  });
  return { answer, credentialsId };
}

async function grantIn(world: World, text: string | undefined): Promise<Grant | undefined> {
  const token = await readAccessToken(world.seals, text ?? '', nowOf(world.clock));
  return token.ok && token.grant.clientId === world.client.id ? token.grant : undefined;
}
