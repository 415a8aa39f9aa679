import { z } from 'zod';
import { nowOf } from '../../base/clock.ts';
import { uuidv7 } from '../../base/entropy.ts';
import { jsonAnswer, withHeaders, type Answer } from '../answer.ts';
import type { AuthAnswer } from './auth-errors.ts';
import type { Bank } from '../banks/bank.ts';
import { beginRenewal, dialogUrl } from './dialog-progress.ts';
import type { Grant } from './grant.ts';
import { issueTokens } from './issue.ts';
import { PERSON, readBody, RETURN, returnOf, TEXT, type BodyFault } from './json-body.ts';
import { renewalOf } from './renewal.ts';
import { userOf } from '../people/users.ts';
import type { SimulatorRequest, World } from '../world.ts';

/** Where connections are extended: beside the Data API and not below it. */
export const EXTEND_PATH = '/connections/extend';

const EXTENSION = z.object({
  ...RETURN,
  user_has_reconfirmed_consent: z.boolean(),
  client_id: TEXT,
  client_secret: TEXT,
  user: PERSON,
  refresh_token: TEXT,
});

/**
 * `POST /connections/extend`: lets a connection go on under the same id. What must happen first
 * depends on the user: nothing at all, a login at the bank, or, where the app has not asked for
 * their consent again, the permissions and then the login.
 *
 * Tokens from before stay what they were: the refresh token is good until its own end, or until
 * the new one is used; the access token ends when a new one is issued.
 */
export async function answerExtend(world: World, request: SimulatorRequest): Promise<AuthAnswer> {
  const read = readBody(EXTENSION, request);
  if (!read.ok) return refuse(invalidBody(world, read.faults));
  const { body } = read;
  const { client, settings } = world;
  if (!client.redirectUris.includes(body.redirect_uri)) {
    return refuse(invalidBody(world, [{ path: ['redirect_uri'], kind: 'invalid' }]));
  }
  if (body.client_id !== client.id || body.client_secret !== settings.clientSecret) {
    return refuse(problem(world, 401, 'Unauthorized', { detail: 'Client credentials invalid.' }));
  }
  const renewal = renewalOf(world, body.refresh_token);
  if (renewal.kind === 'unknown-token') {
    const detail = 'Refresh token missing or invalid.';
    return refuse(problem(world, 401, 'Unauthorized', { detail }));
  }
  if (renewal.kind === 'impossible') {
    const detail = 'This connection cannot be extended';
    const answer = problem(world, 422, 'No way to extend this connection', { detail });
    return { answer, credentialsId: renewal.credentialsId };
  }
  const { bank, grant } = renewal;
  const { credentialsId } = grant;
  const isReconfirmed = body.user_has_reconfirmed_consent;
  if (isReconfirmed && userOf(grant.user).extendsWithoutLogin) {
    return { answer: await extendAtOnce(world, grant, bank), credentialsId };
  }
  const progress = beginRenewal(world, grant, returnOf(body), isReconfirmed);
  const answer = jsonAnswer(200, {
    action_needed: isReconfirmed ? 'authentication_needed' : 'reconfirmation_of_consent_needed',
    user_input_link: dialogUrl(world, progress),
  });
  return { answer, credentialsId };
}

/** The consent runs anew. Nobody authenticated, so the bank opens no new window on old rows. */
async function extendAtOnce(world: World, before: Grant, bank: Bank): Promise<Answer> {
  const grant = { ...before, consentedAt: nowOf(world.clock) };
  const generation = world.memory.refreshUses.firstGeneration(grant);
  const { scope: _scope, ...tokens } = await issueTokens(world, { grant, generation }, bank);
  return jsonAnswer(200, { action_needed: 'no_action_needed', ...tokens });
}

function invalidBody(world: World, faults: readonly BodyFault[]): Answer {
  const errors: Record<string, string[]> = {};
  for (const { path, kind } of faults) {
    const name = path.map(pascalCase).join('.');
    errors[name] = [`The ${name} field is ${kind}.`];
  }
  return problem(world, 400, 'One or more validation errors occurred.', { errors });
}

/** @see https://www.rfc-editor.org/rfc/rfc7807 unlike all other errors of TrueLayer */
function problem(
  world: World,
  status: number,
  title: string,
  more: { readonly detail?: string; readonly errors?: Readonly<Record<string, string[]>> },
): Answer {
  const answer = jsonAnswer(status, {
    type: 'https://docs.truelayer.com/#connection-api-errors',
    title,
    status,
    ...more,
    instance: EXTEND_PATH,
    trace_id: uuidv7(world.entropy, nowOf(world.clock)),
  });
  return withHeaders(answer, { 'Content-Type': 'application/problem+json; charset=utf-8' });
}

/** `client_id` as `ClientId`: these errors name fields as the server's own code does. */
function pascalCase(name: string): string {
  return name
    .split('_')
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join('');
}

function refuse(answer: Answer): AuthAnswer {
  return { answer, credentialsId: null };
}
