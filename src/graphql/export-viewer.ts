import { EXPORT_KINDS, ExportScopeError, requireExportScope } from '../viewers/export.ts';
import { builder } from './builder.ts';
import { requireViewer } from './context.ts';
import { MutationError } from './errors.ts';

builder.objectType(ExportScopeError, {
  name: 'ExportScopeMissing',
  interfaces: [MutationError],
  description:
    'An export holds account numbers and names in full, and the token has not the scope `identifiers`. Code: `SCOPE_MISSING`.',
});

const ExportFile = builder.objectRef<{ readonly kind: string; readonly url: string }>('ExportFile');
ExportFile.implement({
  description: 'One table of an export, as CSV.',
  fields: (t) => ({
    kind: t.exposeString('kind', {
      description: `What its rows are: ${EXPORT_KINDS.map((kind) => `\`${kind}\``).join(', ')}.`,
    }),
    url: t.exposeString('url', {
      description: 'Where to fetch it, with the bearer token in the `authorization` header.',
    }),
  }),
});

const ViewerExport = builder.objectRef<{ readonly url: string }>('ViewerExport').implement({
  description:
    'Where all that is stored of the user can be fetched, as it is at that moment. The addresses hold no secret: each wants the bearer token in the `authorization` header.',
  fields: (t) => ({
    jsonLines: t.string({
      description:
        'Everything in one file: a JSON object a line, whose `type` says what it is. The last line has the type `end` and counts the others; without it the file is not whole.',
      resolve: ({ url }) => `${url}?format=jsonl`,
    }),
    csv: t.field({
      type: [ExportFile],
      description:
        'The same as tables, for spreadsheets: texts that would be taken for formulas have an apostrophe in front.',
      resolve: ({ url }) =>
        EXPORT_KINDS.map((kind) => ({ kind, url: `${url}?format=csv&kind=${kind}` })),
    }),
  }),
});

builder.mutationField('exportViewer', (t) =>
  t.field({
    type: ViewerExport,
    description:
      'Gives the addresses of an export of all that is stored of the user: consents with their timeline, accounts, balances, transactions with earlier versions and notes, alerts. Nothing is prepared or kept: the files are made while they are fetched.',
    errors: {
      types: [ExportScopeError],
      directResult: true,
      union: {
        name: 'ExportViewerResult',
        description: 'Where the export is, or why there is none.',
      },
    },
    resolve: (_parent, _args, context) => {
      requireExportScope(requireViewer(context).scopes);
      return { url: `${context.app.config.publicUrl}/export` };
    },
  }),
);
