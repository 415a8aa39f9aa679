import { createHash } from 'node:crypto';
import { HOUR, later, nowOf, SECOND } from '../../base/clock.ts';
import { issueClientToken } from './access-token.ts';
import { jsonAnswer } from '../answer.ts';
import { tokenError, type AuthAnswer } from './auth-errors.ts';
import { readFields, words, type Fields } from '../fields.ts';
import { CODE_LIFE_MILLISECONDS, consentEndOf, openCode, openRefreshToken } from './grant.ts';
import { issueTokens } from './issue.ts';
import type { SimulatorRequest, World } from '../world.ts';

/** `POST /connect/token`: gives an access token for a code, a refresh token or the client itself. */
export async function answerToken(world: World, request: SimulatorRequest): Promise<AuthAnswer> {
  const fields = await readFields(request);
  if (fields === undefined) return refuse('invalid_request');
  const { client, settings } = world;
  if (
    fields.get('client_id') !== client.id ||
    fields.get('client_secret') !== settings.clientSecret
  ) {
    return refuse('invalid_client');
  }
  switch (fields.get('grant_type')) {
    case 'authorization_code':
      return exchangeCode(world, fields);
    case 'refresh_token':
      return refresh(world, fields);
    case 'client_credentials':
      return identifyClient(world, fields);
    default:
      return refuse('invalid_request');
  }
}

async function exchangeCode(world: World, fields: Fields): Promise<AuthAnswer> {
  const code = openCode(world.seals, fields.get('code') ?? '');
  const now = nowOf(world.clock);
  if (code === undefined || now > later(code.issuedAt, CODE_LIFE_MILLISECONDS)) {
    return refuse('invalid_authorization_code');
  }
  const { flow, grant } = code;
  const { credentialsId, clientId, consentId, providerId } = grant;
  // Used up by the first try, also by one that fails below: nobody gets to guess verifiers.
  if (!world.memory.useCode(code)) return refuse('invalid_authorization_code', credentialsId);
  const bank = world.banks.find(providerId);
  const isGood =
    clientId === world.client.id &&
    fields.get('redirect_uri') === code.redirectUri &&
    provesChallenge(code.codeChallenge, fields.get('code_verifier')) &&
    // A connection can be deleted while its user is away to renew it.
    world.memory.revocationOf(credentialsId) === undefined;
  if (!isGood || bank === undefined) return refuse('invalid_grant', credentialsId);
  world.memory.trackedEvents.note(flow, 'code_exchanged', { providerId, credentialsId, consentId });
  const generation = world.memory.refreshUses.firstGeneration(grant);
  const tokens = await issueTokens(world, { grant, generation }, bank);
  return { answer: jsonAnswer(200, tokens), credentialsId };
}

async function refresh(world: World, fields: Fields): Promise<AuthAnswer> {
  const token = openRefreshToken(world.seals, fields.get('refresh_token') ?? '');
  if (token === undefined) return refuse('invalid_grant');
  const { grant } = token;
  const { credentialsId } = grant;
  const bank = world.banks.find(grant.providerId);
  const isGood =
    grant.clientId === world.client.id &&
    world.memory.revocationOf(credentialsId) === undefined &&
    bank !== undefined &&
    nowOf(world.clock) < consentEndOf(grant, bank) &&
    world.memory.refreshUses.use(token);
  if (!isGood) return refuse('invalid_grant', credentialsId);
  const step = world.settings.rotateRefreshTokens ? 1 : 0;
  const next = { grant, generation: token.generation + step };
  return { answer: jsonAnswer(200, await issueTokens(world, next, bank)), credentialsId };
}

/** What TrueLayer's own products take; here it opens the tracked events and no bank data. */
async function identifyClient(world: World, fields: Fields): Promise<AuthAnswer> {
  const scopes = words(fields.get('scope') ?? null);
  if (scopes.length === 0) return refuse('invalid_request');
  const life = HOUR / SECOND;
  const { text } = await issueClientToken(world, scopes, life);
  const answer = jsonAnswer(200, {
    access_token: text,
    expires_in: life,
    token_type: 'Bearer',
    scope: scopes.join(' '),
  });
  return { answer, credentialsId: null };
}

function provesChallenge(challenge: string | undefined, verifier: string | undefined): boolean {
  if (challenge === undefined) return true;
  return (
    createHash('sha256')
      .update(verifier ?? '')
      .digest('base64url') === challenge
  );
}

function refuse(error: string, credentialsId: string | null = null): AuthAnswer {
  return { answer: tokenError(error), credentialsId };
}
