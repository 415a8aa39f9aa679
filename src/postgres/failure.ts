import { wordsOf } from '../base/error-words.ts';
import { strikeSecrets } from '../base/log.ts';

/** Why a job failed, in words that never change and hold nothing of anybody. */
export interface FailureCause {
  readonly code: string;
  /** Of the bank's that did not answer as it should: the path's template. */
  readonly endpoint?: string;
  /** The HTTP status of its answer. */
  readonly status?: number;
}

/** What is kept of an error. */
export type CauseOf = (error: unknown) => FailureCause;

const UNEXPECTED: FailureCause = { code: 'UNEXPECTED' };

/**
 * What is stored of a failure with its job: the words of the error without values and secrets, its cause,
 * and when the first try failed. Never an error object, with the request or the row that it came from.
 *
 * @param job - as it was taken: with what is stored of the try before
 */
export function failureOutput(
  error: unknown,
  job: { readonly retryCount: number; readonly output: unknown },
  now: number,
  causeOf: CauseOf = () => UNEXPECTED,
): object {
  const { type, message } = wordsOf(error);
  // Where a try ended with its process, the queue has put its own words in the place of ours.
  const before = (job.output as { firstFailedAt?: unknown } | null)?.firstFailedAt;
  const firstFailedAt = job.retryCount === 0 ? new Date(now).toISOString() : before;
  return {
    name: type,
    message: strikeSecrets(message),
    cause: causeOf(error),
    ...(typeof firstFailedAt === 'string' ? { firstFailedAt } : {}),
  };
}
