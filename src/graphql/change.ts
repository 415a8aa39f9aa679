import { globalIdOf } from '../base/global-id.ts';
import { followChanges, FOLLOWED_AT_ONCE } from '../changes/follow.ts';
import { type ChangePage, type LoggedChange, type LogPlace, readChanges } from '../changes/read.ts';
import { builder } from './builder.ts';
import { badInput, fromCursor, isUuid, toCursor, toPage } from './connection.ts';
import { type Context, requireViewer } from './context.ts';
import { untilTokenEnds } from './following.ts';
import { forgetLoaded } from './loaders.ts';

/** Programs that follow the log want more of it at once than a screen holds. */
const CHANGES_MAX = 500;
const CHANGES_DEFAULT = 100;

const Act = builder.enumType('ChangeAct', {
  description: 'What happened to something.',
  values: {
    ADDED: { description: 'It is new here.' },
    CHANGED: { description: 'Something of it is another: read it again.' },
    REMOVED: { description: 'It is gone, or no longer to be counted.' },
  } as const,
});

const Subject = builder.enumType('ChangeSubject', {
  description: 'What kind of thing changed.',
  values: {
    CONSENT: { description: 'A consent: its status, its history’s progress, its troubles.' },
    ACCOUNT: { description: 'An account or a card.' },
    BALANCE: { description: 'The balance of an account or a card, which is the `node`.' },
    TRANSACTION: { description: 'A transaction.' },
    ALERT: { description: 'An alert.' },
  } as const,
});

const Change = builder.objectRef<LoggedChange>('Change').implement({
  description:
    'Something happened to something of the viewer’s. It says that it did; the `node` says how that is now.',
  fields: (t) => ({
    cursor: t.string({
      description: 'Its place in the log, for `after`: keep the last that you have worked off.',
      resolve: cursorOf,
    }),
    act: t.expose('act', { type: Act, description: 'What happened.' }),
    subject: t.expose('subject', { type: Subject, description: 'To what kind of thing.' }),
    id: t.id({
      nullable: true,
      description:
        'The `id` of that thing, of a balance that of its account. Null only for accounts that are gone since the days of an earlier version.',
      resolve: async (change, _args, context) => {
        const type = await typeOf(change, context);
        return type === null ? null : globalIdOf(type, change.subjectId);
      },
    }),
    node: t.field({
      type: builder.nodeInterfaceRef(),
      nullable: true,
      description: 'The thing as it is now, whatever has happened since; null where it is gone.',
      resolve: nodeOf,
    }),
    at: t.expose('at', { type: 'DateTime', description: 'When it happened.' }),
    eventId: t.exposeString('eventId', {
      nullable: true,
      description:
        'The same for all that happened together: the `webhook-id` under which webhooks tell of it. Null for changes of an earlier version.',
    }),
  }),
});

const TYPES = { CONSENT: 'Consent', TRANSACTION: 'Transaction', ALERT: 'Alert' } as const;

async function typeOf(change: LoggedChange, { loaders }: Context): Promise<string | null> {
  const { subject, subjectId } = change;
  if (subject !== 'ACCOUNT' && subject !== 'BALANCE') return TYPES[subject];
  const kind = (await loaders.accounts.load(subjectId))?.kind ?? change.accountKind;
  if (kind === null) return null;
  return kind === 'CARD' ? 'Card' : 'BankAccount';
}

async function nodeOf(change: LoggedChange, _args: object, context: Context) {
  const { subject, subjectId } = change;
  const node = await loaderOf(subject, context).load(subjectId);
  const type = await typeOf(change, context);
  return node === null || type === null ? null : { ...node, __typename: type };
}

function loaderOf(subject: LoggedChange['subject'], { loaders }: Context) {
  switch (subject) {
    case 'CONSENT':
      return loaders.consents;
    case 'ALERT':
      return loaders.alerts;
    case 'TRANSACTION':
      return loaders.transactions;
    case 'ACCOUNT':
    case 'BALANCE':
      return loaders.accounts;
  }
}

