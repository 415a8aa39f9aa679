import type { z } from 'zod';
import { BankError, meaningOfTask, UnreadableAnswer } from './errors.ts';
import type { ExactJson } from './exact-json.ts';
import { resultsOf, type Listing } from './listing.ts';
import { taskShape, type WireTask } from './wire-task.ts';

/**
 * What a question that was asked asynchronously came to: a task, whose results will lie at an address
 * of the host that was asked, or the answer itself where the bank knows no tasks.
 */
export type AsyncAnswer<T> =
  | { readonly resultsUri: string; readonly listing: null }
  | { readonly resultsUri: null; readonly listing: Listing<T> };

/** How a task stands. A failure is the bank's answer to it, and asking again gives the same. */
export type TaskState<T> =
  | { readonly status: 'WAITING' }
  | { readonly status: 'SUCCEEDED'; readonly listing: Listing<T> }
  | { readonly status: 'FAILED'; readonly failure: BankError };

/** The template of a results address, for errors and logs. */
export const RESULTS_ENDPOINT = '/results/{id}';

/** Statuses with which a task is spoken of. */
export const TASK_STATUSES: readonly number[] = [200, 202];

/**
 * Reads the answer to an asynchronous question.
 *
 * @throws UnreadableAnswer where a task is taken on and its results lie nowhere, or elsewhere
 */
export function readAsyncAnswer<T>(
  body: ExactJson,
  status: number,
  apiUrl: string,
  shape: z.ZodType<T>,
): AsyncAnswer<T> {
  const task = taskOf(body);
  const takenOn = status === 202 || (task.resultsUri !== null && WAITING.includes(task.status));
  if (!takenOn) return { resultsUri: null, listing: resultsOf(body, shape) };
  if (task.resultsUri === null) throw new UnreadableAnswer('MALFORMED');
  if (!liesAt(task.resultsUri, apiUrl)) throw new UnreadableAnswer('FOREIGN_RESULTS');
  return { resultsUri: task.resultsUri, listing: null };
}

/**
 * Reads what a results address answers. Rows, and their absence, are believed only of a task that has
 * succeeded; a word that nobody has documented is one to wait on.
 *
 * @throws UnreadableAnswer where it says neither how the task stands nor what came of it
 */
export function readTaskState<T>(
  body: ExactJson,
  status: number,
  shape: z.ZodType<T>,
): TaskState<T> {
  const task = taskOf(body);
  if (task.status === 'FAILED') {
    const code = task.code ?? undefined;
    const meaning = meaningOfTask(code);
    const failure = new BankError({ meaning, endpoint: RESULTS_ENDPOINT, status, code });
    return { status: 'FAILED', failure };
  }
  if (task.status === 'SUCCEEDED' && status === 200) {
    return { status: 'SUCCEEDED', listing: resultsOf(body, shape) };
  }
  if (task.status === 'UNKNOWN' && status !== 202) throw new UnreadableAnswer('MALFORMED');
  return { status: 'WAITING' };
}

/** Whether an address lies on the very host that is called, so that the bearer may go there. */
export function liesAt(resultsUri: string, apiUrl: string): boolean {
  if (!URL.canParse(resultsUri)) return false;
  const { origin, username, password } = new URL(resultsUri);
  return origin === new URL(apiUrl).origin && username === '' && password === '';
}

const WAITING: readonly string[] = ['QUEUED', 'RUNNING'];

function taskOf(body: ExactJson): WireTask {
  const read = taskShape.safeParse(body);
  if (!read.success) throw new UnreadableAnswer('MALFORMED');
  return read.data;
}
