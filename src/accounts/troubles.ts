import type { App } from '../app.ts';
import { nowOf } from '../base/clock.ts';
import { uuidv7 } from '../base/entropy.ts';
import { type ChangeEntry, recordChanges } from '../changes/log.ts';
import { publish } from '../events.ts';
import type { Tx } from '../postgres/db.ts';
import { BankError, type BankMeaning } from '../truelayer/errors.ts';

/** What of one account is read by a call of its own. */
export type AccountEndpoint =
  'BALANCE' | 'TRANSACTIONS' | 'PENDING' | 'DIRECT_DEBITS' | 'STANDING_ORDERS';

/** What is read of a consent as a whole: the lists of what it opens, or anything of it. */
export type ConsentEndpoint = 'ACCOUNTS' | 'BANK';

/** Whose trouble: an account's own, or that of all that a consent opens. */
export type TroubleSubject = { readonly accountId: string } | { readonly consentId: string };

/** How one endpoint answered; null: it gave what was asked. */
export interface EndpointOutcome {
  readonly endpoint: AccountEndpoint | ConsentEndpoint;
  readonly failure: BankError | null;
}

// Of these nothing is to be told: there is no such thing, a quota of the day is spent, or it is said of
// the tokens, which have alarms and statuses of their own.
const UNTOLD: readonly BankMeaning[] = ['NOT_SUPPORTED', 'UNATTENDED_LIMIT', 'GRANT_ENDED'];

/**
 * Keeps how endpoints answered, so that a failure stands with the one account or consent that it is of,
 * from when on, until the first answer that brings the thing again.
 *
 * @returns what changed, for the change log: a trouble that came or went, not one that lasts
 */
export async function noteOutcomes(
  app: App,
  tx: Tx,
  viewerId: string,
  subject: TroubleSubject,
  outcomes: readonly EndpointOutcome[],
): Promise<ChangeEntry[]> {
  const mended = outcomes.filter(
    ({ failure }) => failure === null || failure.meaning === 'NOT_SUPPORTED',
  );
  const { count: gone } = await tx.trouble.deleteMany({
    where: { ...subject, endpoint: { in: mended.map(({ endpoint }) => endpoint) } },
  });
  let changed = gone > 0;
  for (const { endpoint, failure } of outcomes) {
    if (failure === null || UNTOLD.includes(failure.meaning)) continue;
    if (await noteFailure(app, tx, viewerId, subject, endpoint, failure)) changed = true;
  }
  if (!changed) return [];
  return [
    'accountId' in subject
      ? { subject: 'ACCOUNT', subjectId: subject.accountId, act: 'CHANGED' }
      : { subject: 'CONSENT', subjectId: subject.consentId, act: 'CHANGED' },
  ];
}

/** @returns whether it is the first of its kind */
async function noteFailure(
  app: App,
  tx: Tx,
  viewerId: string,
  subject: TroubleSubject,
  endpoint: EndpointOutcome['endpoint'],
  failure: BankError,
): Promise<boolean> {
  const { meaning } = failure;
  const code = failure.code ?? null;
  const now = nowOf(app.clock);
  const { count: known } = await tx.trouble.updateMany({
    where: { ...subject, endpoint },
    data: { meaning, code, lastSeenAt: now, times: { increment: 1 } },
  });
  if (known > 0) return false;
  const id = uuidv7(app.entropy, now);
  const { count: made } = await tx.trouble.createMany({
    data: [{ ...subject, id, viewerId, endpoint, meaning, code, since: now, lastSeenAt: now }],
    // Another read of the same may have been faster.
    skipDuplicates: true,
  });
  return made > 0;
}

/** A consent as it stands in one of its periods. */
export interface ConsentPeriod {
  readonly viewerId: string;
  readonly consentId: string;
  readonly period: number;
}

/**
 * Keeps how one endpoint of a consent as a whole answered, in a transaction of its own. Errors that are
 * not the bank's say nothing of it, and an answer of an earlier period nothing of this one.
 */
export async function noteConsentOutcome(
  app: App,
  { viewerId, consentId, period }: ConsentPeriod,
  endpoint: ConsentEndpoint,
  failure: unknown,
): Promise<void> {
  if (failure !== null && !(failure instanceof BankError)) return;
  await app.database.transact(viewerId, async (tx) => {
    // It may have been taken back while the bank was answering; nothing is then told of it.
    const living = await tx.$queryRaw<unknown[]>`
      select 1 from consent where id = ${consentId}::uuid and period = ${period}
        and ended_at is null for key share`;
    if (living.length === 0) return;
    const outcomes = [{ endpoint, failure }];
    const changes = await noteOutcomes(app, tx, viewerId, { consentId }, outcomes);
    if (changes.length === 0) return;
    await publish(tx, { consentId });
    await recordChanges(app, tx, viewerId, nowOf(app.clock), changes);
  });
}
