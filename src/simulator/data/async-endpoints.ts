import { HOUR, nowOf } from '../../base/clock.ts';
import { uuidv7 } from '../../base/entropy.ts';
import { jsonAnswer, type Answer } from '../answer.ts';
import { reachBank } from './bank-calls.ts';
import type { BankQuestion, DataCall } from './data-call.ts';
import { dataError } from './data-errors.ts';
import type { Fault } from '../faults.ts';
import { orderNotices } from './results-notice.ts';
import { statusOf, type Task } from './tasks.ts';
import type { World } from '../world.ts';

/** How long results can be fetched. */
const RESULTS_LIFE = HOUR;

/**
 * Takes on a question: 202 with the address of its results. The bank is asked at this moment,
 * whenever its answer is fetched; what it refuses shows as a failed task.
 *
 * @param fault - what was ordered to happen to the task or to its notice
 * @param folder - the path below which results are fetched
 */
export async function startTask(
  call: DataCall,
  question: BankQuestion,
  fault: Fault | undefined,
  folder = '/data/v1/results',
): Promise<Answer> {
  const { bank, grant, request, world } = call;
  const now = nowOf(world.clock);
  const view = { now, version: world.edits.version };
  const refusal =
    fault?.task === 'failed' ? dataError('provider_error') : reachBank(call, question.endpoint);
  const id = uuidv7(world.entropy, now);
  const runsFrom = now.getTime() + world.settings.queuedMilliseconds;
  const endsAt = fault?.task === 'stuck' ? Infinity : runsFrom + bank.latencyMilliseconds;
  const task: Task = {
    id,
    credentialsId: grant.credentialsId,
    path: `${folder}/${id}`,
    runsFrom,
    endsAt,
    expiresAt: endsAt + (fault?.task === 'expired' ? 0 : RESULTS_LIFE),
    answer: () => refusal ?? question.ask(view, id),
  };
  world.tasks.keep(task);
  const uri = request.query.get('webhook_uri') ?? undefined;
  if (uri !== undefined) await orderNotices(world, task, uri, request, fault);
  return jsonAnswer(202, waiting(world, task, 'Queued'));
}

/** The answer of a results address to whoever started the task; nobody else finds it. */
export function answerResults(world: World, credentialsId: string, path: string): Answer {
  const task = world.tasks.find(path);
  const now = world.clock.now();
  if (task === undefined || task.credentialsId !== credentialsId || now >= task.expiresAt) {
    return jsonAnswer(404, { error: 'not_found', error_description: 'No results are kept here.' });
  }
  const status = statusOf(task, world.clock);
  if (status === 'Queued' || status === 'Running') {
    return jsonAnswer(200, waiting(world, task, status));
  }
  const answer = task.answer();
  if (status === 'Succeeded') return answer;
  const error = JSON.parse(answer.body) as Record<string, unknown>;
  return jsonAnswer(200, { ...error, status, task_id: task.id });
}

function waiting(world: World, task: Task, status: string): Readonly<Record<string, string>> {
  return { results_uri: `${world.url}${task.path}`, status, task_id: task.id };
}
