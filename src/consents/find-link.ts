import type { App } from '../app.ts';
import type { AuthLink } from '../generated/prisma/client.ts';
import { hashOf } from './secrets.ts';

/** 256 random bits as base64url. */
const SECRET = /^[\w-]{43}$/;

/** Finds the link that a state belongs to, whoever began it; null for a forged state. */
export function findLinkByState(app: App, state: string): Promise<AuthLink | null> {
  return findLink(app, 'state_hash', state);
}

/** Finds the link whose address ends with a secret, whoever began it; null for a forged one. */
export function findLinkByOpenSecret(app: App, openSecret: string): Promise<AuthLink | null> {
  return findLink(app, 'open_hash', openSecret);
}

async function findLink(
  app: App,
  column: 'state_hash' | 'open_hash',
  secret: string,
): Promise<AuthLink | null> {
  if (!SECRET.test(secret)) return null;
  const [found] = await app.database.scout(
    `select id, viewer_id from auth_link where ${column} = $1 limit 1`,
    [hashOf(secret)],
  );
  if (found === undefined) return null;
  return app.database.reader(found.viewerId).authLink.findUnique({ where: { id: found.id } });
}
