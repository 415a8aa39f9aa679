import { z } from 'zod';
import { id, textOrNull } from './fields.ts';

/** What TrueLayer's support wants to be told of a connection. */
export interface WireDebugId {
  readonly debugId: string;
  readonly credentialsId: string | null;
  readonly providerId: string | null;
}

/** Reads the answer of `/api/debug`. */
export const debugIdShape: z.ZodType<WireDebugId> = z
  .object({ debug_id: id, credentials_id: textOrNull, provider_id: textOrNull })
  .transform((wire) => ({
    debugId: wire.debug_id,
    credentialsId: wire.credentials_id,
    providerId: wire.provider_id,
  }));
