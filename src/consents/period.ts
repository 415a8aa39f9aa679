import type { App } from '../app.ts';
import type { Consent, PrismaClient } from '../generated/prisma/client.ts';
import type { Tx } from '../postgres/db.ts';
import { consentDays } from '../providers/limits.ts';
import { addConsentPeriod } from './due.ts';

/**
 * When the period ends that a user's confirmation begins, by the bank and its country; as early as it
 * may be where the bank is not known yet.
 *
 * @param rows - the caller's transaction, or none
 * @param consentedAt - when the user confirmed
 */
export async function periodEnd(
  { config, client }: Pick<App, 'config' | 'client'>,
  rows: Pick<PrismaClient, 'provider'>,
  providerId: string | null,
  consentedAt: Date,
): Promise<Date> {
  const { environment } = client;
  const provider =
    providerId === null
      ? null
      : await rows.provider.findUnique({
          where: { environment_providerId: { environment, providerId } },
        });
  const country = provider?.country ?? null;
  return addConsentPeriod(consentedAt, consentDays({ providerId, country }, config.consentDays));
}

/**
 * When a consent ends, now that the bank has said which it is: another instant only where the user
 * chose it there. What was given for one visit ends with that all the same.
 */
export async function endOnceKnown(
  app: App,
  tx: Tx,
  consent: Consent,
  providerId: string,
): Promise<Date> {
  if (consent.providerId !== null) return consent.endsAt;
  const lasting = await tx.consentCredential.count({
    where: { consentId: consent.id, sealedRefresh: { not: null } },
  });
  return lasting === 0 ? consent.endsAt : periodEnd(app, tx, providerId, consent.consentedAt);
}
