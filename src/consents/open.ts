import type { App } from '../app.ts';
import { nowOf } from '../base/clock.ts';
import { unseal } from '../base/seal.ts';
import type { AuthLink } from '../generated/prisma/client.ts';
import { findLinkByOpenSecret } from './find-link.ts';
import { authLinkError, type LinkErrorCode } from './link-error.ts';
import { linkPlace } from './secrets.ts';

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

function reasonOf(link: AuthLink): LinkErrorCode {
  if (link.status === 'CLAIMED') return 'AUTH_LINK_IN_PROGRESS';
  const expired = link.status === 'OPEN' || link.errorCode === 'AUTH_LINK_EXPIRED';
  return expired ? 'AUTH_LINK_EXPIRED' : 'AUTH_LINK_USED';
}
