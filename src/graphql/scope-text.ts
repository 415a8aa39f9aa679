import {
  PERMISSIONS_TEXT_VERSION,
  SCOPES,
  type ScopeText,
  scopeTexts,
} from '../consents/permissions.ts';
import { builder } from './builder.ts';
import { requireViewer } from './context.ts';

const Scope = builder.objectRef<ScopeText>('Scope').implement({
  description: 'A permission, in plain English for the user.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Its name in `scopes`: `transactions`.' }),
    title: t.exposeString('title', { description: 'A few words, for a list.' }),
    text: t.exposeString('text', { description: 'What it lets be read.' }),
  }),
});

interface Texts {
  readonly version: string;
  readonly scopes: readonly ScopeText[];
}

const ScopeTexts = builder.objectRef<Texts>('ScopeTexts').implement({
  description: 'Permissions in the words that a user can be asked with.',
  fields: (t) => ({
    version: t.exposeString('version', {
      description: 'Of the words, for `textVersion`: another whenever one of them changes.',
    }),
    scopes: t.field({
      type: [Scope],
      description: 'The permissions, in the order to show them.',
      resolve: ({ scopes }) => [...scopes],
    }),
  }),
});

builder.queryField('scopeTexts', (t) =>
  t.field({
    type: ScopeTexts,
    description:
      'What permissions mean, for a screen of your own before a bank is linked or a consent renewed.',
    args: {
      scopes: t.arg.stringList({
        description: 'Which ones; all that there are if not given. Unknown ones are left out.',
      }),
    },
    resolve: (_parent, { scopes }, context) => {
      requireViewer(context);
      return { version: PERMISSIONS_TEXT_VERSION, scopes: scopeTexts(scopes ?? SCOPES) };
    },
  }),
);
