import { createHash } from 'node:crypto';
import { later, nowOf } from '../base/clock.ts';
import { issueAccessToken, readAccessToken } from './access-token.ts';
import { emptyAnswer, jsonAnswer, type Answer } from './answer.ts';
import { findBank } from './banks.ts';
import { bearerOf } from './bearer.ts';
import { readFields } from './fields.ts';
import {
  CODE_LIFE_MILLISECONDS,
  consentEndOf,
  openCode,
  openRefreshToken,
  sealRefreshToken,
  type Grant,
} from './grant.ts';
import type { SimulatorRequest, World } from './world.ts';

/** An answer of the auth server and the connection it was about. */
export interface AuthAnswer {
  readonly answer: Answer;
  readonly credentialsId: string | null;
}

/** `POST /connect/token`: exchanges a code, or a refresh token, for an access token. */
export async function answerToken(world: World, request: SimulatorRequest): Promise<AuthAnswer> {
  const fields = readFields(request);
  if (fields === undefined) return refuse('invalid_request');
  const { client } = world;
  if (fields.get('client_id') !== client.id || fields.get('client_secret') !== client.secret) {
    return refuse('invalid_client');
  }
  switch (fields.get('grant_type')) {
    case 'authorization_code':
      return exchangeCode(world, fields);
    case 'refresh_token':
      return refresh(world, fields);
    default:
      return refuse('invalid_request');
  }
}

/**
 * `DELETE /api/delete`: ends the connection of the bearer. It says nothing about tokens that are
 * no good, so that repeating it is safe.
 */
export async function answerDelete(world: World, request: SimulatorRequest): Promise<AuthAnswer> {
  const text = bearerOf(request);
  const token =
    text === undefined ? undefined : await readAccessToken(world.seals, text, nowOf(world.clock));
  if (token === undefined || !token.ok) {
    const answer = jsonAnswer(401, {
      error_description: 'Unauthorized.',
      error: 'unauthorized',
      error_details: { reason: 'Invalid token' },
    });
    return { answer, credentialsId: null };
  }
  const { credentialsId } = token.grant;
  world.memory.revoke(credentialsId, 'deleted-by-client');
  return { answer: emptyAnswer(200), credentialsId };
}

async function exchangeCode(world: World, fields: Fields): Promise<AuthAnswer> {
  const code = openCode(world.seals, fields.get('code') ?? '');
  const now = nowOf(world.clock);
  if (code === undefined || now > later(code.issuedAt, CODE_LIFE_MILLISECONDS)) {
    return refuse('invalid_authorization_code');
  }
  const { credentialsId, clientId } = code.grant;
  // Used up by the first try, also by one that fails below: nobody gets to guess verifiers.
  if (!world.memory.useCode(code)) return refuse('invalid_authorization_code', credentialsId);
  const isOwn = clientId === world.client.id && fields.get('redirect_uri') === code.redirectUri;
  if (!isOwn || !provesChallenge(code.codeChallenge, fields.get('code_verifier'))) {
    return refuse('invalid_grant', credentialsId);
  }
  return grantTokens(world, code.grant, now);
}

async function refresh(world: World, fields: Fields): Promise<AuthAnswer> {
  const grant = openRefreshToken(world.seals, fields.get('refresh_token') ?? '');
  if (grant === undefined) return refuse('invalid_grant');
  const now = nowOf(world.clock);
  const { credentialsId } = grant;
  const isDead =
    grant.clientId !== world.client.id ||
    now >= consentEndOf(grant) ||
    world.memory.revocationOf(credentialsId) !== undefined ||
    !world.memory.useRefreshToken(grant);
  return isDead ? refuse('invalid_grant', credentialsId) : grantTokens(world, grant, now);
}

async function grantTokens(world: World, grant: Grant, now: Date): Promise<AuthAnswer> {
  const { credentialsId } = grant;
  const bank = findBank(grant.providerId);
  if (bank === undefined) return refuse('invalid_grant', credentialsId);
  const life = bank.accessTokenSeconds;
  const token = await issueAccessToken(world.seals, grant, world.url, life, now);
  world.memory.noteToken(credentialsId, token.id, token.issuedAtSeconds);
  const answer = jsonAnswer(200, {
    access_token: token.text,
    expires_in: life,
    token_type: 'Bearer',
    ...(grant.scopes.includes('offline_access')
      ? { refresh_token: sealRefreshToken(world.seals, grant) }
      : {}),
    scope: grant.scopes.join(' '),
  });
  return { answer, credentialsId };
}

type Fields = ReadonlyMap<string, string>;

function provesChallenge(challenge: string | undefined, verifier: string | undefined): boolean {
  if (challenge === undefined) return true;
  return (
    createHash('sha256')
      .update(verifier ?? '')
      .digest('base64url') === challenge
  );
}

function refuse(error: string, credentialsId: string | null = null): AuthAnswer {
  // The real answer has the code alone, without a description.
  return { answer: jsonAnswer(400, { error }), credentialsId };
}
