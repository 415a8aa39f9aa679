import { z } from 'zod';
import { codeOrNull, idOrNull, webAddressOrNull, word } from './fields.ts';

/** A call that TrueLayer makes in its own time: as it was taken on, or as it stands. */
export interface WireTask {
  /** `QUEUED`, `RUNNING`, `SUCCEEDED`, `FAILED`, or what TrueLayer adds; `UNKNOWN` where absent. */
  readonly status: string;
  readonly taskId: string | null;
  /** Where the results will lie. To be followed only on the host that was asked. */
  readonly resultsUri: string | null;
  /** TrueLayer's code for what went wrong, `provider_timeout`. */
  readonly code: string | null;
}

/**
 * Reads the 202 with which an asynchronous call is taken on, or what its results address answers.
 * The records of one that has succeeded stand in the same answer, as `resultsOf` reads them.
 */
export const taskShape: z.ZodType<WireTask> = z
  .object({
    status: word,
    task_id: idOrNull,
    results_uri: webAddressOrNull,
    error: codeOrNull,
    results: z.unknown().optional(),
  })
  .transform((wire) => ({
    status: wire.status === 'UNKNOWN' ? impliedStatus(wire) : wire.status,
    taskId: wire.task_id,
    resultsUri: wire.results_uri,
    code: wire.error,
  }));

/** What an answer without a status shows: synchronous ones leave it out too. */
function impliedStatus(wire: { error: string | null; results?: unknown }): string {
  if (wire.error !== null) return 'FAILED';
  return Array.isArray(wire.results) ? 'SUCCEEDED' : 'UNKNOWN';
}
