import type { App } from '../app.ts';
import type { AuthLink } from '../generated/prisma/client.ts';
import { hashOf } from './secrets.ts';

/** 256 random bits as base64url. */
const SECRET = /^[\w-]{43}$/;

/** Finds the link that a state belongs to, whoever began it; null for a state that is not known here. */
export function findLinkByState(app: App, state: string): Promise<AuthLink | null> {
  return findLink(app, 'state_hash', state);
}

/** Finds the link whose address ends with a secret, whoever began it; null for one not known here. */
export function findLinkByOpenSecret(app: App, openSecret: string): Promise<AuthLink | null> {
  return findLink(app, 'open_hash', openSecret);
}

// A link belongs to the client that it was issued for: another one, also of another environment on
// the same database, could only send its code where it does not belong.
async function findLink(
  app: App,
  column: 'state_hash' | 'open_hash',
  secret: string,
): Promise<AuthLink | null> {
  if (!SECRET.test(secret)) return null;
  const { environment, clientId } = app.client;
  const [found] = await app.database.scout(
    `select id, viewer_id from auth_link where ${column} = $1 and environment = $2 limit 1`,
    [hashOf(secret), environment],
  );
  if (found === undefined) return null;
  const reader = app.database.reader(found.viewerId);
  return reader.authLink.findUnique({ where: { id: found.id, clientId } });
}
