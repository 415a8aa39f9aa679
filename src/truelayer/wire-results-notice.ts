import { z } from 'zod';
import { id, instantOrNull, textOrNull, webAddressOrNull, word } from './fields.ts';

/**
 * The news that a task is over, which holds no results. Nothing signs it: it is a hint to ask at
 * the results address of a task that we began, and worth no more.
 */
export interface WireResultsNotice {
  readonly taskId: string;
  /** `SUCCEEDED`, `FAILED`, or what TrueLayer adds; `UNKNOWN` where absent. */
  readonly status: string;
  /** As the sender has it. */
  readonly resultsUri: string | null;
  /** What was asked at first. */
  readonly requestUri: string | null;
  readonly credentialsId: string | null;
  readonly requestedAt: Date | null;
}

/** Reads the body that TrueLayer posts to a `webhook_uri`. */
export const resultsNoticeShape: z.ZodType<WireResultsNotice> = z
  .object({
    task_id: id,
    status: word,
    results_uri: webAddressOrNull,
    request_uri: webAddressOrNull,
    credentials_id: textOrNull,
    request_timestamp: instantOrNull,
  })
  .transform((wire) => ({
    taskId: wire.task_id,
    status: wire.status,
    resultsUri: wire.results_uri,
    requestUri: wire.request_uri,
    credentialsId: wire.credentials_id,
    requestedAt: wire.request_timestamp,
  }));
