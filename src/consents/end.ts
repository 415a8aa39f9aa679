import type { App } from '../app.ts';
import { nowOf } from '../base/clock.ts';
import type { HeldConsent } from './held.ts';
import { moveConsent } from './status.ts';

/**
 * Ends a consent by the bank's word, but only for the very tokens that were refused. Where others have
 * followed them, the bank has honoured the consent since, and refuses the old ones for that very reason.
 *
 * @returns whether it ended by this
 */
export async function endConsent(
  app: App,
  held: HeldConsent,
  reason: 'GRANT_ENDED' | 'TOKEN_REJECTED' | 'ACCESS_OVER',
): Promise<boolean> {
  return app.database.transact(held.viewerId, async (tx) => {
    const same = await tx.consentCredential.count({
      where: { consentId: held.id, generation: held.credential.generation },
    });
    if (same === 0) return false;
    return moveConsent(app, tx, {
      viewerId: held.viewerId,
      consentId: held.id,
      to: reason === 'ACCESS_OVER' ? 'EXPIRED' : 'REAUTH_REQUIRED',
      reason,
      by: reason === 'ACCESS_OVER' ? 'SERVER' : 'BANK',
      now: nowOf(app.clock),
    });
  });
}
