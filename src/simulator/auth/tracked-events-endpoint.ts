import { nowOf } from '../../base/clock.ts';
import { clientOf } from './access-token.ts';
import { emptyAnswer, jsonAnswer, withHeaders, type Answer } from '../answer.ts';
import { bearerOf } from './bearer.ts';
import type { TrackedEvent } from './tracked-events.ts';
import { writeInstant } from '../data/wire-time.ts';
import type { Wire } from '../data/wire.ts';
import type { SimulatorRequest, World } from '../world.ts';

/** Where the events of a way through the dialog can be read. */
export const TRACKED_EVENTS_PATH = '/v1/tracked-events';

/**
 * `GET /v1/tracked-events`: how far users have come under a `tracking_id`, oldest first. Any good
 * access token of the client opens it; 404 for an id of which nothing is known, or no longer.
 */
export async function answerTrackedEvents(
  world: World,
  request: SimulatorRequest,
): Promise<Answer> {
  const client = await clientOf(bearerOf(request) ?? '', nowOf(world.clock));
  if (client !== world.client.id) return emptyAnswer(401);
  const trackingId = request.query.get('tracking_id') ?? '';
  if (trackingId === '') return lackOfId();
  const events = world.memory.trackedEvents.of(trackingId);
  if (events.length === 0) return emptyAnswer(404);
  return jsonAnswer(200, { results: events.map(wireEvent) });
}

/** The one error of TrueLayer in plain text. */
function lackOfId(): Answer {
  const answer = { ...emptyAnswer(400), body: 'tracking_id query parameter is required' };
  return withHeaders(answer, { 'Content-Type': 'text/plain; charset=utf-8' });
}

function wireEvent({ at, consentId, credentialsId, flow, name, providerId }: TrackedEvent): Wire {
  return {
    name,
    time: writeInstant(at),
    flow_id: flow.id,
    ...(credentialsId === null ? {} : { credentials_id: credentialsId }),
    ...(consentId === null ? {} : { consent_id: consentId }),
    reauth: flow.reauth,
    ...(providerId === null ? {} : { provider_id: providerId }),
  };
}
