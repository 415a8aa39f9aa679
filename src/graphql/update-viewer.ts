import { TimeZoneUnknownError, updateTimeZone } from '../consents/viewer-zone.ts';
import { zoneOf } from '../consents/next-due.ts';
import { AuthLinkRefusedError } from '../consents/link-request.ts';
import { builder } from './builder.ts';
import { requireViewer, type TokenViewer } from './context.ts';
import { Viewer } from './viewer.ts';

const ZONE_SOURCES = {
  TOKEN: { description: 'Their token, by its claim `zoneinfo`.' },
  VIEWER: { description: 'They themselves, by `updateViewer`.' },
  DEPLOYMENT: { description: 'Nobody: it is the one of this server.' },
} as const;
const TimeZoneSource = builder.enumType('TimeZoneSource', {
  description: 'Who said in which time zone a user lives.',
  values: ZONE_SOURCES,
});

builder.objectField(Viewer, 'timeZone', (t) =>
  t.string({
    description:
      "The user's time zone, by its name in IANA's list: `Europe/London`. Alerts come at hours at which people may be spoken to there.",
    resolve: async ({ id }, _args, { app, loaders }) =>
      zoneOf(app.config, await loaders.viewers.load(id)),
  }),
);
builder.objectField(Viewer, 'timeZoneSource', (t) =>
  t.field({
    type: TimeZoneSource,
    description: 'Who said so.',
    resolve: async ({ id }, _args, { loaders }) => {
      const source = (await loaders.viewers.load(id))?.timeZoneSource;
      return source === 'TOKEN' || source === 'VIEWER' ? source : 'DEPLOYMENT';
    },
  }),
);

const UpdatedViewer = builder
  .objectRef<{ readonly viewer: TokenViewer }>('UpdatedViewer')
  .implement({
    description: 'The user as they are now.',
    fields: (t) => ({
      viewer: t.expose('viewer', { type: Viewer, description: 'The user.' }),
    }),
  });

const UpdateViewerInput = builder.inputType('UpdateViewerInput', {
  description: 'What the user says of themselves.',
  fields: (t) => ({
    timeZone: t.string({
      description:
        "Where they live, by a name in IANA's list: `Europe/London`. Null takes back what they said; left out, it stays.",
    }),
  }),
});

builder.mutationField('updateViewer', (t) =>
  t.field({
    type: UpdatedViewer,
    description:
      'Keeps what the user says of themselves. Where their token names a time zone, that wins, and nothing changes.',
    errors: {
      types: [TimeZoneUnknownError, AuthLinkRefusedError],
      directResult: true,
      union: { name: 'UpdateViewerResult', description: 'The user, or why nothing changed.' },
    },
    args: {
      input: t.arg({ type: UpdateViewerInput, required: true, description: 'What is to change.' }),
    },
    resolve: async (_parent, { input: { timeZone } }, context) => {
      const viewer = requireViewer(context);
      if (timeZone !== undefined) await updateTimeZone(context.app, viewer, timeZone);
      context.loaders.viewers.clear(viewer.id);
      return { viewer };
    },
  }),
);
