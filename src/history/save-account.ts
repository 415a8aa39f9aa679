import { DIRECT_DEBITS, STANDING_ORDERS } from '../accounts/mandates.ts';
import { findOwner } from '../accounts/owner.ts';
import { quarantine } from '../accounts/quarantine.ts';
import { saveBalance } from '../accounts/save-balance.ts';
import { type MandateOwner, saveMandates } from '../accounts/save-mandates.ts';
import { saveTransactions } from '../accounts/save-transactions.ts';
import { type EndpointOutcome, noteOutcomes } from '../accounts/troubles.ts';
import type { App } from '../app.ts';
import { nowOf } from '../base/clock.ts';
import { addDays, dayOf, startOf } from '../base/days.ts';
import { uuidOf } from '../base/entropy.ts';
import { type ChangeEntry, recordChanges } from '../changes/log.ts';
import { requireLiving } from '../consents/living.ts';
import { publish } from '../events.ts';
import type { Account } from '../generated/prisma/client.ts';
import type { Tx } from '../postgres/db.ts';
import type { DayRange } from '../truelayer/bank.ts';
import { BankError } from '../truelayer/errors.ts';
import type { AccountView } from './read-account.ts';

/** An account that was read, and the consent's period in which it was. */
interface ReadAccount {
  readonly account: Account;
  readonly period: number;
}

const NONE_REFUSED = { refusals: [] };

/**
 * Saves what a read of an account brought: rows, balance, what is pending, orders, how each part came and
 * the log, in one transaction. Nothing is saved by an answer of an earlier period.
 *
 * @throws ConsentEndedError
 */
export async function saveAccount(
  app: App,
  { account, period }: ReadAccount,
  view: AccountView,
  askedAt: Date,
): Promise<void> {
  const { viewerId, consentId } = account;
  await app.database.transact(viewerId, async (tx) => {
    await requireLiving(tx, consentId, period);
    // Merged into another while the bank was answering: that one is read in its stead from now on.
    const owner = await findOwner(tx, account.id, consentId);
    if (owner?.id !== account.id) return;
    const changes: ChangeEntry[] = [];
    if (view.balance !== null) {
      const held = { ...owner, currency: account.currency };
      changes.push(...(await saveBalance(tx, held, view.balance, askedAt)));
    }
    if (view.booked !== null) {
      await noteUnread(tx, { account, period }, view.range, askedAt);
    }
    changes.push(
      ...(await saveOrders(app, tx, { ...owner, currency: account.currency }, view, askedAt)),
    );
    await tx.account.update({
      where: { id: account.id },
      data: {
        ...(view.failure === null ? { readAt: askedAt } : {}),
        ...(view.booked === null ? {} : { readUntilOn: startOf(view.range.to) }),
      },
    });
    if (account.rereadAt !== null && !mayComeLater(view.failure)) {
      // That wish is met as far as it can be; one that came meanwhile is not.
      const { id, rereadAt } = account;
      await tx.account.updateMany({ where: { id, rereadAt }, data: { rereadAt: null } });
    }
    changes.push(
      ...(await noteOutcomes(app, tx, viewerId, { accountId: account.id }, view.outcomes)),
    );
    await publish(tx, { consentId });
    const { booked, pending } = view;
    const source = { ...account, accountId: account.id };
    await quarantine(tx, { ...source, endpoint: 'TRANSACTIONS' }, booked ?? NONE_REFUSED, askedAt);
    await quarantine(tx, { ...source, endpoint: 'PENDING' }, pending ?? NONE_REFUSED, askedAt);
    const answer = {
      booked: booked?.items ?? null,
      whole: booked?.refused === 0 ? view.range : null,
      pending: pending?.refused === 0 ? pending.items : null,
    };
    await saveTransactions(app, tx, owner, answer, { at: askedAt, changes, consentId });
  });
}

async function saveOrders(
  app: App,
  tx: Tx,
  owner: MandateOwner,
  { directDebits, standingOrders }: AccountView,
  askedAt: Date,
): Promise<ChangeEntry[]> {
  const saved = [];
  if (directDebits !== null) {
    saved.push(...(await saveMandates(app, tx, DIRECT_DEBITS, owner, directDebits, askedAt)));
  }
  if (standingOrders !== null) {
    saved.push(...(await saveMandates(app, tx, STANDING_ORDERS, owner, standingOrders, askedAt)));
  }
  // However much of it changed, it is one account.
  return saved.slice(0, 1);
}

// Days between the last read and this one that the bank no longer serves are told as a gap.
async function noteUnread(
  tx: Tx,
  { account, period }: ReadAccount,
  range: DayRange,
  now: Date,
): Promise<void> {
  const { id: accountId, viewerId, consentId, readUntilOn } = account;
  if (readUntilOn === null) return;
  const from = addDays(dayOf(readUntilOn), 1);
  if (from >= range.from) return;
  await tx.historySpan.createMany({
    data: [
      {
        id: uuidOf('unread', consentId, accountId, from),
        viewerId,
        consentId,
        accountId,
        ordinal: 0,
        period,
        fromOn: startOf(from),
        untilOn: startOf(addDays(range.from, -1)),
        status: 'MISSED',
        reason: 'OUT_OF_REACH',
        endedAt: now,
      },
    ],
    skipDuplicates: true,
  });
}

/**
 * Notes that a fresh token was refused for all of an account, though not for the bank.
 *
 * @throws ConsentEndedError
 */
export async function saveRefusal(
  app: App,
  { account, period }: ReadAccount,
  outcome: EndpointOutcome,
): Promise<void> {
  const { id: accountId, viewerId, consentId } = account;
  await app.database.transact(viewerId, async (tx) => {
    await requireLiving(tx, consentId, period);
    const changes = await noteOutcomes(app, tx, viewerId, { accountId }, [outcome]);
    await publish(tx, { consentId });
    await recordChanges(app, tx, viewerId, nowOf(app.clock), changes, consentId);
  });
}

/** Whether another read, today or not, may bring what this one did not. */
function mayComeLater(error: unknown): boolean {
  return error !== null && !(error instanceof BankError && !error.tryAgain);
}
