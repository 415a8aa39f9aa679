import { causeWords } from '../dead-letters/cause.ts';
import { passes } from '../dead-letters/dead-letters.ts';
import { globalIdOf } from '../base/global-id.ts';
import {
  countDeadLetters,
  type DeadLetter,
  type DeadLetterCount,
  readDeadLetters,
} from '../postgres/dead-letters.ts';
import { builder } from './builder.ts';
import { fromCursor, isUuid, pageComplexity, pageSize, toPage } from './connection.ts';
import { Operations } from './operations.ts';
import { pageArguments } from './page-arguments.ts';

const Carried = builder
  .objectRef<{ readonly name: string; readonly value: string }>('DeadLetterId')
  .implement({
    description: 'One of the ids that a job carries.',
    fields: (t) => ({
      name: t.exposeString('name', { description: 'Of what: `consentId`, as the logs name it.' }),
      value: t.exposeString('value', { description: 'The id, as the logs name it.' }),
    }),
  });

const Letter = builder.objectRef<DeadLetter>('DeadLetter').implement({
  description:
    'A job that failed for good: every try that it had. It goes by itself once its work is done, or asked for again.',
  fields: (t) => ({
    id: t.id({
      description: 'Its id.',
      resolve: ({ id }) => globalIdOf('DeadLetter', id),
    }),
    job: t.exposeString('job', { description: 'Which job, as the logs name it: `fetch-span`.' }),
    ids: t.field({
      type: [Carried],
      description: 'What the job carries: ids, and never anything of a user’s.',
      resolve: ({ payload }) =>
        Object.entries(payload)
          .filter(([name, value]) => name !== 'correlationId' && value !== null)
          .map(([name, value]) => ({ name, value: String(value) })),
    }),
    code: t.exposeString('code', {
      description:
        'Why the last try failed, for programs: `BANK_UNAVAILABLE` and other meanings of what banks answer, `DATABASE_UNAVAILABLE`, `TIMED_OUT`, `WORKER_LOST`, `UNEXPECTED` and so on.',
    }),
    message: t.string({
      description: 'The same for people.',
      resolve: ({ code }) => causeWords(code),
    }),
    endpoint: t.exposeString('endpoint', {
      nullable: true,
      description: 'What TrueLayer was asked for in vain; null where it was not to blame.',
    }),
    status: t.exposeInt('status', {
      nullable: true,
      description: 'The HTTP status of its answer; null where none came.',
    }),
    passes: t.boolean({
      description:
        'Whether it heals by itself: the cause passes, and the server asks for the work again. Those that do not raise the alarm `JOBS_DEAD`.',
      resolve: passes,
    }),
    attempts: t.exposeInt('attempts', { description: 'How often it was tried.' }),
    askedAt: t.expose('askedAt', { type: 'DateTime', description: 'When it was asked for.' }),
    firstFailedAt: t.expose('firstFailedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When its first try failed; null where a try ended with its process.',
    }),
    lastFailedAt: t.expose('lastFailedAt', {
      type: 'DateTime',
      description: 'When its last try failed.',
    }),
    correlationId: t.string({
      nullable: true,
      description: 'By which the log tells its story; null where nobody’s request began it.',
      resolve: ({ payload: { correlationId: id } }) => (typeof id === 'string' ? id : null),
    }),
  }),
});

const LetterConnection = builder.connectionObject(
  { type: Letter, name: 'DeadLetterConnection', description: 'Dead letters, a page at a time.' },
  { name: 'DeadLetterEdge', description: 'A dead letter and its place in the list.' },
);

builder.objectField(Operations, 'deadLetters', (t) =>
  t.field({
    type: LetterConnection,
    description: 'The jobs that failed for good within 30 days, newest first.',
    complexity: pageComplexity,
    args: { ...pageArguments, job: t.arg.string({ description: 'Only those of this job.' }) },
    resolve: async (_parent, { first, after, job }, { app }) => {
      const limit = pageSize(first);
      const rows = await readDeadLetters(app.database, app.client.environment, {
        job: job ?? undefined,
        after: after ? (fromCursor(after, [isPlace, isUuid]) as [string, string]) : undefined,
        limit: limit + 1,
      });
      return toPage(rows, limit, after, ({ place, id }) => [place, id]);
    },
  }),
);

const Count = builder.objectRef<DeadLetterCount>('DeadLetterCount').implement({
  description: 'Jobs of one kind that failed for good by one cause.',
  fields: (t) => ({
    job: t.exposeString('job', { description: 'Which job.' }),
    code: t.exposeString('code', { description: 'Why the last try failed.' }),
    count: t.exposeInt('count', { description: 'How many there are.' }),
    passes: t.boolean({ description: 'Whether they heal by themselves.', resolve: passes }),
    newestAt: t.expose('newestAt', { type: 'DateTime', description: 'When the last one failed.' }),
  }),
});

builder.objectField(Operations, 'deadLetterCounts', (t) =>
  t.field({
    type: [Count],
    description: 'How many jobs failed for good, by job and cause, the most first; none is well.',
    resolve: (_parent, _args, { app }) =>
      countDeadLetters(app.database, app.client.environment).then((counts) => [...counts]),
  }),
);

function isPlace(word: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(word);
}
