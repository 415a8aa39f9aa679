import type { TimelineStep } from '../consents/timeline.ts';
import { builder } from './builder.ts';
import { fromCursor, pageComplexity, pageSize, toPage } from './connection.ts';
import { Consent, ConsentStatus, STATUS_REASONS } from './consent.ts';
import { pageArguments } from './page-arguments.ts';

const STEP_REASONS = {
  ...STATUS_REASONS,
  GIVEN: { description: 'The user gave it.' },
  RENEWED: { description: 'The user confirmed it anew: a new period began.' },
  MENDED: { description: 'What was in doubt is well again: its tokens were refreshed.' },
  UNKNOWN: { description: 'For a reason that this API does not know.' },
} as const;
const StepReason = builder.enumType('ConsentStepReason', {
  description: 'Why a step stands in the timeline of a consent.',
  values: STEP_REASONS,
});

const Actor = builder.enumType('ConsentActor', {
  description: 'Who made a step in the life of a consent.',
  values: {
    USER: { description: 'The user, through the app or at the bank.' },
    BANK: { description: "The bank's word." },
    SERVER: { description: 'This server by itself, mostly because a time was over.' },
    OPERATOR: { description: 'Whoever runs this server.' },
  } as const,
});

const Step = builder.objectRef<TimelineStep>('ConsentStep').implement({
  description:
    'One step in the life of a consent. It begins where the step before ended; both statuses are the same where something was only noted, or the user renewed in good time.',
  fields: (t) => ({
    at: t.expose('moved_at', { type: 'DateTime', description: 'When.' }),
    from: t.expose('from_status', {
      type: ConsentStatus,
      nullable: true,
      description: 'The status before; null for the first step.',
    }),
    to: t.expose('to_status', { type: ConsentStatus, description: 'The status after.' }),
    reason: t.field({
      type: StepReason,
      description: 'Why.',
      resolve: ({ reason }) => (isReason(reason) ? reason : 'UNKNOWN'),
    }),
    actor: t.field({
      type: Actor,
      description: 'Who.',
      resolve: ({ actor }) => actor as 'USER' | 'BANK' | 'SERVER' | 'OPERATOR',
    }),
    period: t.exposeInt('period', {
      description: 'The period after it: 1 at first, one more with each confirmation by the user.',
    }),
    correlationId: t.exposeString('correlation_id', {
      nullable: true,
      description:
        'Of the request or job by which it came, as it stands in the log; null for steps of earlier versions.',
    }),
  }),
});

function isReason(reason: string): reason is keyof typeof STEP_REASONS {
  return Object.hasOwn(STEP_REASONS, reason);
}

const Timeline = builder.connectionObject(
  { type: Step, name: 'ConsentTimeline', description: 'The life of a consent, newest first.' },
  { name: 'ConsentTimelineEdge', description: 'A step and its place in the timeline.' },
);

builder.prismaObjectField(Consent, 'timeline', (t) =>
  t.field({
    type: Timeline,
    description:
      'Every step of its life, newest first: each change of its status with who made it and why.',
    args: pageArguments,
    complexity: pageComplexity,
    resolve: async ({ id: consentId }, args, { loaders }) => {
      const first = pageSize(args.first);
      const before = args.after ? Number(fromCursor(args.after, [isStep])[0]) : null;
      const steps = await loaders.timelines.load({ consentId, before, first });
      return toPage(steps, first, args.after, ({ step }) => [String(step)]);
    },
  }),
);

function isStep(word: string): boolean {
  return /^[1-9]\d{0,8}$/.test(word);
}
