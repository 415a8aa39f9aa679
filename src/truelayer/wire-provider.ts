import { z } from 'zod';
import type { ExactJson } from './exact-json.ts';
import { webAddressOrNull, id, instantOrNull, scopes, textOrNull } from './fields.ts';

/** A bank, as the list of providers shows it. */
export interface WireProvider {
  readonly providerId: string;
  /** The id again where a bank has no name. */
  readonly displayName: string;
  /** An https address, or a plain one on this machine; null for any other. */
  readonly logoUrl: string | null;
  /** What may be asked of this bank. */
  readonly scopes: readonly string[];
  /** Lower case, `uk` and not `gb`. */
  readonly country: string | null;
  readonly availability: {
    /** `healthy`, `unhealthy`, or another word. */
    readonly status: string;
    readonly updatedAt: Date | null;
  } | null;
  /** What the user must choose or fill in first, such as a branch; as it came. */
  readonly steps: ExactJson;
}

const availability = z
  .object({ recommended_status: z.string().trim().min(1).toLowerCase(), updated_at: instantOrNull })
  .transform((wire): WireProvider['availability'] => ({
    status: wire.recommended_status,
    updatedAt: wire.updated_at,
  }))
  .catch(null);

/** Reads a record of the list of providers. */
export const providerShape: z.ZodType<WireProvider> = z
  .object({
    provider_id: id,
    display_name: textOrNull,
    logo_url: webAddressOrNull,
    scopes,
    country: textOrNull,
    availability,
    steps: z
      .unknown()
      .optional()
      .transform((value) => (value ?? null) as ExactJson),
  })
  .transform((wire) => ({
    providerId: wire.provider_id,
    displayName: wire.display_name ?? wire.provider_id,
    logoUrl: wire.logo_url,
    scopes: wire.scopes,
    country: wire.country?.toLowerCase() ?? null,
    availability: wire.availability,
    steps: wire.steps,
  }));
