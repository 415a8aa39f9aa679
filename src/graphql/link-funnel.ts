import {
  countLinks,
  type LinkCounts,
  type LinkFunnel,
  type ProviderLinkCounts,
} from '../consents/link-funnel.ts';
import { builder } from './builder.ts';
import { Operations } from './operations.ts';
import { Provider } from './provider.ts';

const Failure = builder.objectRef<LinkCounts['failures'][number]>('AuthLinkFailure').implement({
  description: 'How many links failed for one reason.',
  fields: (t) => ({
    code: t.exposeString('code', { description: 'The reason, a code of `AuthLinkNotCompleted`.' }),
    count: t.exposeInt('count', { description: 'How many failed for it.' }),
  }),
});

const Counts = builder.interfaceRef<LinkCounts>('AuthLinkCounts').implement({
  description:
    'How links fared, each counted once at each step that it reached. What was issued is by now open, completed, cancelled, failed or abandoned.',
  fields: (t) => ({
    issued: t.exposeInt('issued', { description: 'Were made.' }),
    opened: t.exposeInt('opened', { description: 'Were opened by a browser.' }),
    returned: t.exposeInt('returned', {
      description: 'Brought somebody back, with whatever answer.',
    }),
    open: t.exposeInt('open', { description: 'May still be completed.' }),
    completed: t.exposeInt('completed', { description: 'Came to a consent.' }),
    cancelled: t.exposeInt('cancelled', { description: 'Were cancelled at the bank.' }),
    failed: t.exposeInt('failed', { description: 'Came back and to nothing.' }),
    abandoned: t.exposeInt('abandoned', {
      description: 'Expired without anybody coming back.',
    }),
    failures: t.field({
      type: [Failure],
      description: 'Why links failed, the most frequent reason first.',
      resolve: ({ failures }) => failures,
    }),
  }),
});

const OfProvider = builder.objectRef<ProviderLinkCounts>('ProviderAuthLinks').implement({
  description: 'How the links to one bank fared.',
  interfaces: [Counts],
  fields: (t) => ({
    provider: t.field({
      type: Provider,
      nullable: true,
      description: 'The bank; null where the choice was left to the user.',
      resolve: ({ providerId }, _args, { loaders }) =>
        providerId === null ? null : loaders.providers.load(providerId),
    }),
  }),
});

const Funnel = builder.objectRef<LinkFunnel>('AuthLinkFunnel').implement({
  description: 'How the links of some days fared.',
  interfaces: [Counts],
  fields: (t) => ({
    from: t.expose('from', { type: 'DateTime', description: 'The first instant.' }),
    to: t.expose('to', { type: 'DateTime', description: 'The first instant after.' }),
    byProvider: t.field({
      type: [OfProvider],
      description: 'The same for each bank, at most the hundred with most links.',
      resolve: ({ byProvider }) => byProvider,
    }),
  }),
});

builder.objectField(Operations, 'authLinks', (t) =>
  t.field({
    type: Funnel,
    description: 'How the links fared that were made in a range of at most 366 days.',
    args: {
      from: t.arg({
        type: 'DateTime',
        description: 'The first instant; 30 days before `to` if not given.',
      }),
      to: t.arg({ type: 'DateTime', description: 'The first instant after; now if not given.' }),
    },
    resolve: (_parent, { from, to }, { app }) => countLinks(app, from, to),
  }),
);
