import type { App } from '../app.ts';
import { nowOf } from '../base/clock.ts';
import { keepAliveInstant } from './due.ts';
import { freshCredential } from './fresh.ts';
import { ConsentEndedError, findHeld } from './held.ts';

/**
 * Uses a refresh token that lies idle, and nothing else of the bank. Calls the network; answers the
 * job `keepTokenAlive`.
 *
 * @throws BankError where trying again can help
 */
export async function keepTokenAlive(app: App, viewerId: string, consentId: string): Promise<void> {
  try {
    const { credential } = await findHeld(app, { viewerId, consentId });
    const { generation, refreshEndsAt } = credential;
    // A read may have used it meanwhile.
    if (refreshEndsAt === null || nowOf(app.clock) < keepAliveInstant(consentId, refreshEndsAt)) {
      return;
    }
    await freshCredential(app, { viewerId, consentId }, generation);
  } catch (error) {
    if (!(error instanceof ConsentEndedError)) throw error;
  }
}
