import { builder } from './builder.ts';
import { requireOperator } from './context.ts';

/** The part of the schema that only operators reach; every file may add fields to it. */
export const Operations = builder.objectRef<Record<string, never>>('Operations').implement({
  description: 'How the server fares, across its users. It counts, and shows nobody’s money.',
});

builder.queryField('operations', (t) =>
  t.field({
    type: Operations,
    description:
      'What operators may ask. Answers only to a token with the claim of `OPERATOR_CLAIM`; others get the error `FORBIDDEN`.',
    resolve: (_parent, _args, context) => {
      requireOperator(context);
      return {};
    },
  }),
);
