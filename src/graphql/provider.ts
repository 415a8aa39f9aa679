import type { Prisma } from '../generated/prisma/client.ts';
import { builder } from './builder.ts';
import { pageComplexity, pageSize } from './connection.ts';

/** The `Provider` type. */
export const Provider = builder.prismaNode('Provider', {
  description: 'A bank or card issuer that accounts can be connected from.',
  id: {
    description: 'Its id in this API.',
    resolve: (provider) => provider.providerId,
  },
  nullable: true,
  findUnique: (providerId, { app }) => ({
    environment_providerId: {
      environment: app.client.environment,
      providerId: providerId.replaceAll('\0', ''),
    },
  }),
  fields: (t) => ({
    providerId: t.exposeString('providerId', {
      description: "TrueLayer's name for it, `ob-monzo`: what `authLink` takes.",
    }),
    displayName: t.exposeString('displayName', { description: 'Its name for people.' }),
    country: t.exposeString('country', {
      nullable: true,
      description: 'Two lower-case letters, `uk` for the United Kingdom; null where not said.',
    }),
    logoUrl: t.exposeString('logoUrl', {
      nullable: true,
      description:
        'The address of its logo, https but for simulated banks; null where there is none.',
    }),
    scopes: t.exposeStringList('scopes', {
      description: 'What can be asked of it: `accounts`, `balance`, `transactions` and so on.',
    }),
    healthy: t.exposeBoolean('healthy', {
      nullable: true,
      description: 'Whether TrueLayer recommends it at present; null where not said.',
    }),
  }),
});

builder.queryField('providers', (t) =>
  t.prismaConnection(
    {
      type: 'Provider',
      cursor: 'environment_providerId',
      description: 'The banks to choose from, by name. Needs no token.',
      args: {
        country: t.arg.string({ description: 'Two letters, `uk` or `de`.' }),
        scopes: t.arg.stringList({ description: 'Only banks that offer all of these.' }),
        text: t.arg.string({ description: "A part of the bank's name or id, in any case." }),
      },
      complexity: pageComplexity,
      resolve: (query, _parent, args, { app }) => {
        pageSize(args.first ?? args.last);
        const where: Prisma.ProviderWhereInput = {
          environment: app.client.environment,
          listed: true,
          ...(args.country ? { country: countryOf(args.country) } : {}),
          ...(args.scopes ? { scopes: { hasEvery: [...args.scopes] } } : {}),
          ...(args.text
            ? { OR: matches(args.text.replaceAll('\0', '').trim().slice(0, 100)) }
            : {}),
        };
        return app.database.shared.provider.findMany({
          ...query,
          where,
          orderBy: [{ displayName: 'asc' }, { providerId: 'asc' }],
        });
      },
    },
    { name: 'ProviderConnection', description: 'Banks, a page at a time.' },
    { name: 'ProviderEdge', description: 'A bank and its place in the list.' },
  ),
);

builder.queryField('provider', (t) =>
  t.prismaField({
    type: 'Provider',
    nullable: true,
    description: 'One bank by its `providerId`; null where none is known so. Needs no token.',
    args: { providerId: t.arg.string({ required: true, description: 'For example `ob-monzo`.' }) },
    resolve: (query, _parent, { providerId }, { app }) =>
      app.database.shared.provider.findUnique({
        ...query,
        where: {
          environment_providerId: { environment: app.client.environment, providerId },
        },
      }),
  }),
);

/** TrueLayer's word for a country: `uk`, where ISO 3166 has `gb`. */
function countryOf(code: string): string {
  const lower = code.replaceAll('\0', '').toLowerCase();
  return lower === 'gb' ? 'uk' : lower;
}

// A percent sign or underscore in the text would otherwise match anything.
function matches(text: string): Prisma.ProviderWhereInput[] {
  const contains = text.replaceAll(/[\\%_]/g, '\\$&');
  return [
    { displayName: { contains, mode: 'insensitive' } },
    { providerId: { contains, mode: 'insensitive' } },
  ];
}
