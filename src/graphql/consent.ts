import type { HistoryGap, HistoryProgress } from '../history/progress.ts';
import { Account } from './account-ref.ts';
import { builder } from './builder.ts';
import { badInput, NIL_UUID, pageComplexity, pageSize, UUID } from './connection.ts';
import { requireViewer } from './context.ts';
import { forgetLoaded } from './loaders.ts';

const ConsentStatus = builder.enumType('ConsentStatus', {
  description: "Where a consent stands in its life. Only the bank's word ends it early.",
  values: {
    ACTIVE: { description: 'The bank can be read.' },
    EXPIRING: { description: 'The bank can be read, and the end is near: have it renewed.' },
    REAUTH_REQUIRED: { description: 'The bank refuses: the user has to connect it again.' },
    EXPIRED: { description: 'Its time is over: the user has to connect the bank again.' },
    REVOKED: { description: 'The user took it back.' },
  },
});

const Gap = builder.objectRef<HistoryGap>('HistoryGap').implement({
  description: 'Days that could not be had from the bank.',
  fields: (t) => ({
    account: t.field({
      type: Account,
      nullable: true,
      description: 'Of which account; null only if that has just been removed.',
      resolve: (gap, _args, { loaders }) => loaders.accounts.load(gap.accountId),
    }),
    from: t.expose('from', { type: 'Date', description: 'The first day, inclusive.' }),
    until: t.expose('until', { type: 'Date', description: 'The last day, inclusive.' }),
    reason: t.exposeString('reason', {
      description:
        '`OUT_OF_REACH`: the bank does not serve them. `WINDOW_CLOSED`: time ran out. Others name the error.',
    }),
  }),
});

const Progress = builder.objectRef<HistoryProgress>('HistoryProgress').implement({
  description: 'How far the past of a consent has been fetched.',
  fields: (t) => ({
    spansTotal: t.exposeInt('spansTotal', {
      description: 'Stretches of days to fetch, over all accounts; 0 until they are planned.',
    }),
    spansDone: t.exposeInt('spansDone', {
      description: 'Stretches that are saved, or known not to be had.',
    }),
    complete: t.boolean({
      description: 'True once nothing more is to be fetched.',
      resolve: ({ spansTotal, spansDone }) => spansTotal > 0 && spansDone === spansTotal,
    }),
    oldestDay: t.expose('oldestDay', {
      type: 'Date',
      nullable: true,
      description: 'From this day on everything is there, in every account; null until it is so.',
    }),
    deadline: t.expose('deadline', {
      type: 'DateTime',
      description: 'When the bank stops serving the older days.',
    }),
    gaps: t.field({
      type: [Gap],
      description: 'Days that could not be had, and why.',
      resolve: (progress) => [...progress.gaps],
    }),
  }),
});

builder.prismaObject('Alert', {
  description: 'Something that the user should hear in time.',
  fields: (t) => ({
    kind: t.exposeString('kind', { description: '`CONSENT_ENDS_SOON`.' }),
    daysBefore: t.exposeInt('daysBefore', {
      description: 'How many days before the end it is due.',
    }),
    raisedAt: t.expose('raisedAt', { type: 'DateTime', description: 'When it was raised.' }),
  }),
});

/** The `Consent` type. */
export const Consent = builder.prismaNode('Consent', {
  description: "A user's permission to read one bank.",
  id: { field: 'id', description: 'Its id, which never changes.' },
  nullable: true,
  findUnique: (id) => ({ id: UUID.test(id) ? id : NIL_UUID }),
  fields: (t) => ({
    provider: t.relation('provider', {
      nullable: true,
      description: 'The bank; null for the seconds until it has said its name.',
    }),
    status: t.expose('status', { type: ConsentStatus, description: 'Where it stands.' }),
    statusReason: t.exposeString('statusReason', {
      nullable: true,
      description:
        '`ENDS_SOON`, `PERIOD_OVER`, `ACCESS_OVER`, `GRANT_ENDED` or `TOKEN_REJECTED`; null while nothing has happened.',
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
    alerts: t.relation('alerts', {
      description:
        'What was announced of it, oldest first: at most one for each step before its end.',
      query: { orderBy: { raisedAt: 'asc' } },
    }),
    history: t.field({
      type: Progress,
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
    { description: 'Consents, a page at a time.' },
    { description: 'A consent and its place in the list.' },
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
      'A consent now, and again after every change of its status, its accounts or the progress of its history.',
    args: { id: t.arg.globalID({ required: true, description: 'The `id` of a consent.' }) },
    subscribe: async function* (_parent, { id }, context) {
      requireViewer(context);
      const where = { id: id.id };
      const found =
        id.typename === 'Consent' &&
        UUID.test(id.id) &&
        (await context.reader.consent.findUnique({ where, select: { id: true } }));
      if (!found) throw badInput('The viewer has no such consent.', 'NOT_FOUND');
      for await (const _change of context.app.events.changesOf(id.id, context.signal)) {
        forgetLoaded(context.loaders);
        yield;
      }
    },
    resolve: (query, _event, { id }, { reader }) =>
      reader.consent.findUniqueOrThrow({ ...query, where: { id: id.id } }),
  }),
);
