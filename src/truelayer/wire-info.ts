import { z } from 'zod';
import { textOrNull } from './fields.ts';

/** A holder of the accounts, as `/info` names them; a joint account may have several. */
export interface WireInfo {
  readonly fullName: string | null;
}

/** Reads a record of `/info`. Addresses and dates of birth, where banks still give them, are left. */
export const infoShape: z.ZodType<WireInfo> = z
  .object({ full_name: textOrNull })
  .transform((wire) => ({ fullName: wire.full_name }));
