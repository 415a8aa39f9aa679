import { z } from 'zod';
import { correlationId } from './base/log.ts';
import type { JobRequest, QueueRules, Schedule } from './postgres/queue.ts';

/** One kind of background job: what it carries, and how often and how long it is tried. */
export interface JobDeclaration<P extends object> {
  readonly name: string;
  readonly payload: z.ZodType<P>;
  readonly rules: QueueRules;
  /** Five fields, UTC; for jobs that come by themselves. */
  readonly cron?: string;
}

const ofConsent = z.object({ viewerId: z.uuid(), consentId: z.uuid() });

/** What may be asked of the background. Who answers is said in `worker.ts`. */
export const jobs = {
  /** Finishes a link whose completion was cut off between its steps, and closes one left open. */
  completeLink: declare('complete-link', z.object({ viewerId: z.uuid(), linkId: z.uuid() }), {
    retries: 3,
    timeLimitSeconds: 60,
  }),
  /** Reads the consent's own word and its accounts, and plans the history to fetch. */
  startBackfill: declare('start-backfill', ofConsent, {
    retries: 12,
    retryDelaySeconds: 1,
    retryDelaySecondsMax: 30,
    timeLimitSeconds: 120,
    atOnce: 4,
    policy: 'stately',
  }),
  /** Asks for the days of one span. */
  fetchSpan: declare('fetch-span', ofConsent.extend({ spanId: z.uuid() }), {
    retries: 20,
    retryDelaySeconds: 1,
    retryDelaySecondsMax: 60,
    timeLimitSeconds: 120,
    // They wait for a network: so many that a burst of consents is asked for while its windows are
    // open, and of one bank never all, so that one that hangs holds up nobody else's.
    atOnce: 48,
    groupAtOnce: 24,
    policy: 'stately',
  }),
  /** Looks whether the results of one span are there, and saves them. */
  pollSpan: declare('poll-span', ofConsent.extend({ spanId: z.uuid() }), {
    retries: 20,
    retryDelaySeconds: 1,
    retryDelaySecondsMax: 60,
    timeLimitSeconds: 120,
    // They save rows more than they wait, and what is still to be asked for goes first.
    atOnce: 8,
    groupAtOnce: 4,
    policy: 'stately',
  }),
  /** Asks again for what of a history was left undone. */
  resumeHistory: declare('resume-history', ofConsent, { policy: 'stately' }),
  /** Reads the newest days and balances of a consent again. */
  readRecent: declare('read-recent', ofConsent, {
    retries: 5,
    retryDelaySeconds: 60,
    retryDelaySecondsMax: 3_600,
    timeLimitSeconds: 300,
    atOnce: 4,
    policy: 'stately',
  }),
  /** Does what is due for a consent: a read, an alert, its end. */
  tendConsent: declare('tend-consent', ofConsent, { atOnce: 8, batch: 8, policy: 'stately' }),
  /** Uses a refresh token before it dies of idleness. */
  keepTokenAlive: declare('keep-token-alive', ofConsent, {
    retries: 6,
    retryDelaySeconds: 60,
    retryDelaySecondsMax: 3_600,
    timeLimitSeconds: 180,
    atOnce: 8,
    batch: 8,
    policy: 'stately',
  }),
  /** Finds consents whose due instant passed without their own job. */
  sweepConsents: declare('sweep-consents', z.object({}), { policy: 'stately' }, '*/15 * * * *'),
  /** Tells the bank that a connection is to end, again until it knows. */
  revokeAtBank: declare(
    'revoke-at-bank',
    z.object({ viewerId: z.uuid(), revocationId: z.uuid() }),
    {
      timeLimitSeconds: 90,
      atOnce: 4,
      policy: 'stately',
    },
  ),
  /** Finds revocations that are due without their own job. */
  sweepRevocations: declare(
    'sweep-revocations',
    z.object({}),
    { policy: 'stately' },
    '*/15 * * * *',
  ),
  /** Deletes what is stored of a viewer who is being erased, and looks once more when all is gone. */
  eraseViewer: declare('erase-viewer', z.object({ erasureId: z.uuid() }), {
    retries: 20,
    retryDelaySeconds: 1,
    retryDelaySecondsMax: 60,
    timeLimitSeconds: 180,
    policy: 'stately',
  }),
  /** Finds erasures that are under way without their own job. */
  sweepErasures: declare('sweep-erasures', z.object({}), { policy: 'stately' }, '*/5 * * * *'),
  /** Deletes what is older than it is to be kept. */
  prune: declare('prune', z.object({}), { policy: 'stately', timeLimitSeconds: 900 }, '23 3 * * *'),
  /** Sends one event to one endpoint, and asks to be called again while that fails. */
  deliverWebhook: declare(
    'deliver-webhook',
    z.object({ deliveryId: z.uuid(), viewerId: z.uuid().nullable() }),
    // More at once than one endpoint may have: see `webhooks/lanes.ts`.
    { retries: 8, retryDelaySecondsMax: 300, atOnce: 16, policy: 'stately' },
  ),
  /** Has an endpoint's deliveries of some time sent again, a page at a time. */
  replayWebhooks: declare(
    'replay-webhooks',
    z.object({
      replayId: z.uuid(),
      endpointId: z.uuid(),
      since: z.iso.datetime(),
      until: z.iso.datetime(),
      all: z.boolean(),
      after: z.uuid().nullable(),
    }),
    {},
  ),
  /** Finds deliveries that are due without their own job, and destroys secrets that sign no more. */
  sweepWebhooks: declare('sweep-webhooks', z.object({}), { policy: 'stately' }, '*/5 * * * *'),
  /** Drops dead letters whose work was done since, and raises the alarm of those that stay. */
  tendDeadLetters: declare('tend-dead-letters', z.object({}), { policy: 'stately' }, '*/5 * * * *'),
  /** Reads the list of banks again. */
  refreshProviders: declare(
    'refresh-providers',
    z.object({}),
    { policy: 'stately' },
    '7 */6 * * *',
  ),
} as const;

/** A request for a job, bearing the correlation id of the work that asks. */
export function ask<P extends object>(
  job: JobDeclaration<P>,
  payload: P,
  options: Omit<JobRequest, 'name' | 'payload'> = {},
): JobRequest {
  const correlation = correlationId();
  return {
    name: job.name,
    payload: correlation === undefined ? payload : { ...payload, correlationId: correlation },
    ...options,
  };
}

/** The rules of every queue, by name. */
export function queueRules(): ReadonlyMap<string, QueueRules> {
  return new Map(Object.values(jobs).map((job) => [job.name, job.rules]));
}

/** The jobs that come by themselves. */
export function jobSchedules(): readonly Schedule[] {
  const declared: readonly Pick<JobDeclaration<object>, 'name' | 'cron'>[] = Object.values(jobs);
  return declared.flatMap(({ name, cron }) => (cron === undefined ? [] : [{ name, cron }]));
}

function declare<P extends object>(
  name: string,
  payload: z.ZodType<P>,
  rules: Partial<QueueRules>,
  cron?: string,
): JobDeclaration<P> {
  return {
    name,
    payload,
    rules: {
      retries: 5,
      retryDelaySeconds: 5,
      retryDelaySecondsMax: 600,
      timeLimitSeconds: 60,
      atOnce: 2,
      batch: 2,
      policy: 'standard',
      ...rules,
    },
    ...(cron === undefined ? {} : { cron }),
  };
}
