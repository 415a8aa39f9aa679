import type { App } from '../app.ts';
import { nowOf } from '../base/clock.ts';
import { unseal } from '../base/seal.ts';
import type { AuthLink } from '../generated/prisma/client.ts';
import { authLinkError, type LinkErrorCode } from './link-error.ts';
import { hashOf, linkPlace } from './secrets.ts';

const OPEN_SECRET = /^[\w-]{43}$/;

/**
 * Tells where the bank's dialog of a link begins, and records that the link was opened, once. It
 * binds nothing to whoever opens it: a link may have been sent to somebody else.
 *
 * @param openSecret - what the link's address ends with
 * @throws AuthLinkError where the dialog could lead nowhere: the link is unknown, expired or used
 */
export async function openLink(app: App, openSecret: string): Promise<string> {
  const link = await findLinkByOpenSecret(app, openSecret);
  if (link === null) throw authLinkError('AUTH_LINK_UNKNOWN');
  const now = nowOf(app.clock);
  if (link.status !== 'OPEN' || link.sealedDialog === null || now >= link.expiresAt) {
    throw authLinkError(reasonOf(link));
  }
  const place = linkPlace('sealed_dialog', link.id, link.viewerId);
  const dialog = await unseal(app.keys, place, link.sealedDialog);
  if (link.openedAt === null) {
    await app.database.transact(link.viewerId, (tx) =>
      tx.authLink.updateMany({ where: { id: link.id, openedAt: null }, data: { openedAt: now } }),
    );
  }
  return dialog;
}

async function findLinkByOpenSecret(app: App, openSecret: string): Promise<AuthLink | null> {
  if (!OPEN_SECRET.test(openSecret)) return null;
  const [found] = await app.database.scout(
    'select id, viewer_id from auth_link where open_hash = $1 limit 1',
    [hashOf(openSecret)],
  );
  if (found === undefined) return null;
  return app.database.reader(found.viewerId).authLink.findUnique({ where: { id: found.id } });
}

function reasonOf(link: AuthLink): LinkErrorCode {
  if (link.status === 'CLAIMED') return 'AUTH_LINK_IN_PROGRESS';
  const expired = link.status === 'OPEN' || link.errorCode === 'AUTH_LINK_EXPIRED';
  return expired ? 'AUTH_LINK_EXPIRED' : 'AUTH_LINK_USED';
}
