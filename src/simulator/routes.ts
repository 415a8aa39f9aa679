import type { Answer } from './answer.ts';
import { answerAuth } from './auth/auth-routes.ts';
import { answerData } from './data/data-endpoints.ts';
import { DATA_PATH } from './data/data-errors.ts';
import type { Fault } from './faults.ts';
import type { SimulatorRequest, World } from './world.ts';

/** An answer and the connection it was about. */
export interface Served {
  readonly answer: Answer;
  readonly credentialsId: string | null;
}

/**
 * Gives a request to whoever answers it.
 *
 * @param fault - what was ordered to happen to the task that it starts
 */
export async function serve(
  world: World,
  request: SimulatorRequest,
  fault: Fault | undefined,
): Promise<Served> {
  if (request.path.startsWith(DATA_PATH)) return answerData(world, request, fault);
  return answerAuth(world, request);
}
