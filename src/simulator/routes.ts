import { setTimeout as pause } from 'node:timers/promises';
import { MINUTE, nowOf } from '../base/clock.ts';
import { randomText, systemEntropy } from '../base/entropy.ts';
import { emptyAnswer, withHeaders, type Answer } from './answer.ts';
import { answerData, DATA_PATH } from './data-endpoints.ts';
import { continueDialog, DIALOG_PATH, openDialog, searchBanks } from './dialog.ts';
import { faultAnswer, type Fault } from './faults.ts';
import { answerLogo } from './logos.ts';
import { answerProviders } from './providers-endpoint.ts';
import { subjectOf } from './subject.ts';
import { answerDelete, answerToken, type AuthAnswer } from './token-endpoint.ts';
import type { SimulatorRequest, World } from './world.ts';

/** What the server does with a request: answer it, or cut the line. */
export type Outcome = Answer | 'reset';

/** How real time passes: waits end early when the simulator closes. */
export interface Pace {
  readonly signal: AbortSignal;
  /** True: each Data API call takes as long as its bank does. */
  readonly latency: boolean;
}

/** Answers one request, faults first, and writes it into the journal. */
export async function answer(
  world: World,
  request: SimulatorRequest,
  pace: Pace,
): Promise<Outcome> {
  const at = nowOf(world.clock);
  const fault = await world.faults.take(
    request.path,
    async () => (await subjectOf(world, request))?.providerId,
  );
  const met = fault === undefined ? undefined : await meet(world, request, fault, pace);
  const { outcome, credentialsId } = met ?? (await serve(world, request, pace));
  const correlationId = randomText(systemEntropy, 16);
  world.journal.add({
    at,
    method: request.method,
    path: request.path,
    query: shownQuery(request),
    credentialsId,
    status: outcome === 'reset' ? 0 : outcome.status,
    correlationId,
    clientCorrelationId: request.headers['x-client-correlation-id'] ?? null,
    attended: request.headers['x-psu-ip'] !== undefined,
  });
  if (outcome === 'reset') return outcome;
  return withHeaders(outcome, {
    'X-TL-Correlation-Id': correlationId,
    'X-Request-Id': correlationId,
    Date: nowOf(world.clock).toUTCString(),
  });
}

interface Served {
  readonly outcome: Outcome;
  readonly credentialsId: string | null;
}

/** Lets a fault happen; undefined if it only took time and the request goes on. */
async function meet(
  world: World,
  request: SimulatorRequest,
  fault: Fault,
  pace: Pace,
): Promise<Served | undefined> {
  const delay = Math.min(Math.max(fault.delayMilliseconds ?? 0, 0), MINUTE);
  if (delay > 0) await pause(delay, undefined, { signal: pace.signal });
  const outcome = fault.reset === true ? 'reset' : faultAnswer(fault);
  if (outcome === undefined) return undefined;
  const credentialsId = (await subjectOf(world, request))?.credentialsId ?? null;
  return { outcome, credentialsId };
}

async function serve(world: World, request: SimulatorRequest, pace: Pace): Promise<Served> {
  const { method, path, query } = request;
  if (path.startsWith(DATA_PATH)) {
    const served = await answerData(world, request, pace.latency ? pace : undefined);
    return { outcome: served.answer, credentialsId: served.credentialsId };
  }
  switch (`${method} ${path}`) {
    case 'GET /':
      return withoutSubject(openDialog(world, query));
    case `GET ${DIALOG_PATH}`:
      return withoutSubject(searchBanks(world, query));
    case `POST ${DIALOG_PATH}`:
      return withoutSubject(continueDialog(world, request));
    case 'POST /connect/token':
      return fromAuth(await answerToken(world, request));
    case 'DELETE /api/delete':
      return fromAuth(await answerDelete(world, request));
    case 'GET /api/providers':
      return withoutSubject(answerProviders(world, request));
    default:
      return withoutSubject(method === 'GET' ? answerLogo(path) : emptyAnswer(404));
  }
}

function withoutSubject(outcome: Outcome): Served {
  return { outcome, credentialsId: null };
}

function fromAuth({ answer: outcome, credentialsId }: AuthAnswer): Served {
  return { outcome, credentialsId };
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
