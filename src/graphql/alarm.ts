import { type AlarmKind, ALARMS, findOpenAlarms } from '../alarms/alarms.ts';
import type { OperatorAlarm } from '../generated/prisma/client.ts';
import { builder } from './builder.ts';
import { Operations } from './operations.ts';

const Alarm = builder.objectRef<OperatorAlarm>('OperatorAlarm').implement({
  description: 'Something that only the operator can mend. It ends by itself once it is mended.',
  fields: (t) => ({
    kind: t.exposeString('kind', {
      description: `What it is, for programs: ${Object.keys(ALARMS)
        .map((kind) => `\`${kind}\``)
        .join(', ')}.`,
    }),
    message: t.string({
      description: 'What it is and what to do, for people.',
      resolve: ({ kind }) => ALARMS[kind as AlarmKind] ?? kind,
    }),
    environment: t.exposeString('environment', {
      description: 'Which TrueLayer it is about: `sandbox`, `live` or a host.',
    }),
    subject: t.exposeString('subject', {
      description: 'The client or consent that it is about; empty where it is about everything.',
    }),
    times: t.exposeInt('times', { description: 'How often its cause was met.' }),
    raisedAt: t.expose('raisedAt', { type: 'DateTime', description: 'When it was first met.' }),
    seenAt: t.expose('seenAt', { type: 'DateTime', description: 'When it was last met.' }),
    acceptedAt: t.expose('acceptedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When an operator called it true by `cli -- alarms accept`; null before.',
    }),
  }),
});

builder.objectField(Operations, 'alarms', (t) =>
  t.field({
    type: [Alarm],
    description: 'The alarms that are up now, oldest first, at most a hundred.',
    resolve: (_parent, _args, { app }) => findOpenAlarms(app),
  }),
);
