import type { App } from '../app.ts';
import { DAY, later, nowOf } from '../base/clock.ts';
import type { Consent, OperatorAlarm, Prisma } from '../generated/prisma/client.ts';
import type { Reader } from '../postgres/db.ts';
import { consentAdvice } from './remedy.ts';
import { accountAdvice, type Advice, type BankManner } from './trouble-remedy.ts';

/** What mends a consent, and its bank, for its accounts' sake. */
export interface AdvisedConsent {
  readonly advice: Advice;
  readonly bank: BankManner;
}

/** How urgent it is that the user does something. */
export type Urgency = 'NOW' | 'SOON' | 'WATCH';

/** A consent or account that is not well. */
export interface Attention extends Advice {
  readonly subject: { readonly consentId: string } | { readonly accountId: string };
  readonly urgency: Urgency;
}

type Instruments = Pick<App, 'database' | 'clock' | 'client'>;

/** At most so many are told of; a user with more has heard enough. */
const ATTENTION_MAX = 100;
const CONSENTS_MAX = 500;
/** An end that the user has left alone for so long is what they want. */
const ENDED_DAYS = 30;

const FACTS = {
  provider: { select: { displayName: true, healthy: true } },
  credential: { select: { refreshEndsAt: true } },
  refusal: true,
  troubles: { orderBy: [{ since: 'asc' }, { id: 'asc' }] },
  moves: { orderBy: { step: 'desc' }, take: 1 },
  _count: { select: { accounts: true } },
} as const satisfies Prisma.ConsentInclude;
type Known = Prisma.ConsentGetPayload<{ include: typeof FACTS }>;

/** What mends each of some consents of the reader's viewer, by consent id. */
export async function adviseConsents(
  app: Instruments,
  reader: Reader,
  consentIds: readonly string[],
): Promise<ReadonlyMap<string, AdvisedConsent>> {
  const [consents, alarms] = await Promise.all([
    reader.consent.findMany({ where: { id: { in: [...consentIds] } }, include: FACTS }),
    findAlarms(app),
  ]);
  return new Map(consents.map((consent) => [consent.id, advise(app, consent, alarms)]));
}

/**
 * The consents and accounts of a viewer that are not well, the most urgent first, at most a hundred.
 * An account stands for itself only where its consent is well. Left out are consents that the user
 * took back, those that ended more than thirty days ago, and those that have ended and given all their
 * accounts to a newer one of the same bank.
 */
export async function findAttention(
  app: Instruments,
  reader: Reader,
  viewerId: string,
): Promise<readonly Attention[]> {
  const now = nowOf(app.clock);
  const [consents, alarms] = await Promise.all([
    reader.consent.findMany({
      where: {
        viewerId,
        OR: [
          { endedAt: null },
          { status: 'REAUTH_REQUIRED' },
          { status: 'EXPIRED', endedAt: { gte: later(now, -ENDED_DAYS * DAY) } },
        ],
      },
      include: FACTS,
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      take: CONSENTS_MAX,
    }),
    findAlarms(app),
  ]);
  const advised = new Map(consents.map((consent) => [consent.id, advise(app, consent, alarms)]));
  const replaced = new Set(consents.filter((old) => isReplaced(old, consents)).map(({ id }) => id));
  const telling = [...advised].flatMap(([consentId, { advice }]) =>
    replaced.has(consentId) || advice.remedy === 'NONE' ? [] : [attentionOf({ consentId }, advice)],
  );
  const reading = consents.filter(({ id }) => advised.get(id)?.advice.stops === false);
  const accounts = await reader.account.findMany({
    where: {
      consentId: { in: reading.map(({ id }) => id) },
      status: 'SHARED',
      excluded: false,
      mergedIntoId: null,
      troubles: { some: {} },
    },
    select: { id: true, consentId: true, troubles: { orderBy: [{ since: 'asc' }, { id: 'asc' }] } },
    orderBy: { id: 'asc' },
    take: CONSENTS_MAX,
  });
  for (const { id: accountId, consentId, troubles } of accounts) {
    const consent = advised.get(consentId);
    if (consent === undefined) continue;
    const advice = accountAdvice(consent.advice, troubles, consent.bank, now);
    if (advice.remedy !== 'NONE') telling.push(attentionOf({ accountId }, advice));
  }
  return telling.toSorted(byUrgency).slice(0, ATTENTION_MAX);
}

/** Alarms that say something of every consent. */
function findAlarms({ database, client }: Instruments): Promise<OperatorAlarm[]> {
  return database.shared.operatorAlarm.findMany({
    where: {
      environment: client.environment,
      kind: { in: ['CLIENT_REFUSED', 'GRANTS_REFUSED'] },
      endedAt: null,
    },
  });
}

function advise(
  app: Instruments,
  consent: Known,
  alarms: readonly OperatorAlarm[],
): AdvisedConsent {
  const { provider, refusal, moves, environment, clientId } = consent;
  const movedAt = moves[0]?.movedAt ?? null;
  const burst = alarms.find(({ kind, acceptedAt }) => {
    return kind === 'GRANTS_REFUSED' && acceptedAt === null;
  });
  const doubted = consent.statusReason === 'REFUSAL_DOUBTED' ? movedAt : null;
  const bank = { name: provider?.displayName ?? 'Your bank', healthy: provider?.healthy ?? null };
  const advice = consentAdvice(
    {
      ...consent,
      movedAt,
      offline: consent.credential?.refreshEndsAt != null,
      foreign: environment !== app.client.environment || clientId !== app.client.clientId,
      clientRefusedAt: alarms.find(({ kind }) => kind === 'CLIENT_REFUSED')?.raisedAt ?? null,
      doubtedAt: doubted ?? (refusal === null ? null : (burst?.raisedAt ?? null)),
      bank,
    },
    nowOf(app.clock),
  );
  return { advice, bank };
}

function isReplaced(old: Known, all: readonly Known[]): boolean {
  return (
    old.endedAt !== null &&
    old._count.accounts === 0 &&
    all.some(
      (other: Consent) =>
        other.endedAt === null &&
        other.consentedAt > old.consentedAt &&
        other.environment === old.environment &&
        other.providerId === old.providerId,
    )
  );
}

const URGENCIES: readonly Urgency[] = ['NOW', 'SOON', 'WATCH'];

function attentionOf(subject: Attention['subject'], advice: Advice): Attention {
  // What was given for one visit ended as it was meant to.
  const asks = advice.remedy === 'RENEW' || advice.remedy === 'CONTACT_BANK';
  return { ...advice, subject, urgency: asks ? (advice.stops ? 'NOW' : 'SOON') : 'WATCH' };
}

function byUrgency(one: Attention, other: Attention): number {
  const instant = ({ until, since }: Attention) => (until ?? since)?.getTime() ?? 0;
  return (
    URGENCIES.indexOf(one.urgency) - URGENCIES.indexOf(other.urgency) ||
    instant(one) - instant(other)
  );
}
