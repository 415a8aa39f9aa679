import {
  type AccountEndpoint,
  type EndpointOutcome,
  noteConsentOutcome,
} from '../accounts/troubles.ts';
import type { App } from '../app.ts';
import { nowOf } from '../base/clock.ts';
import { ConsentEndedError } from '../consents/held.ts';
import { type AccessRequest, withBankAccess } from '../consents/tokens.ts';
import { BankError } from '../truelayer/errors.ts';
import { type BankMemory, recallBank } from './bank-memory.ts';
import { type AccountReading, readAccount } from './read-account.ts';
import { readMissingHolders } from './read-holders.ts';
import { saveAccount, saveRefusal } from './save-account.ts';

/** How the reading of one account went. */
interface AccountOutcome {
  /** False where the bank has nothing to say at present, whatever it is asked of the account. */
  readonly answered: boolean;
  readonly failure: unknown;
}

/**
 * Reads balances, pending and the newest booked transactions, direct debits and standing orders of every
 * account that a consent feeds, and its holders where they are not known yet. An account that cannot be read
 * keeps what it has and does not stop the others; a retry leaves out those that were read. Calls the
 * network; answers `readRecent`.
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
