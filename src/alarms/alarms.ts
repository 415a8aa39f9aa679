import { recordAct } from '../acts/acts.ts';
import type { App } from '../app.ts';
import { nowOf } from '../base/clock.ts';
import { uuidv7 } from '../base/entropy.ts';
import type { OperatorAlarm } from '../generated/prisma/client.ts';
import { NOBODY } from '../postgres/db.ts';

/** What only the operator can mend, and what to do about it. None of it is any user's to hear. */
export const ALARMS = {
  ALERTS_UNHEARD:
    'Consents ended though nobody had acknowledged the last alert before: see that your app shows alerts and acknowledges them. `operations { unheardAlerts }` names those of a week.',
  CLIENT_REFUSED:
    'TrueLayer refuses this client: check its id, its secret and the environment. No consent is to blame.',
  CONSENTS_OF_ANOTHER_CLIENT:
    'There are consents of another client or environment than this server speaks as: they are left alone until it is that client again.',
  GRANTS_REFUSED:
    'The refresh tokens of many consents at several banks are refused at once, which no user is to blame for: none is believed. If it is true all the same, accept this alarm.',
  JOBS_DEAD:
    'Jobs failed for good that do not heal by themselves: `operations { deadLetters }` or `cli -- dead-letters list` says which and why. Retry them once the cause is mended, or discard them.',
  TOKEN_UNREADABLE:
    'A sealed token does not open in its place, though its key is the right one: the row was changed by somebody else. Restore it, or have the user connect again.',
  TOKENS_IDLE:
    'Refresh tokens have lain unused for 27 days, and die at 30: see that a worker runs and reaches TrueLayer.',
  WEBHOOK_DISABLED:
    'A webhook endpoint was disabled: it did nothing but fail for five days, or said with status 410 that it is gone. Mend it and enable it again, or delete it.',
} as const;

/** A key of that table. */
export type AlarmKind = keyof typeof ALARMS;

/** What an alarm is about. */
export interface AlarmCause {
  readonly kind: AlarmKind;
  /** Of which TrueLayer, as consents name it. */
  readonly environment: string;
  /** What of that environment; all of it if left out. An id or a name, never personal data. */
  readonly subject?: string;
}

type Instruments = Pick<App, 'database' | 'clock' | 'entropy' | 'log'>;

/**
 * Raises an alarm, or counts that its cause was met again while it is up. It is logged once.
 *
 * @returns the alarm, which the operator may have accepted
 */
export async function raiseAlarm(app: Instruments, cause: AlarmCause): Promise<OperatorAlarm> {
  const { kind, environment, subject = '' } = cause;
  const now = nowOf(app.clock);
  const id = uuidv7(app.entropy, now);
  // Prisma's upsert knows no partial index, by which processes that meet a fault together raise one.
  const [row] = await app.database.shared.$queryRaw<{ id: string }[]>`
    insert into operator_alarm as met (id, kind, environment, subject, raised_at, seen_at)
    values (${id}::uuid, ${kind}, ${environment}, ${subject}, ${now}, ${now})
    on conflict (kind, environment, subject) where ended_at is null
    do update set times = met.times + 1, seen_at = greatest(met.seen_at, excluded.seen_at)
    returning id::text`;
  const alarm = await app.database.shared.operatorAlarm.findUniqueOrThrow({
    where: { id: row?.id ?? id },
  });
  if (row?.id === id) app.log.error({ alarm: kind, environment, subject }, ALARMS[kind]);
  return alarm;
}

/** Ends alarms whose cause is gone; without effect where none is up. */
export async function endAlarms(app: Instruments, causes: readonly AlarmCause[]): Promise<void> {
  const now = nowOf(app.clock);
  const ended = await app.database.shared.operatorAlarm.updateManyAndReturn({
    where: {
      endedAt: null,
      OR: causes.map(({ kind, environment, subject = '' }) => ({ kind, environment, subject })),
    },
    data: { endedAt: now },
  });
  for (const { kind, environment, subject } of ended) {
    app.log.info({ alarm: kind, environment, subject }, 'the cause of this alarm is gone');
  }
}

/** Those that are up, oldest first; at most a hundred. */
export function findOpenAlarms({ database }: Pick<App, 'database'>): Promise<OperatorAlarm[]> {
  return database.shared.operatorAlarm.findMany({
    where: { endedAt: null },
    orderBy: [{ raisedAt: 'asc' }, { id: 'asc' }],
    take: OPEN_MAX,
  });
}

/**
 * Notes that the operator has seen an alarm and calls it true. What it held back then goes on.
 *
 * @param operator - who says so, for the log of acts
 * @returns whether one was up
 */
export async function acceptAlarm(
  { database, clock }: Pick<App, 'database' | 'clock'>,
  { kind, environment, subject = '' }: AlarmCause,
  operator: string,
): Promise<boolean> {
  const at = nowOf(clock);
  return database.transact(NOBODY, async (tx) => {
    const { count } = await tx.operatorAlarm.updateMany({
      where: { kind, environment, subject, endedAt: null },
      data: { acceptedAt: at },
    });
    if (count === 0) return false;
    const about = [kind, environment, subject].filter((word) => word !== '').join(' ');
    await recordAct(tx, { operator, act: 'ALARM_ACCEPTED', subject: about, at });
    return true;
  });
}

const OPEN_MAX = 100;
