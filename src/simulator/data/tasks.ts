import type { Clock } from '../../base/clock.ts';
import type { Answer } from '../answer.ts';
import { keepNewest } from '../bounded-map.ts';

/** A question that the service asks a bank in its own time. All instants in milliseconds. */
export interface Task {
  readonly id: string;
  readonly credentialsId: string;
  /** Where its results are fetched. */
  readonly path: string;
  readonly runsFrom: number;
  /** Infinite for one that never ends. */
  readonly endsAt: number;
  readonly expiresAt: number;
  /** The bank's answer, made again each time it is asked for: rows take no memory. */
  answer(): Answer;
}

/** The tasks of late. */
export interface Tasks {
  find(path: string): Task | undefined;
  keep(task: Task): void;
}

const KEPT_MAX = 50_000;

/** No tasks yet. */
export function makeTasks(): Tasks {
  const tasks = new Map<string, Task>();
  return {
    find: (path) => tasks.get(path),
    keep: (task) => keepNewest(tasks, task.path, task, KEPT_MAX),
  };
}

/** How far a task has come. */
export function statusOf(task: Task, clock: Clock): 'Queued' | 'Running' | 'Succeeded' | 'Failed' {
  const now = clock.now();
  if (now < task.runsFrom) return 'Queued';
  if (now < task.endsAt) return 'Running';
  return outcomeOf(task);
}

/** How a task ends, also before it does. */
export function outcomeOf(task: Task): 'Succeeded' | 'Failed' {
  return task.answer().status === 200 ? 'Succeeded' : 'Failed';
}