function cursorOf({ epoch, seq }: LogPlace): string {
  return toCursor([epoch, seq.toString()]);
}

function placeOf(after: string | null | undefined): LogPlace | null {
  if (typeof after !== 'string') return null;
  const [epoch = '', seq = ''] = fromCursor(after, [isUuid, (word) => /^\d{1,18}$/.test(word)]);
  return { epoch, seq: BigInt(seq) };
}

const ChangeConnection = builder.connectionObject(
  {
    type: Change,
    name: 'ChangeConnection',
    description: 'Changes in the order in which they came to be, a page at a time.',
    fields: (t) => ({
      newestCursor: t.string({
        nullable: true,
        description:
          'The end of the log, for `after`: take it before you read everything, and follow from there. Null before the viewer’s first link.',
        resolve: (page) => (page as unknown as Shown).newestCursor,
      }),
    }),
  },
  { name: 'ChangeEdge', description: 'A change and its place in the log.' },
);

/** A page as it is shown. */
type Shown = ReturnType<typeof shown>;

function shown({ rows, newest }: ChangePage, size: number, after: string | null | undefined) {
  const page = toPage(rows, size, after, ({ epoch, seq }) => [epoch, seq.toString()]);
  return { ...page, newestCursor: newest === null ? null : cursorOf(newest) };
}

function sizeOf(first: number | null | undefined): number {
  const size = first ?? CHANGES_DEFAULT;
  if (size >= 1 && size <= CHANGES_MAX) return size;
  throw badInput(`first is ${size}: a page of changes has 1 to ${CHANGES_MAX}.`);
}

const EXPIRED =
  'The error `CURSOR_EXPIRED` says that the log has no longer all that comes after a cursor, since it was trimmed, or restored from a backup: read everything anew, and go on from `newestCursor`.';

builder.queryField('changes', (t) =>
  t.field({
    type: ChangeConnection,
    description: `What happened to the viewer’s consents, accounts, balances, transactions and alerts, oldest first. Whoever reads on from the last cursor misses nothing and sees nothing twice. ${EXPIRED}`,
    args: {
      first: t.arg.int({ description: 'How many, 1 to 500; 100 if not given.' }),
      after: t.arg.string({
        description:
          'The cursor of the last change that was worked off; if not given, from the oldest that the log has.',
      }),
    },
    complexity: ({ first }) => ({
      field: 1,
      multiplier: Math.min(Math.max(first ?? CHANGES_DEFAULT, 1), CHANGES_MAX),
    }),
    resolve: async (_parent, { first, after }, context) => {
      const viewer = requireViewer(context);
      const size = sizeOf(first);
      const place = placeOf(after);
      const page = await readChanges(context.app.database, viewer.id, {
        after: place,
        limit: size + 1,
      });
      return shown(page, size, after);
    },
  }),
);

builder.subscriptionField('changes', (t) =>
  t.field({
    type: ChangeConnection,
    description: `The viewer’s changes as they happen, each once and in order: first those after a cursor, then live, at most 100 at a time. The first page comes at once, and may be empty. Ends when the token expires: follow again, from the last cursor, with a fresh one. ${EXPIRED}`,
    args: {
      after: t.arg.string({
        description:
          'The cursor of the last change that was worked off; if not given, from now on, which is the `newestCursor` of the first page.',
      }),
    },
    complexity: { field: 1, multiplier: FOLLOWED_AT_ONCE },
    subscribe: async function* (_parent, { after }, context) {
      const viewer = requireViewer(context);
      const signal = untilTokenEnds(context, viewer);
      for await (const page of followChanges(context.app, viewer.id, placeOf(after), signal)) {
        forgetLoaded(context.loaders);
        yield page;
      }
    },
    resolve: (page) => shown(page, FOLLOWED_AT_ONCE, null),
  }),
);
