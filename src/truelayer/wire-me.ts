import { z } from 'zod';
import { instantOrNull, scopes, textOrNull } from './fields.ts';
import { providerReference } from './wire-account.ts';

/** What the bank says of the consent behind an access token; all of it optional. */
export interface WireMe {
  readonly clientId: string | null;
  readonly credentialsId: string | null;
  /** `Authorised`, or another word of the bank's. */
  readonly consentStatus: string | null;
  readonly consentStatusUpdatedAt: Date | null;
  readonly consentCreatedAt: Date | null;
  /** A hint: banks need not give it, and it need not be true. */
  readonly consentExpiresAt: Date | null;
  readonly provider: { readonly providerId: string; readonly displayName: string | null } | null;
  readonly scopes: readonly string[];
}

/** Reads the record of `/me`. */
export const meShape: z.ZodType<WireMe> = z
  .object({
    client_id: textOrNull,
    credentials_id: textOrNull,
    consent_status: textOrNull,
    consent_status_updated_at: instantOrNull,
    consent_created_at: instantOrNull,
    consent_expires_at: instantOrNull,
    provider: providerReference.catch({ provider_id: null, display_name: null }),
    scopes,
  })
  .transform((wire) => ({
    clientId: wire.client_id,
    credentialsId: wire.credentials_id,
    consentStatus: wire.consent_status,
    consentStatusUpdatedAt: wire.consent_status_updated_at,
    consentCreatedAt: wire.consent_created_at,
    consentExpiresAt: wire.consent_expires_at,
    provider:
      wire.provider.provider_id === null
        ? null
        : { providerId: wire.provider.provider_id, displayName: wire.provider.display_name },
    scopes: wire.scopes,
  }));
