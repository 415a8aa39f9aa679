import { setTimeout as pause } from 'node:timers/promises';
import { nowOf } from '../../base/clock.ts';
import { emptyAnswer, withHeaders, type Answer } from '../answer.ts';
import { ANSWER_LIFE, reachBank } from './bank-calls.ts';
import { answerBatch } from './batch.ts';
import { checkBearer } from '../auth/bearer.ts';
import { lackOf, results, windowRefusal, type BankQuestion, type DataCall } from './data-call.ts';
import { DATA_PATH, dataError, type DataErrorCode } from './data-errors.ts';
import type { Fault } from '../faults.ts';
import { consentEndOf } from '../auth/grant.ts';
import { listHoldings, readHolding } from './holdings-endpoints.ts';
import type { View } from '../people/ledger.ts';
import { answerResults, startTask } from './async-endpoints.ts';
import { ERROR_USERS } from '../people/users.ts';
import { writeInstant } from './wire-time.ts';
import type { Wire } from './wire.ts';
import type { SimulatorRequest, World } from '../world.ts';

/** The answer of a call and the connection it was about. */
export interface DataAnswer {
  readonly answer: Answer;
  readonly credentialsId: string | null;
}

/**
 * Answers a call to the Data API.
 *
 * @param fault - what was ordered to happen to the task that the call starts
 */
export async function answerData(
  world: World,
  request: SimulatorRequest,
  fault: Fault | undefined,
): Promise<DataAnswer> {
  const check = await checkBearer(world, request);
  if (!check.ok) return check;
  const { bank, grant } = check;
  const holdings = world.ledgers.holdingsOf(grant.user, bank.id);
  const call: DataCall = { world, request, grant, bank, holdings };
  return { answer: await answerCall(call, fault), credentialsId: grant.credentialsId };
}

async function answerCall(call: DataCall, fault: Fault | undefined): Promise<Answer> {
  const { request, world } = call;
  const path = request.path.slice(DATA_PATH.length);
  const failure = ERROR_USERS.get(call.grant.user);
  if (request.method === 'POST' && path === 'batch/transactions') {
    return failure === undefined
      ? answerBatch(call, fault)
      : dataError(failure[1] as DataErrorCode);
  }
  if (request.method !== 'GET') return emptyAnswer(405);
  if (path.startsWith('results/') || path.startsWith('batch/results/')) {
    return answerResults(world, call.grant.credentialsId, request.path);
  }
  if (failure !== undefined) return dataError(failure[1] as DataErrorCode);
  if (path === 'me') return results([me(call)]);
  const question = questionOf(call, path);
  if ('status' in question) return question;
  // There is no asynchronous mode for the holder's name.
  if (request.query.get('async') === 'true' && call.bank.asynchronous && path !== 'info') {
    return startTask(call, question, fault);
  }
  const key = `${call.grant.credentialsId} ${request.path}?${request.query}`;
  const known = world.bankCalls.answered(key);
  const again = known === undefined ? undefined : question.ask(known);
  // A bank whose character has changed since may refuse: then it is asked anew.
  if (known !== undefined && again?.status === 200) {
    return fromCache(again, known, nowOf(world.clock));
  }
  const refusal = reachBank(call, question.endpoint);
  if (refusal !== undefined) return refusal;
  if (world.settings.latency) {
    await pause(call.bank.latencyMilliseconds, undefined, { signal: world.closing });
  }
  const view = { now: nowOf(world.clock), version: world.edits.version };
  const answer = question.ask(view);
  if (answer.status !== 200) return answer;
  world.bankCalls.noteAnswer(key, view);
  return fromCache(answer, view, view.now);
}

function questionOf(call: DataCall, path: string): Answer | BankQuestion {
  const [kind = '', id, ...rest] = path.split('/');
  if (path === 'info') {
    const ask = (view: View) => windowRefusal(call, 'info', view.now) ?? results(info(call, view));
    return lackOf(call, 'info') ?? { endpoint: '/info', ask };
  }
  if (kind !== 'accounts' && kind !== 'cards') return emptyAnswer(404);
  return id === undefined ? listHoldings(call, kind) : readHolding(call, kind, id, rest.join('/'));
}

/** An answer with how old it is, and how long it will be given to the same request. */
function fromCache(answer: Answer, view: View, now: Date): Answer {
  const age = now.getTime() - view.now.getTime();
  return withHeaders(answer, {
    'Cache-Control': `max-age=${Math.ceil((ANSWER_LIFE - age) / 1000)}`,
    'Last-Modified': view.now.toUTCString(),
  });
}

function me({ world, grant, bank }: DataCall): Wire {
  const consented = grant.consentedAt.toISOString();
  return {
    client_id: grant.clientId,
    credentials_id: grant.credentialsId,
    consent_status: 'Authorised',
    consent_status_updated_at: consented,
    consent_created_at: consented,
    consent_expires_at: consentEndOf(grant, bank).toISOString(),
    provider: {
      display_name: bank.name,
      logo_uri: `${world.url}/logos/${bank.id}.svg`,
      provider_id: bank.id,
    },
    scopes: grant.scopes,
    privacy_policy: 'Feb2019',
  };
}

/** Who holds the accounts: both holders where one of the accounts is joint. */
function info({ grant, holdings }: DataCall, { now }: View): readonly Wire[] {
  const isJoint = holdings.accounts.some(
    ({ key, role }) => role === 'joint' && grant.accountKeys.includes(key),
  );
  const names = [holdings.user.fullName, ...(isJoint ? ['Alex Doe'] : [])];
  return names.map((name) => ({ full_name: name, update_timestamp: writeInstant(now) }));
}
