import { setTimeout } from 'node:timers/promises';
import type { App } from '../app.ts';
import type { ConsentCredential } from '../generated/prisma/client.ts';
import type { ConsentOfViewer } from './fresh.ts';

const LOOKS_MAX = 20;
const LEASED_LOOKS_MAX = 10;
const WAIT_MILLISECONDS = 100;

/**
 * Puts something in the place of a consent's tokens once nobody is refreshing them: what a refresh brings
 * back is what the bank will honour, so it is waited for, though not for longer than a second, since
 * a user waits too. Tries again where the tokens are others by then.
 *
 * @param replace - gets the tokens as they were read, null where there are none; answers `CHANGED`, with
 *   nothing done, if they no longer are what is there
 */
export async function replaceSettledTokens<Outcome>(
  app: App,
  { viewerId, consentId }: ConsentOfViewer,
  replace: (credential: ConsentCredential | null) => Promise<Outcome | 'CHANGED'>,
): Promise<Outcome> {
  const reader = app.database.reader(viewerId);
  for (let look = 1; look <= LOOKS_MAX; look += 1) {
    const credential = await reader.consentCredential.findUnique({ where: { consentId } });
    const leaseEndsAt = credential?.leaseEndsAt ?? null;
    // Leases go by the time of the database.
    if (look <= LEASED_LOOKS_MAX && leaseEndsAt && (await app.database.now()) < leaseEndsAt) {
      // For real, under any clock: the other holder waits for a network.
      await setTimeout(WAIT_MILLISECONDS);
      continue;
    }
    const outcome = await replace(credential);
    if (outcome !== 'CHANGED') return outcome;
  }
  throw new Error(`the tokens of consent ${consentId} changed at every look`);
}
