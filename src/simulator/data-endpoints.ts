import { setTimeout as pause } from 'node:timers/promises';
import { nowOf } from '../base/clock.ts';
import { emptyAnswer, withHeaders, type Answer } from './answer.ts';
import { findBank } from './banks.ts';
import { checkBearer } from './bearer.ts';
import { lackOf, results, type DataCall } from './data-call.ts';
import { dataError, type DataErrorCode } from './data-errors.ts';
import { consentEndOf } from './grant.ts';
import { listHoldings, readHolding } from './holdings-endpoints.ts';
import { ERROR_USERS, userOf } from './users.ts';
import { writeInstant } from './wire-time.ts';
import type { Wire } from './wire.ts';
import type { SimulatorRequest, World } from './world.ts';

/** The answer of a call and the connection it was about. */
export interface DataAnswer {
  readonly answer: Answer;
  readonly credentialsId: string | null;
}

/** Everything below this path is the Data API. */
export const DATA_PATH = '/data/v1/';

/**
 * Answers a call to the Data API.
 *
 * @param pace - what to wait in real time before the bank's answer; undefined for at once
 */
export async function answerData(
  world: World,
  request: SimulatorRequest,
  pace: { readonly signal: AbortSignal } | undefined,
): Promise<DataAnswer> {
  if (request.method !== 'GET') return { answer: emptyAnswer(405), credentialsId: null };
  const check = await checkBearer(world, request);
  if (!check.ok) return check;
  const { grant } = check;
  const bank = findBank(grant.providerId);
  if (bank === undefined) {
    return { answer: dataError('access_denied'), credentialsId: grant.credentialsId };
  }
  if (pace !== undefined) await pause(bank.latencyMilliseconds, undefined, pace);
  const call: DataCall = { world, request, grant, bank, now: nowOf(world.clock) };
  const headers = { 'X-Credentials-Id': grant.credentialsId };
  return {
    answer: withHeaders(failureOf(call) ?? route(call), headers),
    credentialsId: grant.credentialsId,
  };
}

function failureOf(call: DataCall): Answer | undefined {
  const failure = ERROR_USERS.get(call.grant.user);
  if (failure !== undefined) return dataError(failure[1] as DataErrorCode);
  if (call.request.query.get('async') === 'true') return dataError('validation_error');
  return undefined;
}

function route(call: DataCall): Answer {
  const [kind = '', id, ...rest] = call.request.path.slice(DATA_PATH.length).split('/');
  if (kind === 'me' && id === undefined) return results([me(call)]);
  if (kind === 'info' && id === undefined) return lackOf(call, 'info') ?? results([info(call)]);
  if (kind === 'accounts' || kind === 'cards') {
    if (id === undefined) return listHoldings(call, kind);
    return readHolding(call, kind, id, rest.join('/'));
  }
  return emptyAnswer(404);
}

function me({ world, grant, bank }: DataCall): Wire {
  const consented = grant.consentedAt.toISOString();
  return {
    client_id: grant.clientId,
    credentials_id: grant.credentialsId,
    consent_status: 'Authorised',
    consent_status_updated_at: consented,
    consent_created_at: consented,
    consent_expires_at: consentEndOf(grant).toISOString(),
    provider: {
      display_name: bank.name,
      logo_uri: `${world.url}/logos/${bank.id}.svg`,
      provider_id: bank.id,
    },
    scopes: grant.scopes,
    privacy_policy: 'Feb2019',
  };
}

function info({ grant, now }: DataCall): Wire {
  return { full_name: userOf(grant.user).fullName, update_timestamp: writeInstant(now) };
}
