import { z } from 'zod';
import { flagOrNull, moment, textOrNull, word } from './fields.ts';

/** A step of a user's way through the auth dialog, which TrueLayer remembers for 60 days. */
export interface WireTrackedEvent {
  /** `DIALOG_STARTED`, `PROVIDER_SELECTED` and so on to `CODE_EXCHANGED`, or what is added. */
  readonly name: string;
  readonly happenedAt: Date;
  /** One visit to the dialog. */
  readonly flowId: string | null;
  readonly credentialsId: string | null;
  readonly consentId: string | null;
  readonly providerId: string | null;
  /** Whether an older consent is being renewed; null where not said. */
  readonly reauth: boolean | null;
}

/** Reads a record of `/v1/tracked-events`. */
export const trackedEventShape: z.ZodType<WireTrackedEvent> = z
  .object({
    name: word,
    time: moment,
    flow_id: textOrNull,
    credentials_id: textOrNull,
    consent_id: textOrNull,
    provider_id: textOrNull,
    reauth: flagOrNull,
  })
  .transform((wire) => ({
    name: wire.name,
    happenedAt: wire.time.instant,
    flowId: wire.flow_id,
    credentialsId: wire.credentials_id,
    consentId: wire.consent_id,
    providerId: wire.provider_id,
    reauth: wire.reauth,
  }));
