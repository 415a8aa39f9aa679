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
 * @param period - in which the bank was asked: what an earlier one brings after the user has
 *   confirmed anew may be of other accounts than the user shares now
 * @throws ConsentEndedError if it has ended or is gone, or that period is over
 */
export async function requireLiving(tx: Tx, consentId: string, period: number): Promise<void> {
  const [consent] = await tx.$queryRaw<{ status: ConsentStatus; period: number }[]>`
    select status::text as status, period from consent where id = ${consentId}::uuid for key share`;
  if (consent === undefined || !LIVING.includes(consent.status) || consent.period !== period) {
    throw new ConsentEndedError(consentId);
  }
}
