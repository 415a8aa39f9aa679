import { z } from 'zod';
import { jsonAnswer, type Answer } from '../answer.ts';
import { invalidRequest, unauthorizedClient, type AuthAnswer } from './auth-errors.ts';
import { faultOfRequest, type AuthRequest } from './auth-request.ts';
import { beginDialog, beginRenewal, dialogUrl, type Progress } from './dialog-progress.ts';
import { words } from '../fields.ts';
import {
  MAYBE_TEXT,
  PERSON,
  readBody,
  RETURN,
  returnOf,
  TEXT,
  type BodyFault,
} from './json-body.ts';
import { BRANCH_FIELD } from './providers-endpoint.ts';
import { renewalOf } from './renewal.ts';
import type { SimulatorRequest, World } from '../world.ts';

const SHA = {
  response_type: z.literal('code'),
  code_challenge_method: z.literal('S256').nullish(),
};

const AUTH_INPUT = z.record(z.string(), z.string());

const DIRECT_LINK = z
  .object({
    ...RETURN,
    ...SHA,
    client_id: TEXT,
    scope: TEXT,
    consent_id: TEXT,
    provider_id: TEXT,
    user: PERSON.nullish(),
    data_use_description: MAYBE_TEXT,
    // A list by its type in the documents, one object by the example beside it.
    auth_inputs: z.union([z.array(AUTH_INPUT), AUTH_INPUT]).nullish(),
    tracking_id: MAYBE_TEXT,
  })
  .refine(namesMethod, { path: ['code_challenge_method'] });

const RENEWAL_LINK = z
  .object({ ...RETURN, ...SHA, refresh_token: TEXT })
  .refine(namesMethod, { path: ['code_challenge_method'] });

/**
 * `POST /v1/authuri`: a link to the login of one bank. The app has shown the permissions itself,
 * as `consent_id` says. For whatever is wrong with the request the documents know 401 alone.
 */
export function answerAuthUri(world: World, request: SimulatorRequest): AuthAnswer {
  const read = readBody(DIRECT_LINK, request);
  if (!read.ok) return refuse(invalidBody(read.faults));
  const { body } = read;
  if (body.client_id !== world.client.id || !isRegistered(world, body.redirect_uri)) {
    return refuse(unauthorizedClient());
  }
  const inputs: Readonly<Record<string, string>> = Object.assign(
    {},
    ...[body.auth_inputs ?? []].flat(),
  );
  const link: AuthRequest = {
    ...returnOf(body),
    clientId: body.client_id,
    scopes: [...new Set(words(body.scope))],
    providers: [],
    disabledProviders: [],
    accesses: [],
    providerId: body.provider_id,
    branch: inputs[BRANCH_FIELD] ?? null,
    consentId: body.consent_id,
    trackingId: body.tracking_id ?? null,
  };
  const fault = faultOfRequest(link, world.banks);
  if (fault !== undefined) return refuse(invalidRequest(401, fault.description));
  return { answer: linkAnswer(world, beginDialog(world, link)), credentialsId: null };
}

/**
 * `POST /v1/reauthuri`: a link to the bank's login, after which the same connection goes on. The
 * refresh token alone says whose it is.
 */
export function answerReauthUri(world: World, request: SimulatorRequest): AuthAnswer {
  const read = readBody(RENEWAL_LINK, request);
  if (!read.ok) return refuse(invalidBody(read.faults));
  const { body } = read;
  if (!isRegistered(world, body.redirect_uri)) return refuse(unauthorizedClient());
  const renewal = renewalOf(world, body.refresh_token);
  if (renewal.kind !== 'possible') {
    const credentialsId = renewal.kind === 'impossible' ? renewal.credentialsId : null;
    return { answer: invalidRequest(401, 'Invalid refresh_token'), credentialsId };
  }
  const { grant } = renewal;
  const progress = beginRenewal(world, grant, returnOf(body), true);
  return { answer: linkAnswer(world, progress), credentialsId: grant.credentialsId };
}

function namesMethod(body: {
  readonly code_challenge?: string | null | undefined;
  readonly code_challenge_method?: string | null | undefined;
}): boolean {
  return !body.code_challenge || body.code_challenge_method === 'S256';
}

function isRegistered(world: World, redirectUri: string): boolean {
  return world.client.redirectUris.includes(redirectUri);
}

function linkAnswer(world: World, progress: Progress): Answer {
  return jsonAnswer(200, { result: dialogUrl(world, progress), success: true });
}

function invalidBody(faults: readonly BodyFault[]): Answer {
  const texts = faults.map(({ path, kind }) => `${path.join('.')} is ${kind}`);
  return invalidRequest(401, texts.join(', '));
}

function refuse(answer: Answer): AuthAnswer {
  return { answer, credentialsId: null };
}
