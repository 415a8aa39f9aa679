/** What the queue of a job is called: `fetch-span/live`, in letters that a queue's name may have. */
export function queueNames(environment: string): (job: string) => string {
  const suffix = environment.replaceAll(/[^\w.-]/g, '_');
  return (job) => `${job}/${suffix}`;
}

/** The job that a queue is of. */
export function jobOf(queue: string): string {
  return queue.slice(0, queue.lastIndexOf('/'));
}

/** Where jobs of an environment go that failed for good. Nobody works on it: it waits for an operator. */
export function deadLetterQueue(environment: string): string {
  return queueNames(environment)('dead-letters');
}
