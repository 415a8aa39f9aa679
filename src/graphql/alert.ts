import { alertWords } from '../consents/alert-words.ts';
import { acknowledgeAlert, AlertUnknownError } from '../consents/alerts.ts';
import { zoneOf } from '../consents/next-due.ts';
import { builder } from './builder.ts';
import { NIL_UUID, pageComplexity, pageSize, UUID } from './connection.ts';
import { Consent } from './consent.ts';
import { requireViewer } from './context.ts';

const AlertKind = builder.enumType('AlertKind', {
  description: 'What an alert is about.',
  values: { CONSENT_ENDS_SOON: { description: 'The consent should be renewed.' } } as const,
});

const Alert = builder.prismaNode('Alert', {
  description:
    'Something that the user should hear in time. Each step before the end of a consent is raised once, at an hour at which people may be spoken to in their time zone.',
  id: { field: 'id', description: 'Its id, which never changes.' },
  nullable: true,
  findUnique: (id) => ({ id: UUID.test(id) ? id : NIL_UUID }),
  fields: (t) => ({
    kind: t.field({
      type: AlertKind,
      description: 'What it is about.',
      resolve: () => 'CONSENT_ENDS_SOON' as const,
    }),
    consent: t.relation('consent', { description: 'The consent that it is about.' }),
    daysBefore: t.exposeInt('daysBefore', {
      description:
        'Which step it is: it comes at least so many days before the end, the evening before where that would be at night. 0 is the last word, at least an hour before.',
    }),
    message: t.string({
      description:
        'For the user, in plain English, as things stand now: what ends, when in their time zone, and what to do.',
      resolve: async ({ consentId, viewerId, period }, _args, { app, loaders }) => {
        const [consent, viewer] = await Promise.all([
          loaders.consents.load(consentId),
          loaders.viewers.load(viewerId),
        ]);
        if (consent === null) throw new Error(`there is no consent ${consentId}`);
        const { providerId } = consent;
        const provider = providerId === null ? null : await loaders.providers.load(providerId);
        const zone = zoneOf(app.config, viewer);
        return alertWords({ period }, consent, provider?.displayName ?? null, zone);
      },
    }),
    raisedAt: t.expose('raisedAt', { type: 'DateTime', description: 'When it was raised.' }),
    acknowledgedAt: t.expose('acknowledgedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the user had heard it, by `acknowledgeAlert`; null before.',
    }),
    closedAt: t.expose('closedAt', {
      type: 'DateTime',
      nullable: true,
      description:
        'When there was nothing left to announce, because the consent was renewed or had ended; null before.',
    }),
  }),
});

builder.prismaObjectField(Consent, 'alerts', (t) =>
  t.relation('alerts', {
    description:
      'What was announced of it, oldest first: at most one for each step before the end of a period.',
    query: { orderBy: [{ raisedAt: 'asc' }, { id: 'asc' }] },
  }),
);

builder.queryField('alerts', (t) =>
  t.prismaConnection(
    {
      type: Alert,
      cursor: 'id',
      description: "The viewer's alerts, newest first.",
      complexity: pageComplexity,
      args: {
        open: t.arg.boolean({
          description:
            'True: only those that are neither acknowledged nor closed; all if not given.',
        }),
      },
      resolve: (query, _parent, args, context) => {
        requireViewer(context);
        pageSize(args.first ?? args.last);
        return context.reader.alert.findMany({
          ...query,
          ...(args.open === true ? { where: { acknowledgedAt: null, closedAt: null } } : {}),
          orderBy: [{ raisedAt: 'desc' }, { id: 'desc' }],
        });
      },
    },
    { name: 'AlertConnection', description: 'Alerts, a page at a time.' },
    { name: 'AlertEdge', description: 'An alert and its place in the list.' },
  ),
);

const AcknowledgedAlert = builder
  .objectRef<{ readonly id: string }>('AcknowledgedAlert')
  .implement({
    description: 'An alert that the user has heard.',
    fields: (t) => ({
      alert: t.prismaField({
        type: Alert,
        description: 'The alert, with the instant at which it was acknowledged first.',
        resolve: (query, { id }, _args, { reader }) =>
          reader.alert.findUniqueOrThrow({ ...query, where: { id } }),
      }),
    }),
  });

const AcknowledgeAlertInput = builder.inputType('AcknowledgeAlertInput', {
  description: 'Which alert.',
  fields: (t) => ({ id: t.globalID({ required: true, description: 'The `id` of an alert.' }) }),
});

builder.mutationField('acknowledgeAlert', (t) =>
  t.field({
    type: AcknowledgedAlert,
    description:
      'Says that the user has heard an alert: call it when they have seen or dismissed it. Where nobody acknowledged the last alert before an end, the operator hears of it. A repeat changes nothing.',
    errors: {
      types: [AlertUnknownError],
      directResult: true,
      union: { name: 'AcknowledgeAlertResult', description: 'The alert, or why there is none.' },
    },
    args: { input: t.arg({ type: AcknowledgeAlertInput, required: true, description: 'Which.' }) },
    resolve: async (_parent, { input: { id } }, context) => {
      const viewer = requireViewer(context);
      if (id.typename !== 'Alert' || !UUID.test(id.id)) throw new AlertUnknownError();
      await acknowledgeAlert(context.app, viewer.id, id.id);
      return { id: id.id };
    },
  }),
);
