import { type Clock, fromPrisma, type JobResult, type JobWithMetadata, PgBoss } from 'pg-boss';
import type { Tx } from './db.ts';
import { type CauseOf, failureOutput } from './failure.ts';
import { deadLetterQueue, queueNames } from './queue-names.ts';

/** How the queue treats one kind of job. */
export interface QueueRules {
  readonly retries: number;
  readonly retryDelaySeconds: number;
  readonly retryDelaySecondsMax: number;
  /** How long one try may run before another may begin. */
  readonly timeLimitSeconds: number;
  /** How many run at once in one worker process. */
  readonly atOnce: number;
  /** How many of those are taken together, and end together: 2 or more for slow jobs, all for quick. */
  readonly batch: number;
  /** How many of one group run at once in one worker process, at most `atOnce / batch`; else any number. */
  readonly groupAtOnce?: number;
  /** With a key: `stately` keeps at most one waiting job a key, `standard` any number. */
  readonly policy: 'standard' | 'stately';
}

/** One job to ask for. */
export interface JobRequest {
  readonly name: string;
  readonly payload: object;
  /** Higher goes first. */
  readonly priority?: number;
  readonly notBefore?: Date;
  /** At most one job with this key waits, where the queue's policy is `stately`. */
  readonly key?: string;
  /** Whose slowness it shares: of a group no more than the queue's `groupAtOnce` run at once. */
  readonly group?: string;
}

/** A recurring job. */
export interface Schedule {
  readonly name: string;
  /** Five fields, UTC. */
  readonly cron: string;
}

/** Answers one job, and logs its own failures; throws only where trying again can help. */
export type JobAnswer = (payload: unknown, signal: AbortSignal) => Promise<void>;

/** The background jobs, in the same Postgres as the rows. */
export interface Queue {
  /** Asks for jobs in the caller's transaction: they exist if and only if it commits. */
  send(tx: Tx, jobs: readonly JobRequest[]): Promise<void>;
  /** Brings a job that waits under this key forward to `now`; one that runs already stays as it is. */
  hurry(tx: Tx, name: string, key: string, now: Date): Promise<void>;
  /** Asks for one job by itself, for work that belongs to no viewer. */
  sendAlone(job: JobRequest): Promise<void>;
  /**
   * Begins answering.
   *
   * @param causeOf - what is kept of the error that a job ended with
   */
  work(answers: ReadonlyMap<string, JobAnswer>, causeOf?: CauseOf): Promise<void>;
  /** Jobs being answered in this process at this moment. */
  readonly answering: number;
  /** True once jobs can be asked for. */
  ready(): Promise<boolean>;
  /** Takes no new job, gives running ones `graceMilliseconds`, then hands them back. */
  close(graceMilliseconds: number): Promise<void>;
}

/** How a process wants its queue. */
export interface QueueOptions {
  readonly url: string;
  readonly clock: Clock;
  /** Of which TrueLayer: its jobs are taken by its own processes alone, on the same Postgres too. */
  readonly environment: string;
  readonly queues: ReadonlyMap<string, QueueRules>;
  readonly schedules: readonly Schedule[];
  /** True in processes that answer jobs: they also supervise, and keep the schedules. */
  readonly worker: boolean;
  /** Off under a test clock, whose heartbeats would outrun the real connection. */
  readonly listen: boolean;
  readonly onError: (error: Error) => void;
}

const WAKE_SECONDS = 1;
const DEAD_LETTER_DAYS = 30;

/** Installs or upgrades the queue's own schema, and opens it. */
export async function openQueue(options: QueueOptions): Promise<Queue> {
  const boss = new PgBoss({
    connectionString: options.url,
    application_name: 'consentry-queue',
    max: options.worker ? 6 : 3,
    clock: options.clock,
    useListenNotify: options.listen && options.worker,
    supervise: options.worker,
    schedule: options.worker && options.schedules.length > 0,
    // A killed worker's jobs come back once its heartbeats are seen to be missing: a history window
    // of five minutes leaves no room for the minute that both would take by default.
    superviseIntervalSeconds: 5,
    monitorIntervalSeconds: 5,
    cronMonitorIntervalSeconds: 10,
    cronWorkerIntervalSeconds: 5,
  });
  boss.on('error', options.onError);
  await boss.start();
  try {
    await createQueues(boss, options);
    await grantToHouse(boss);
  } catch (error) {
    await boss.stop({ graceful: false });
    throw error;
  }
  const running = new Set<Promise<unknown>>();
  const queueOf = queueNames(options.environment);
  return {
    async send(tx, jobs) {
      const byName = Map.groupBy(jobs, (job) => job.name);
      for (const [name, group] of byName) {
        await boss.insert(queueOf(name), group.map(toInsert), { db: fromPrisma(tx) });
      }
    },
    async hurry(tx, name, key, now) {
      const sooner = { singletonKey: key, startAfter: now, db: fromPrisma(tx) };
      await boss.update(queueOf(name), undefined, sooner);
    },
    async sendAlone(job) {
      await boss.insert(queueOf(job.name), [toInsert(job)]);
    },
    async work(answers, causeOf) {
      for (const [name, answer] of answers) {
        const rules = options.queues.get(name);
        if (rules === undefined) throw new Error(`no queue is declared for the job ${name}`);
        const settled = (job: JobWithMetadata<unknown>) =>
          settle(job, answer, (error) => failureOutput(error, job, options.clock.now(), causeOf));
        await startWorkers(boss, queueOf(name), rules, options.listen, settled, running);
      }
    },
    get answering() {
      return running.size;
    },
    ready: async () => (await boss.schemaVersion()) !== null,
    async close(graceMilliseconds) {
      await boss.stop({ graceful: true, timeout: Math.max(graceMilliseconds, 1_000) });
    },
  };
}

