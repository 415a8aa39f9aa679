import { z } from 'zod';
import { flagOrNull, webAddress } from './fields.ts';

/** Reads the link to the bank out of an answer of `/v1/authuri` or `/v1/reauthuri`. */
export const authUriShape: z.ZodType<string> = z
  .object({
    result: webAddress,
    success: flagOrNull.refine((success) => success !== false, 'not a success'),
  })
  .transform((wire) => wire.result);
