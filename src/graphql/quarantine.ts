import { type QuarantineGroup, readQuarantine } from '../accounts/quarantine.ts';
import { builder } from './builder.ts';
import { fromCursor, isName, pageComplexity, pageSize, toPage } from './connection.ts';
import { requireOperator } from './context.ts';
import { Operations } from './operations.ts';
import { pageArguments } from './page-arguments.ts';
import { Provider } from './provider.ts';

const Group = builder.objectRef<QuarantineGroup>('QuarantinedRecords').implement({
  description:
    'Records that a bank gives and that could not be understood, for one reason. They hold back nothing else. Of the records themselves nothing is kept.',
  fields: (t) => ({
    provider: t.field({
      type: Provider,
      nullable: true,
      description: 'The bank; null where the list of banks no longer has it.',
      resolve: ({ provider_id: id }, _args, { loaders }) => loaders.providers.load(id),
    }),
    providerId: t.exposeString('provider_id', { description: "The bank's id at TrueLayer." }),
    endpoint: t.exposeString('endpoint', {
      description: 'What was asked: `TRANSACTIONS`, `PENDING`, `ACCOUNTS`, `CARDS` and the like.',
    }),
    field: t.exposeString('field', {
      description: 'The field at fault, by its name on the wire; `(record)` for all of it.',
    }),
    reason: t.exposeString('reason', {
      description:
        '`MISSING`; `NULL`; `WRONG_TYPE`: not a text or number; `NOT_UNDERSTOOD`: one that says nothing known.',
    }),
    records: t.exposeInt('records', { description: 'How many different records.' }),
    times: t.exposeInt('times', {
      description: 'How often they were met: once more at every reading.',
    }),
    firstSeenAt: t.expose('first_seen_at', {
      type: 'DateTime',
      description: 'When the first was met.',
    }),
    lastSeenAt: t.expose('last_seen_at', {
      type: 'DateTime',
      description: 'When one was last met; after 90 days without it is forgotten.',
    }),
  }),
});

const Quarantine = builder.connectionObject(
  {
    type: Group,
    name: 'QuarantineConnection',
    description: 'What could not be understood, by bank and field.',
  },
  { name: 'QuarantineEdge', description: 'A group of records and its place in the list.' },
);

builder.objectField(Operations, 'quarantine', (t) =>
  t.field({
    type: Quarantine,
    description:
      'What banks gave and could not be understood, by bank, endpoint, field and reason: for whoever has to make this server understand it.',
    args: pageArguments,
    complexity: pageComplexity,
    resolve: async (_parent, args, context) => {
      requireOperator(context);
      const first = pageSize(args.first);
      const words = args.after ? fromCursor(args.after, [isName, isName, isName, isName]) : null;
      const [provider_id = '', endpoint = '', field = '', reason = ''] = words ?? [];
      const place = words === null ? null : { provider_id, endpoint, field, reason };
      const rows = await readQuarantine(context.app, place, first);
      return toPage(rows, first, args.after, (row) => [
        row.provider_id,
        row.endpoint,
        row.field,
        row.reason,
      ]);
    },
  }),
);
