import type { ConsentStatus } from '../generated/prisma/enums.ts';
import type { Tx } from '../postgres/db.ts';
import { ConsentEndedError } from './held.ts';
import { LIVING } from './status.ts';

/**
 * Makes sure that a consent lives, for the rest of the transaction. Whoever writes what a bank gave
 * asks this first, for the answer may have been under way while the user took the consent back.
 *
 * The lock is the weakest that a revocation waits for: writers of one consent do not wait for each
 * other, and what they wrote is there when the revocation erases.
 *
 * @throws ConsentEndedError if it has ended or is gone
 */
export async function requireLiving(tx: Tx, consentId: string): Promise<void> {
  const [consent] = await tx.$queryRaw<{ status: ConsentStatus }[]>`
    select status::text as status from consent where id = ${consentId}::uuid for key share`;
  if (consent === undefined || !LIVING.includes(consent.status)) {
    throw new ConsentEndedError(consentId);
  }
}
