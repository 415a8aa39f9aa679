import { z } from 'zod';
import { isExactObject, type ExactJson } from './exact-json.ts';
import { idOrNull } from './fields.ts';

/** What a problem document adds to its status; `/connections/extend` refuses in this form. */
export interface WireProblem {
  /** TrueLayer's id of the call, for their support. */
  readonly traceId: string | null;
  /** The fields of the request that were at fault, at most five; their texts are left. */
  readonly fields: readonly string[];
}

const FIELDS_MAX = 5;
/** Short, so that a token played back at us is none. */
const FIELD_NAME = /^[a-z][\w.]{0,31}$/i;

// An object by field in practice. The schema says a list, of items that it does not describe.
const fields = z
  .unknown()
  .optional()
  .transform((value): readonly string[] => {
    const errors = value as ExactJson | undefined;
    const names = isExactObject(errors) ? Object.keys(errors) : [];
    return names.filter((name) => FIELD_NAME.test(name)).slice(0, FIELDS_MAX);
  });

/**
 * Reads a problem document; any other object is one that says nothing.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7807
 */
export const problemShape: z.ZodType<WireProblem> = z
  .object({ trace_id: idOrNull, errors: fields })
  .transform((wire) => ({ traceId: wire.trace_id, fields: wire.errors }));
