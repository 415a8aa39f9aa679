import { DIRECT_DEBITS, STANDING_ORDERS } from '../accounts/mandates.ts';
import { findOwner } from '../accounts/owner.ts';
import { quarantine } from '../accounts/quarantine.ts';
import { saveBalance } from '../accounts/save-balance.ts';
import { type MandateOwner, saveMandates } from '../accounts/save-mandates.ts';
import { saveTransactions } from '../accounts/save-transactions.ts';
import {
  type AccountEndpoint,
  type EndpointOutcome,
  noteConsentOutcome,
  noteOutcomes,
} from '../accounts/troubles.ts';
import type { App } from '../app.ts';
import { nowOf } from '../base/clock.ts';
import { addDays, dayOf, startOf } from '../base/days.ts';
import { uuidOf } from '../base/entropy.ts';
import { type ChangeEntry, recordChanges } from '../changes/log.ts';
import { ConsentEndedError } from '../consents/held.ts';
import { requireLiving } from '../consents/living.ts';
import { type AccessRequest, withBankAccess } from '../consents/tokens.ts';
import { publish } from '../events.ts';
import type { Account } from '../generated/prisma/client.ts';
import type { Tx } from '../postgres/db.ts';
import type { DayRange } from '../truelayer/bank.ts';
import { BankError } from '../truelayer/errors.ts';
import { type BankMemory, recallBank } from './bank-memory.ts';
import { type AccountReading, type AccountView, readAccount } from './read-account.ts';
import { readMissingHolders } from './read-holders.ts';

/** An account that was read, and the consent's period in which it was. */
interface ReadAccount {
  readonly account: Account;
  readonly period: number;
}

/** How the reading of one account went. */
interface AccountOutcome {
  /** False where the bank has nothing to say at present, whatever it is asked of the account. */
  readonly answered: boolean;
  readonly failure: unknown;
}

/**
 * Reads balances, pending and the newest booked transactions, direct debits and standing orders of every
 * account that a consent feeds, and its holders where they are not known yet. An account that cannot be read keeps what it has and does not stop the others; a retry
 * leaves out those that were read. Calls the network; answers `readRecent`.
 *
 * @throws BankError of an account where trying again can help
 */
export async function readRecent(app: App, viewerId: string, consentId: string): Promise<void> {
  const reader = app.database.reader(viewerId);
  const consent = await reader.consent.findUnique({ where: { id: consentId } });
  if (consent === null) return;
  // A renewal begins anew: what was read before it is due again.
  const { readAt, consentedAt } = consent;
  const dueSince = readAt !== null && readAt > consentedAt ? readAt : consentedAt;
  const accounts = await reader.account.findMany({
    where: { consentId, status: 'SHARED', excluded: false, mergedIntoId: null },
    orderBy: { id: 'asc' },
  });
  const attended = nowOf(app.clock) < consent.windowEndsAt;
  const access = { viewerId, consentId, attended };
  const memory = await recallBank(app, consent);
  let failure: unknown = null;
  let answered = false;
  try {
    // Without an account there is nothing to read, and the refresh token still wants its use.
    if (accounts.length === 0) await withBankAccess(app, access, async () => undefined);
    for (const account of accounts) {
      const read =
        account.rereadAt === null && account.readAt !== null && account.readAt > dueSince;
      const reading = { account, consent, dueSince };
      const outcome = read ? READ : await tryAccount(app, access, reading, memory);
      answered ||= outcome.answered;
      if (canHealToday(outcome.failure)) failure = outcome.failure;
      else if (outcome.failure !== null) {
        const at = { consentId, accountId: account.id };
        app.log.warn({ ...at, err: outcome.failure }, 'an account was left unread');
      }
    }
    await readMissingHolders(app, access, consent, memory);
  } catch (error) {
    if (error instanceof ConsentEndedError) return;
    throw error;
  }
  // Where not one account could be read, the whole bank is away.
  const away = accounts.length > 0 && !answered;
  const failed = away ? failure : null;
  if (failed !== null || !away) {
    await noteConsentOutcome(app, { ...access, period: consent.period }, 'BANK', failed);
  }
  if (failure !== null) throw failure;
}

const READ: AccountOutcome = { answered: true, failure: null };

/** Whether another read, today or not, may bring what this one did not. */
function mayComeLater(error: unknown): boolean {
  return error !== null && !(error instanceof BankError && !error.tryAgain);
}

/** @throws ConsentEndedError alone; what is wrong with the account is told in the outcome */
async function tryAccount(
  app: App,
  access: AccessRequest,
  reading: Omit<AccountReading, 'fresh'>,
  memory: BankMemory,
): Promise<AccountOutcome> {
  const { account, consent } = reading;
  try {
    const askedAt = nowOf(app.clock);
    let tries = 0;
    const view = await withBankAccess(app, access, (bank) => {
      tries += 1;
      return readAccount(app, memory.heed(bank), { ...reading, fresh: tries > 1 });
    });
    await saveAccount(app, { account, period: consent.period }, view, askedAt);
    return { answered: view.outcomes.some(answers), failure: view.failure };
  } catch (error) {
    if (error instanceof ConsentEndedError) throw error;
    if (!(error instanceof BankError)) return { answered: false, failure: error };
    const endpoint = ENDPOINTS.find(([ending]) => error.endpoint.endsWith(ending))?.[1];
    // Else the tokens could not be had: nothing was said of the account.
    if (endpoint === undefined) return { answered: false, failure: error };
    await saveRefusal(app, { account, period: consent.period }, { endpoint, failure: error });
    return { answered: true, failure: error };
  }
}

/** A fresh token was refused for all of an account, though not for the bank. */
async function saveRefusal(
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

const ENDPOINTS: readonly (readonly [ending: string, endpoint: AccountEndpoint])[] = [
  ['/balance', 'BALANCE'],
  ['/transactions', 'TRANSACTIONS'],
  ['/pending', 'PENDING'],
  ['/direct_debits', 'DIRECT_DEBITS'],
  ['/standing_orders', 'STANDING_ORDERS'],
];

/** A refusal is an answer too: the bank is there. */
function answers({ failure }: EndpointOutcome): boolean {
  return failure === null || !failure.tryAgain;
}

/** Whether to try again at once; a spent quota of the day waits for the next. */
function canHealToday(error: unknown): boolean {
  if (error === null) return false;
  if (!(error instanceof BankError)) return true;
  return error.tryAgain && error.meaning !== 'UNATTENDED_LIMIT';
}

async function saveAccount(
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
const NONE_REFUSED = { refusals: [] };

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
