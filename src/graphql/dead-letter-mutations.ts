import { globalIdOf } from '../base/global-id.ts';
import {
  DeadLetterRefusedError,
  discardDeadLetters,
  LETTERS_AT_ONCE,
  retryDeadLetters,
} from '../dead-letters/dead-letters.ts';
import { builder } from './builder.ts';
import { NIL_UUID, UUID } from './connection.ts';
import { requireOperator } from './context.ts';

const Input = builder.inputType('DeadLetterInput', {
  description: 'Which dead letters.',
  fields: (t) => ({
    ids: t.globalIDList({
      required: true,
      description: `The \`id\` of each, 1 to ${LETTERS_AT_ONCE}; those that are gone are passed over.`,
    }),
  }),
});

const idsOf = (ids: readonly { readonly typename: string; readonly id: string }[]) =>
  ids.map(({ typename, id }) => (typename === 'DeadLetter' && UUID.test(id) ? id : NIL_UUID));

interface Named {
  readonly ids: readonly string[];
}

const Retried = builder.objectRef<Named>('RetriedDeadLetters').implement({
  description: 'Jobs that are tried anew, each once however often that was asked.',
  fields: (t) => ({
    ids: t.idList({
      description: 'The `id` that each letter had.',
      resolve: ({ ids }) => ids.map((id) => globalIdOf('DeadLetter', id)),
    }),
  }),
});

const Discarded = builder.objectRef<Named>('DiscardedDeadLetters').implement({
  description: 'Dead letters that are forgotten.',
  fields: (t) => ({
    ids: t.idList({
      description: 'The `id` that each had.',
      resolve: ({ ids }) => ids.map((id) => globalIdOf('DeadLetter', id)),
    }),
  }),
});

builder.mutationField('retryDeadLetter', (t) =>
  t.field({
    type: Retried,
    description:
      'Has jobs that failed for good tried again, with all their tries: mend the cause first. For operators only.',
    errors: {
      types: [DeadLetterRefusedError],
      union: { name: 'RetryDeadLetterResult', description: 'What is tried again, or why nothing.' },
      directResult: true,
    },
    args: { input: t.arg({ type: Input, required: true, description: 'Which.' }) },
    resolve: async (_parent, { input: { ids } }, context) => ({
      ids: await retryDeadLetters(context.app, requireOperator(context).subject, idsOf(ids)),
    }),
  }),
);

builder.mutationField('discardDeadLetter', (t) =>
  t.field({
    type: Discarded,
    description: 'Forgets jobs that failed for good. For operators only.',
    errors: {
      types: [DeadLetterRefusedError],
      union: { name: 'DiscardDeadLetterResult', description: 'What is forgotten, or why nothing.' },
      directResult: true,
    },
    args: { input: t.arg({ type: Input, required: true, description: 'Which.' }) },
    resolve: async (_parent, { input: { ids } }, context) => ({
      ids: await discardDeadLetters(context.app, requireOperator(context).subject, idsOf(ids)),
    }),
  }),
);
