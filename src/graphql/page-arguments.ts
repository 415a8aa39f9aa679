import { builder } from './builder.ts';

/** The arguments of a list that is read forwards. */
export const pageArguments = builder.args((t) => ({
  first: t.int({ description: 'How many, 1 to 100; 20 if not given.' }),
  after: t.string({ description: 'The `endCursor` of the page before.' }),
}));

/** The arguments that narrow a list to days. */
export const dayArguments = builder.args((t) => ({
  from: t.field({ type: 'Date', description: 'The first day, inclusive.' }),
  to: t.field({ type: 'Date', description: 'The last day, inclusive.' }),
}));

/** The arguments of a list of accounts. */
export const accountArguments = builder.args((t) => ({
  first: t.int({ description: 'How many, 1 to 100; 20 if not given.' }),
  after: t.string({ description: 'The `endCursor` of the page before.' }),
  includeExcluded: t.boolean({
    description: 'Whether accounts that the viewer excluded are listed too; not if not given.',
  }),
}));