function toInsert(job: JobRequest) {
  return {
    data: job.payload,
    ...(job.priority === undefined ? {} : { priority: job.priority }),
    ...(job.notBefore === undefined ? {} : { startAfter: job.notBefore }),
    ...(job.key === undefined ? {} : { singletonKey: job.key }),
    ...(job.group === undefined ? {} : { group: { id: job.group } }),
  };
}

async function createQueues(boss: PgBoss, options: QueueOptions): Promise<void> {
  const existing = new Map((await boss.getQueues()).map((queue) => [queue.name, queue]));
  const queueOf = queueNames(options.environment);
  const deadLetter = deadLetterQueue(options.environment);
  if (!existing.has(deadLetter)) {
    await boss.createQueue(deadLetter, { retentionSeconds: DEAD_LETTER_DAYS * 86_400 });
  }
  for (const [job, rules] of options.queues) {
    const name = queueOf(job);
    const settings = {
      retryLimit: rules.retries,
      retryDelay: rules.retryDelaySeconds,
      retryBackoff: true,
      retryDelayMax: rules.retryDelaySecondsMax,
      expireInSeconds: rules.timeLimitSeconds,
      heartbeatSeconds: 10,
      // A consent's next instant may lie months ahead; a job that waits for it must not be swept.
      retentionSeconds: 400 * 86_400,
      deleteAfterSeconds: 3 * 86_400,
      notify: true,
      deadLetter,
    };
    const queue = existing.get(name);
    if (queue === undefined) {
      await boss.createQueue(name, { ...settings, policy: rules.policy });
    } else if (Object.entries(settings).some(([key, value]) => queue[key as 'notify'] !== value)) {
      await boss.updateQueue(name, settings);
    }
  }
  if (!options.worker) return;
  const scheduled = new Map((await boss.getSchedules()).map((row) => [row.name, row.cron]));
  for (const { name, cron } of options.schedules) {
    if (scheduled.get(queueOf(name)) !== cron) {
      await boss.schedule(queueOf(name), cron, {}, { tz: 'UTC' });
    }
    // Of the days when all environments shared their queues, which nobody works on any more.
    if (scheduled.has(name)) await boss.unschedule(name);
  }
}

// Jobs are inserted in the house's own transactions, and deleted in that which erases their viewer, so
// its role needs to reach the queue's tables, those that a later version or a test clock adds included.
async function grantToHouse(boss: PgBoss): Promise<void> {
  const db = boss.getDb();
  const { rows } = await db.executeSql(
    `select has_table_privilege('consentry_app', 'pgboss.job', 'delete') as granted`,
  );
  if ((rows[0] as { granted: boolean }).granted) return;
  // One statement text is one transaction; processes that start together grant one after the other,
  // since Postgres refuses two changes of the same right at once.
  await db.executeSql(`
    select pg_advisory_xact_lock(7243002);
    grant usage on schema pgboss to consentry_app;
    grant select, insert, update, delete on all tables in schema pgboss to consentry_app;
    grant execute on all functions in schema pgboss to consentry_app;
    alter default privileges in schema pgboss
      grant select, insert, update, delete on tables to consentry_app;
    alter default privileges in schema pgboss grant execute on functions to consentry_app;
  `);
}

async function startWorkers(
  boss: PgBoss,
  name: string,
  rules: QueueRules,
  realTime: boolean,
  settled: (job: JobWithMetadata<unknown>) => Promise<JobResult>,
  running: Set<Promise<unknown>>,
): Promise<void> {
  // Two jobs a fetch or more let a worker go on at once while more wait: with one, it sleeps between.
  // Under a test clock every look of every worker is a step: there two take all that may run at once, so
  // that one goes on where the other waits for its slowest.
  const workers = Math.ceil(rules.atOnce / Math.min(rules.atOnce, rules.batch));
  const localConcurrency = realTime ? workers : Math.min(workers, 2);
  const batchSize = Math.ceil(rules.atOnce / localConcurrency);
  const bounded = realTime && rules.groupAtOnce !== undefined && localConcurrency > 1;
  const options = {
    batchSize,
    burstWhenBatchFull: batchSize > 1,
    localConcurrency,
    pollingIntervalSeconds: WAKE_SECONDS,
    notifyPollingIntervalSeconds: WAKE_SECONDS,
    perJobResults: true,
    // With what is kept of the try before.
    includeMetadata: true,
    ...(bounded ? { localGroupConcurrency: rules.groupAtOnce } : {}),
  } as const;
  await boss.work<unknown, JobResult[], typeof options>(name, options, async (jobs) => {
    const answers = Promise.all(jobs.map(settled));
    running.add(answers);
    try {
      return await answers;
    } finally {
      running.delete(answers);
    }
  });
}

async function settle(
  job: JobWithMetadata<unknown>,
  answer: JobAnswer,
  outputOf: (error: unknown) => object,
): Promise<JobResult> {
  try {
    await answer(job.data, job.signal);
    return { id: job.id, status: 'completed' };
  } catch (error) {
    return { id: job.id, status: 'failed', output: outputOf(error) };
  }
}
