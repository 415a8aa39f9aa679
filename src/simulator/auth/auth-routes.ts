import { emptyAnswer, type Answer } from '../answer.ts';
import type { AuthAnswer } from './auth-errors.ts';
import { answerAuthUri, answerReauthUri } from './auth-uri.ts';
import { answerDebug, answerDelete } from './connection-endpoints.ts';
import { continueDialog, openDialog, showDialog } from './dialog.ts';
import { DIALOG_PATH } from './dialog-progress.ts';
import { answerDiscovery, answerKeys, DISCOVERY_PATH, KEYS_PATH } from './discovery.ts';
import { answerExtend, EXTEND_PATH } from './extend-endpoint.ts';
import { answerLogo } from '../banks/logos.ts';
import { answerProviders, PROVIDER_LISTS } from './providers-endpoint.ts';
import { answerToken } from './token-endpoint.ts';
import { answerTrackedEvents, TRACKED_EVENTS_PATH } from './tracked-events-endpoint.ts';
import type { SimulatorRequest, World } from '../world.ts';

/** Answers whatever is no Data API call: the dialog, the tokens, the lists and all around them. */
export async function answerAuth(world: World, request: SimulatorRequest): Promise<AuthAnswer> {
  switch (`${request.method} ${request.path}`) {
    case 'POST /connect/token':
      return answerToken(world, request);
    case 'POST /v1/authuri':
      return answerAuthUri(world, request);
    case 'POST /v1/reauthuri':
      return answerReauthUri(world, request);
    case `POST ${EXTEND_PATH}`:
      return answerExtend(world, request);
    case 'DELETE /api/delete':
      return answerDelete(world, request);
    case 'POST /api/debug':
    case 'DELETE /api/debug':
      return answerDebug(world, request);
    default:
      return { answer: await answerAnybody(world, request), credentialsId: null };
  }
}

/** What is about no connection, or about one that does not exist yet. */
async function answerAnybody(world: World, request: SimulatorRequest): Promise<Answer> {
  const { method, path, query } = request;
  if (method === 'POST' && path === DIALOG_PATH) return continueDialog(world, request);
  if (method !== 'GET') return emptyAnswer(404);
  const list = PROVIDER_LISTS.get(path);
  if (list !== undefined) return answerProviders(world, query, list);
  switch (path) {
    case '/':
      return openDialog(world, query);
    case DIALOG_PATH:
      return showDialog(world, query);
    case DISCOVERY_PATH:
      return answerDiscovery(world.url);
    case KEYS_PATH:
      return answerKeys();
    case TRACKED_EVENTS_PATH:
      return answerTrackedEvents(world, request);
    default:
      return answerLogo(path);
  }
}
