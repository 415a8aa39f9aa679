import type { App } from '../app.ts';
import { globalIdOf } from '../base/global-id.ts';
import type { WebhookDelivery } from '../generated/prisma/client.ts';
import type { EventSubject } from '../outbox/event-types.ts';
import { NOBODY } from '../postgres/db.ts';

/**
 * Writes the body of a delivery: what happened, when, to whom, in the ids of the API. Whose it is, by the
 * subject of the viewer's token, is read now and stored in no log.
 */
export async function payloadOf(app: App, delivery: WebhookDelivery): Promise<string> {
  const { viewerId, eventType, occurredAt } = delivery;
  const subject = delivery.subject as EventSubject;
  const { consentId, alertId, providerId, endpointId, count } = subject;
  const viewer =
    viewerId === null
      ? null
      : await app.database.reader(viewerId).viewer.findUnique({ where: { id: viewerId } });
  return JSON.stringify({
    type: eventType,
    timestamp: occurredAt.toISOString(),
    data: {
      ...(viewer === null ? {} : { viewerSubject: viewer.subject }),
      ...withId('consentId', 'Consent', consentId),
      ...withId('alertId', 'Alert', alertId),
      ...withId('providerId', 'Provider', providerId),
      ...withId('endpointId', 'WebhookEndpoint', endpointId),
      ...(subject.accountIds === undefined
        ? {}
        : { accountIds: await accountIds(app, viewerId ?? NOBODY, subject) }),
      ...(count === undefined ? {} : { count }),
    },
  });
}

function withId(name: string, type: string, id: string | undefined) {
  return id === undefined ? {} : { [name]: globalIdOf(type, id) };
}

// An account's id in the API tells whether it is a card, which its row says, or said.
async function accountIds(
  app: App,
  viewerId: string,
  { accountIds: ids = [], goneKinds = {} }: EventSubject,
): Promise<readonly string[]> {
  const rows = await app.database.reader(viewerId).account.findMany({
    where: { id: { in: [...ids] } },
    select: { id: true, kind: true },
  });
  const kinds = new Map<string, string>([
    ...Object.entries(goneKinds),
    ...rows.map(({ id, kind }) => [id, kind] as const),
  ]);
  return ids.flatMap((id) => {
    const kind = kinds.get(id);
    if (kind === undefined) return [];
    return [globalIdOf(kind === 'CARD' ? 'Card' : 'BankAccount', id)];
  });
}
