import { builder } from './builder.ts';
import { badInput, NIL_UUID, pageComplexity, pageSize, UUID } from './connection.ts';
import { requireViewer } from './context.ts';
import { HistoryProgress } from './history.ts';
import { untilTokenEnds } from './following.ts';
import { forgetLoaded } from './loaders.ts';
import { Provider } from './provider.ts';

/** The `ConsentStatus` type. */
export const ConsentStatus = builder.enumType('ConsentStatus', {
  description: "Where a consent stands in its life. Only the bank's word ends it early.",
  values: {
    ACTIVE: { description: 'The bank can be read.' },
    EXPIRING: { description: 'The bank can be read, and the end is near: have it renewed.' },
    REAUTH_REQUIRED: { description: 'The bank refuses: the user has to connect it again.' },
    EXPIRED: { description: 'Its time is over: the user has to connect the bank again.' },
    REVOKED: { description: 'The user took it back.' },
  },
});

/** The values of `ConsentStatusReason`. */
export const STATUS_REASONS = {
  ENDS_SOON: { description: 'Its end is near.' },
  PERIOD_OVER: { description: 'The period that the user agreed to is over.' },
  ACCESS_OVER: { description: 'It was given for one visit only, without `offline_access`.' },
  GRANT_ENDED: { description: 'The bank no longer honours it.' },
  TOKEN_UNREADABLE: {
    description: 'Its tokens on this server are damaged. The operator knows of it.',
  },
  REFUSAL_DOUBTED: {
    description:
      'The bank called it ended, together with so many others that it is not believed yet.',
  },
  TOKEN_REJECTED: { description: 'The bank refuses access, even with fresh tokens.' },
  REVOKED_BY_USER: { description: 'The user took it back through this API.' },
} as const;
const StatusReason = builder.enumType('ConsentStatusReason', {
  description: 'Why a consent stands where it does.',
  values: STATUS_REASONS,
});

const Revocation = builder.prismaObject('Revocation', {
  description:
    'How far the bank knows that the user took a consent back. Nobody reads by it any more, whatever stands here.',
  fields: (t) => ({
    requestedAt: t.expose('requestedAt', {
      type: 'DateTime',
      description: 'When the user took it back.',
    }),
    confirmedAt: t.expose('confirmedAt', {
      type: 'DateTime',
      nullable: true,
      description:
        'When the bank confirmed, or said that it knew of no consent; null before, and where it never could be told.',
    }),
    endedAt: t.expose('endedAt', {
      type: 'DateTime',
      nullable: true,
      description:
        'When the last token was destroyed: the bank had confirmed, or its own end was over; null while the bank is still to be told.',
    }),
  }),
});

/** The `Consent` type. */
export const Consent = builder.prismaNode('Consent', {
  description: "A user's permission to read one bank.",
  id: { field: 'id', description: 'Its id, which never changes.' },
  nullable: true,
  findUnique: (id) => ({ id: UUID.test(id) ? id : NIL_UUID }),
  fields: (t) => ({
    provider: t.field({
      type: Provider,
      nullable: true,
      description: 'The bank; null for the seconds until it has said its name.',
      resolve: (consent, _args, { loaders }) => loaders.banks.load(consent),
    }),
    status: t.expose('status', { type: ConsentStatus, description: 'Where it stands.' }),
    statusReason: t.field({
      type: StatusReason,
      nullable: true,
      description: 'Why it stands there; null while nothing has happened.',
      resolve: ({ statusReason }) => statusReason as keyof typeof STATUS_REASONS | null,
    }),
    scopes: t.exposeStringList('scopes', { description: 'What the user allowed.' }),
    consentedAt: t.expose('consentedAt', {
      type: 'DateTime',
      description: 'When the user gave it.',
    }),
    endsAt: t.expose('endsAt', {
      type: 'DateTime',
      description: 'When it ends unless it is renewed.',
    }),
    bankEndsAt: t.expose('bankEndsAt', {
      type: 'DateTime',
      nullable: true,
      description:
        "The bank's own word on its end: a hint, not to be relied on; null if not given.",
    }),
    endedAt: t.expose('endedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it ended; null while the bank can be read.',
    }),
    revocation: t.field({
      type: Revocation,
      nullable: true,
      select: { revocations: { where: { cause: 'TAKEN_BACK' } } },
      resolve: ({ revocations }) => revocations[0] ?? null,
      description: 'How far the bank knows that it was taken back; null unless it was.',
    }),
    history: t.field({
      type: HistoryProgress,
      description: 'How far its past has been fetched.',
      resolve: (consent, _args, { loaders }) => loaders.histories.load(consent),
    }),
  }),
});

builder.queryField('consents', (t) =>
  t.prismaConnection(
    {
      type: 'Consent',
      cursor: 'id',
      description: "The viewer's consents, newest first, those that have ended included.",
      complexity: pageComplexity,
      resolve: (query, _parent, args, context) => {
        requireViewer(context);
        pageSize(args.first ?? args.last);
        return context.reader.consent.findMany({
          ...query,
          orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
        });
      },
    },
    { name: 'ConsentConnection', description: 'Consents, a page at a time.' },
    { name: 'ConsentEdge', description: 'A consent and its place in the list.' },
  ),
);

builder.queryField('consent', (t) =>
  t.prismaField({
    type: 'Consent',
    nullable: true,
    description: 'One consent by its id; null if the viewer has none such.',
    args: { id: t.arg.globalID({ required: true, description: 'The `id` of a consent.' }) },
    resolve: (query, _parent, { id }, context) => {
      requireViewer(context);
      if (id.typename !== 'Consent' || !UUID.test(id.id)) return null;
      return context.reader.consent.findUnique({ ...query, where: { id: id.id } });
    },
  }),
);

builder.subscriptionField('consent', (t) =>
  t.prismaField({
    type: 'Consent',
    description:
      'A consent now, and again after every change of its status, its accounts or the progress of its history. Ends when the token expires: follow again with a fresh one.',
    args: { id: t.arg.globalID({ required: true, description: 'The `id` of a consent.' }) },
    subscribe: async function* (_parent, { id }, context) {
      const viewer = requireViewer(context);
      const where = { id: id.id };
      const found =
        id.typename === 'Consent' &&
        UUID.test(id.id) &&
        (await context.reader.consent.findUnique({ where, select: { id: true } }));
      if (!found) throw badInput('The viewer has no such consent.', 'NOT_FOUND');
      const signal = untilTokenEnds(context, viewer);
      for await (const _change of context.app.events.changesOf(id.id, signal)) {
        forgetLoaded(context.loaders);
        // It may have gone with its user, unheard while this process was cut off.
        const left = await context.reader.consent.findUnique({ where, select: { id: true } });
        if (left === null) return;
        yield;
      }
    },
    resolve: (query, _event, { id }, { reader }) =>
      reader.consent.findUniqueOrThrow({ ...query, where: { id: id.id } }),
  }),
);
