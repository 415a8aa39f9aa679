import { HOUR, SECOND } from '../../base/clock.ts';
import type { Fault } from '../faults.ts';
import { outcomeOf, type Task } from './tasks.ts';
import type { SimulatorRequest, World } from '../world.ts';

const TIMEOUT_MILLISECONDS = 10 * SECOND;
const LATE_MILLISECONDS_MAX = HOUR;

/**
 * Has the app told when a task has ended: once, or as was ordered. The notice says which task and
 * where its results are, never what they are, and nobody signs it.
 *
 * @returns when the answer may go out: before the notice, unless that was ordered to be early
 */
export async function orderNotices(
  world: World,
  task: Task,
  uri: string,
  request: SimulatorRequest,
  fault: Fault | undefined,
): Promise<void> {
  const order = fault?.webhook ?? 'once';
  const send = () => sendNotice(world, task, uri, request);
  if (order === 'never') return;
  if (order === 'early') return send();
  if (!Number.isFinite(task.endsAt)) return;
  const lateness =
    order === 'late' ? Math.min(fault?.lateMilliseconds ?? 30 * SECOND, LATE_MILLISECONDS_MAX) : 0;
  const times = order === 'twice' ? 2 : 1;
  const wait = Math.max(0, task.endsAt - world.clock.now()) + lateness;
  const timer = world.clock.setTimeout(() => {
    world.closing.removeEventListener('abort', forget);
    for (let time = 0; time < times; time += 1) void send();
  }, wait);
  const forget = () => world.clock.clearTimeout(timer);
  world.closing.addEventListener('abort', forget, { once: true });
}

async function sendNotice(
  world: World,
  task: Task,
  uri: string,
  request: SimulatorRequest,
): Promise<void> {
  try {
    const response = await fetch(uri, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      redirect: 'manual',
      signal: AbortSignal.any([world.closing, AbortSignal.timeout(TIMEOUT_MILLISECONDS)]),
      body: JSON.stringify({
        request_timestamp: new Date(world.clock.now()).toISOString(),
        request_uri: `${world.url}${request.path}?${request.query}`,
        results_uri: `${world.url}${task.path}`,
        credentials_id: task.credentialsId,
        task_id: task.id,
        status: outcomeOf(task),
      }),
    });
    await response.body?.cancel();
  } catch {
    // Whoever does not listen hears nothing: polling is there for that, and no bank calls twice.
  }
}
