import { ACTS, type ActKind } from '../acts/acts.ts';
import { builder } from './builder.ts';
import { pageComplexity, pageSize } from './connection.ts';
import { requireOperator } from './context.ts';
import { Operations } from './operations.ts';

const Act = builder.prismaObject('OperatorAct', {
  description: 'What an operator did. It stays written: nobody can change or remove it.',
  fields: (t) => ({
    act: t.exposeString('act', {
      description: `What it was, for programs: ${Object.keys(ACTS)
        .map((act) => `\`${act}\``)
        .join(', ')}.`,
    }),
    message: t.string({
      description: 'The same for people.',
      resolve: ({ act }) => ACTS[act as ActKind] ?? act,
    }),
    operator: t.exposeString('operator', {
      description: "The subject of the operator's token; `cli` for whoever used the command line.",
    }),
    subject: t.exposeString('subject', {
      description: 'On what: an id of the database or a name, never a secret or a user’s data.',
    }),
    correlationId: t.exposeString('correlationId', {
      nullable: true,
      description: 'The `x-correlation-id` of the request, as in the log; null for command lines.',
    }),
    at: t.expose('at', { type: 'DateTime', description: 'When.' }),
  }),
});

builder.objectField(Operations, 'acts', (t) =>
  t.prismaConnection(
    {
      type: Act,
      cursor: 'id',
      description: 'The log of what operators did, newest first.',
      complexity: pageComplexity,
      resolve: (query, _parent, args, context) => {
        requireOperator(context);
        pageSize(args.first ?? args.last);
        return context.app.database.shared.operatorAct.findMany({
          ...query,
          orderBy: { id: 'desc' },
        });
      },
    },
    { name: 'OperatorActConnection', description: 'Acts, a page at a time.' },
    { name: 'OperatorActEdge', description: 'An act and its place in the list.' },
  ),
);
