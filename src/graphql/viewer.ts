import { AccountConnection, accountPage } from './account.ts';
import { builder } from './builder.ts';
import { pageComplexity } from './connection.ts';
import { requireViewer, type TokenViewer } from './context.ts';
import { accountArguments } from './page-arguments.ts';

/** The `Viewer` type. */
export const Viewer = builder.objectRef<TokenViewer>('Viewer');

builder.node(Viewer, {
  description: 'The end user whom the bearer token names.',
  id: {
    resolve: (viewer) => viewer.id,
    description: 'Our id of the user, the same for every token of theirs.',
  },
  loadOne: (id, context) => (context.viewer?.id === id ? context.viewer : null),
  fields: (t) => ({
    subject: t.exposeString('subject', {
      description: "The user's name at the identity provider, the token's `sub`.",
    }),
    accounts: t.field({
      type: AccountConnection,
      description: 'All accounts and cards of the user, by name.',
      args: accountArguments,
      complexity: pageComplexity,
      resolve: (_viewer, args, context) => accountPage(context, args),
    }),
  }),
});

builder.queryField('viewer', (t) =>
  t.field({
    type: Viewer,
    description: 'The user whom the bearer token names.',
    resolve: (_parent, _args, context) => requireViewer(context),
  }),
);
