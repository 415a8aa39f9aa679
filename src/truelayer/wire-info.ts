import { z } from 'zod';
import { instantOrNull, textOrNull, texts } from './fields.ts';

/** A holder of the accounts, as `/info` names them; a joint account may have several. */
export interface WireInfo {
  readonly fullName: string | null;
  /** Mostly empty: few banks give any. */
  readonly emails: readonly string[];
  /** Mostly empty: few banks give any. */
  readonly phones: readonly string[];
  /** The branch that the holder chose on the way in, where a provider has several banks. */
  readonly branchId: string | null;
  readonly updatedAt: Date | null;
}

/**
 * Reads a record of `/info`: what names the holder and the branch, and how to reach them. Postal
 * addresses and dates of birth, which some banks once gave, are left on purpose: nothing here needs
 * them, and what was never read cannot leak.
 */
export const infoShape: z.ZodType<WireInfo> = z
  .object({
    full_name: textOrNull,
    emails: texts,
    phones: texts,
    branch_id: textOrNull,
    update_timestamp: instantOrNull,
  })
  .transform((wire) => ({
    fullName: wire.full_name,
    emails: wire.emails,
    phones: wire.phones,
    branchId: wire.branch_id,
    updatedAt: wire.update_timestamp,
  }));
