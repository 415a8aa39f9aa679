import { raiseAlarm } from '../alarms/alarms.ts';
import type { App } from '../app.ts';
import { ExpectedError } from '../base/errors.ts';
import type { Consent, ConsentCredential } from '../generated/prisma/client.ts';
import { BankError } from '../truelayer/errors.ts';
import { LIVING } from './status.ts';

/** The consent has ended, or the bank has just said so: only the user can renew it. */
export class ConsentEndedError extends ExpectedError {
  constructor(consentId: string) {
    super('CONSENT_ENDED', `Consent ${consentId} has ended.`);
  }
}

/** A living consent with its tokens, sealed. */
export type HeldConsent = Consent & { readonly credential: ConsentCredential };

/**
 * Finds a living consent with its tokens, sealed.
 *
 * @throws ConsentEndedError where it has ended or was never there; BankError `OPERATOR_FAULT` where
 *   it was given to another client than this server speaks as
 */
export async function findHeld(
  app: App,
  { viewerId, consentId }: { readonly viewerId: string; readonly consentId: string },
): Promise<HeldConsent> {
  const consent = await app.database.reader(viewerId).consent.findUnique({
    where: { id: consentId },
    include: { credential: true },
  });
  if (consent === null || consent.credential === null || !LIVING.includes(consent.status)) {
    throw new ConsentEndedError(consentId);
  }
  const { environment, clientId } = consent;
  if (environment !== app.client.environment || clientId !== app.client.clientId) {
    await raiseAlarm(app, { kind: 'CONSENTS_OF_ANOTHER_CLIENT', environment, subject: clientId });
    throw new BankError({
      meaning: 'OPERATOR_FAULT',
      endpoint: '/connect/token',
      code: 'another_client',
    });
  }
  return consent as HeldConsent;
}
