import { recordAct } from '../acts/acts.ts';
import type { App, BankClient } from '../app.ts';
import { nowOf } from '../base/clock.ts';
import { addDays, dayOf, startOf } from '../base/days.ts';
import { ExpectedError } from '../base/errors.ts';
import { LIVING } from '../consents/status.ts';
import { publish } from '../events.ts';
import type { Account, Consent } from '../generated/prisma/client.ts';
import { ask, jobs } from '../jobs.ts';
import type { Tx } from '../postgres/db.ts';
import { currentLimits } from '../providers/learnt-limits.ts';
import { PRIORITY_NOW } from './span-job.ts';

/** What asking for it needs: less than a running house has. */
export type ResyncInstruments = Pick<App, 'clock' | 'database' | 'queue'> & {
  readonly client: Pick<BankClient, 'environment'>;
};

/** What is to be read again, by our own id. */
export interface ResyncTarget {
  readonly kind: 'CONSENT' | 'ACCOUNT';
  readonly id: string;
}

/** Why something cannot be read again, by code. */
export const RESYNC_REFUSALS = {
  CONSENT_UNKNOWN: 'There is no such consent.',
  ACCOUNT_UNKNOWN: 'There is no such account.',
  CONSENT_OF_ANOTHER_ENVIRONMENT: 'It belongs to another TrueLayer than this server speaks to.',
  CONSENT_ENDED: 'The consent has ended: its user has to connect the bank again.',
  CONSENT_REAUTH_REQUIRED: 'The bank refuses the consent: its user has to renew it.',
  ACCOUNT_UNSHARED: 'The user no longer shares the account with this consent.',
  ACCOUNT_EXCLUDED: 'The user does not want the account to be read.',
} as const;

/** Something cannot be read again. */
export class ResyncRefusedError extends ExpectedError {
  constructor(code: keyof typeof RESYNC_REFUSALS) {
    super(code, RESYNC_REFUSALS[code]);
  }
}

/**
 * Has all read again that can be had now of a consent or of one account: of a consent the list of its
 * accounts too, of each account balance, pending and booked rows as far back as its bank serves them
 * outside the window, and days in reach that could not be had before. What is read is saved as ever, so
 * nothing doubles; a repeat asks for nothing more. Workers do it; this only asks, and writes that down.
 *
 * @returns the id of the consent by which it is read
 * @throws ResyncRefusedError
 */
export async function resync(
  app: ResyncInstruments,
  operator: string,
  { kind, id }: ResyncTarget,
): Promise<string> {
  const table = kind === 'CONSENT' ? 'consent' : 'account';
  const [found] = await app.database.scout(`select id, viewer_id from ${table} where id = $1`, [
    id,
  ]);
  if (found === undefined) throw new ResyncRefusedError(`${kind}_UNKNOWN`);
  const { viewerId } = found;
  const now = nowOf(app.clock);
  return app.database.transact(viewerId, async (tx) => {
    const account = kind === 'ACCOUNT' ? await findAccount(tx, id) : null;
    const consent = await findConsent(app, tx, account?.consentId ?? id);
    await recordAct(tx, { operator, act: 'RESYNCED', subject: `${table} ${id}`, at: now });
    const accounts = await tx.account.updateManyAndReturn({
      where: {
        ...(account === null ? { consentId: consent.id } : { id: account.id }),
        status: 'SHARED',
        excluded: false,
        mergedIntoId: null,
      },
      data: { rereadAt: now },
    });
    const reopened = await reopenInReach(tx, consent, accounts, now);
    const key = consent.id;
    const payload = { viewerId, consentId: consent.id };
    if (account === null) {
      // Not planned is what a consent is whose accounts are still to be listed.
      const data = { plannedAt: null, historyEndedAt: null };
      await tx.consent.update({ where: { id: consent.id }, data });
      await app.queue.send(tx, [ask(jobs.startBackfill, payload, { key, priority: PRIORITY_NOW })]);
    } else {
      if (reopened > 0) {
        await tx.consent.update({ where: { id: consent.id }, data: { historyEndedAt: null } });
        await app.queue.send(tx, [ask(jobs.resumeHistory, payload, { key })]);
      }
      await app.queue.send(tx, [ask(jobs.readRecent, payload, { key, priority: PRIORITY_NOW })]);
    }
    await publish(tx, { consentId: consent.id });
    return consent.id;
  });
}

/** The account, or the one that its viewer has merged it into. */
async function findAccount(tx: Tx, id: string): Promise<Account> {
  const found = await tx.account.findUnique({ where: { id }, include: { mergedInto: true } });
  if (found === null) throw new ResyncRefusedError('ACCOUNT_UNKNOWN');
  const account = found.mergedInto ?? found;
  if (account.excluded) throw new ResyncRefusedError('ACCOUNT_EXCLUDED');
  if (account.status === 'UNSHARED') throw new ResyncRefusedError('ACCOUNT_UNSHARED');
  return account;
}

async function findConsent(app: ResyncInstruments, tx: Tx, id: string): Promise<Consent> {
  await tx.$queryRaw`select id from consent where id = ${id}::uuid for update`;
  const consent = await tx.consent.findUnique({ where: { id } });
  if (consent === null) throw new ResyncRefusedError('CONSENT_UNKNOWN');
  if (consent.environment !== app.client.environment) {
    throw new ResyncRefusedError('CONSENT_OF_ANOTHER_ENVIRONMENT');
  }
  if (consent.status === 'REAUTH_REQUIRED') throw new ResyncRefusedError('CONSENT_REAUTH_REQUIRED');
  if (!LIVING.includes(consent.status)) throw new ResyncRefusedError('CONSENT_ENDED');
  return consent;
}

/** Puts back among what is to be fetched the days that were not had though they are in reach now. */
async function reopenInReach(
  tx: Tx,
  { id: consentId, environment, period, providerId }: Consent,
  accounts: readonly Account[],
  now: Date,
): Promise<number> {
  const bank = { environment, providerId: providerId ?? '' };
  const { laterDays } = await currentLimits(tx, bank, now);
  const { count } = await tx.historySpan.updateMany({
    where: {
      consentId,
      accountId: { in: accounts.map(({ id }) => id) },
      status: { in: ['REFUSED', 'MISSED', 'FAILED'] },
      fromOn: { gte: startOf(addDays(dayOf(now), 1 - laterDays)) },
    },
    data: {
      status: 'PLANNED',
      reason: null,
      endedAt: null,
      waits: 0,
      askedAgain: 0,
      tasks: 0,
      resultsUri: null,
      pollFailures: 0,
      refusedAs: null,
      refusedDays: null,
      refusals: 0,
      deadlineAt: null,
      period,
    },
  });
  return count;
}
