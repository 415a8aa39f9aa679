import { setTimeout as pause } from 'node:timers/promises';
import { MINUTE, nowOf } from '../base/clock.ts';
import { randomText } from '../base/entropy.ts';
import { withHeaders, type Answer } from './answer.ts';
import { DATA_PATH } from './data/data-errors.ts';
import { faultAnswer, spoil, type Fault } from './faults.ts';
import { serve, type Served } from './routes.ts';
import { subjectOf } from './auth/subject.ts';
import type { SimulatorRequest, World } from './world.ts';

/** What the server does with a request: answer it, or cut the line. */
export type Outcome = Answer | 'reset';

/** Answers one request, faults first, and writes it into the journal. */
export async function respond(world: World, request: SimulatorRequest): Promise<Outcome> {
  const at = nowOf(world.clock);
  const fault = await world.faults.take({
    method: request.method,
    path: request.path,
    isAsync: request.query.get('async') === 'true' || request.path.endsWith('/batch/transactions'),
    subject: () => subjectOf(world, request),
  });
  const { answer, credentialsId } = await meet(world, request, fault);
  const correlationId = randomText(world.entropy, 16);
  world.journal.add({
    at,
    method: request.method,
    path: request.path,
    query: shownQuery(request),
    credentialsId,
    status: answer === 'reset' ? 0 : answer.status,
    correlationId,
    clientCorrelationId: request.headers['x-client-correlation-id'] ?? null,
    attended: request.headers['x-psu-ip'] !== undefined,
  });
  if (answer === 'reset') return answer;
  return withHeaders(answer, {
    ...(request.path.startsWith(DATA_PATH) ? dataHeaders(answer, credentialsId, world) : {}),
    'X-TL-Correlation-Id': correlationId,
    'X-Request-Id': correlationId,
    Date: nowOf(world.clock).toUTCString(),
  });
}

/** Which connection it was about, and how old the answer is where it does not say so itself. */
function dataHeaders(
  { headers }: Answer,
  credentialsId: string | null,
  { clock }: World,
): Readonly<Record<string, string>> {
  return {
    ...(credentialsId === null ? {} : { 'X-Credentials-Id': credentialsId }),
    'Last-Modified': headers['Last-Modified'] ?? nowOf(clock).toUTCString(),
  };
}

interface Met extends Omit<Served, 'answer'> {
  readonly answer: Outcome;
}

/** Answers with what was ordered to go wrong, if anything was. */
async function meet(
  world: World,
  request: SimulatorRequest,
  fault: Fault | undefined,
): Promise<Met> {
  if (fault === undefined) return serve(world, request, undefined);
  const delay = Math.min(Math.max(fault.delayMilliseconds ?? 0, 0), MINUTE);
  if (delay > 0) await pause(delay, undefined, { signal: world.closing });
  const answer = fault.reset === true ? 'reset' : faultAnswer(fault, request.path);
  if (answer === undefined) {
    const served = await serve(world, request, fault);
    return { ...served, answer: spoil(served.answer, fault) };
  }
  const credentialsId = (await subjectOf(world, request))?.credentialsId ?? null;
  return { answer, credentialsId };
}

/** Only what cannot hold a secret: the dialog's query has states and sealed progress. */
function shownQuery({ path, query }: SimulatorRequest): Readonly<Record<string, string>> {
  if (!path.startsWith(DATA_PATH)) return {};
  const shown = ['from', 'to', 'async'].flatMap((name) => {
    const value = query.get(name);
    return value === null ? [] : [[name, value.slice(0, 40)] as const];
  });
  return Object.fromEntries(shown);
}
