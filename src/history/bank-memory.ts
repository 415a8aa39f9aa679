import type { App } from '../app.ts';
import { DAY, later, nowOf } from '../base/clock.ts';
import type { Consent } from '../generated/prisma/client.ts';
import type { Bank, DayRange } from '../truelayer/bank.ts';
import { BankError } from '../truelayer/errors.ts';

/** What is remembered of a bank while it is read by one consent. */
export interface BankMemory {
  /**
   * The same bank, which is not asked for what it is known not to have, or not to give by now: such a call
   * fails as if it had been made. What else it answers is remembered.
   */
  heed(bank: Bank): Bank;
}

/** By which consent a bank is read. */
export type ReadingConsent = Pick<
  Consent,
  'environment' | 'providerId' | 'consentedAt' | 'windowEndsAt'
>;

/** How long a refusal is believed; then a bank may have learnt something new. */
const BELIEVED_DAYS = 30;
/** A consent given so long after a refusal asks again, once. */
const CONSENT_ASKS_AFTER_DAYS = 1;
/** How often it is written down that an endpoint goes on answering. */
const ANSWERS_NOTED_EVERY_DAYS = 1;

interface Known {
  readonly refusal: string | null;
  readonly refusedAt: Date | null;
  readonly answeredAt: Date | null;
  readonly answeredLateAt: Date | null;
}

const NOTHING: Known = { refusal: null, refusedAt: null, answeredAt: null, answeredLateAt: null };

/** What some banks give right after a consent and not later, as a rule of theirs. */
const MAY_BE_WINDOW_ONLY: readonly string[] = [
  '/info',
  '/accounts/{id}/direct_debits',
  '/accounts/{id}/standing_orders',
];

/**
 * Recalls what is known of the bank of a consent: which endpoints it does not have, and which it answers
 * within the history window alone. It is about the bank, whoever found it out, and for calls that are
 * answered at once: what a task comes to says nothing of it. One query.
 */
export async function recallBank(app: App, consent: ReadingConsent): Promise<BankMemory> {
  const { environment, providerId, consentedAt, windowEndsAt } = consent;
  // The user chose the bank there, and it has not said its name yet.
  if (providerId === null) return { heed: (bank) => bank };
  const rows = await app.database.shared.providerEndpoint.findMany({
    where: { environment, providerId },
  });
  const known = new Map<string, Known>(rows.map((row) => [row.endpoint, row]));
  const write = async (endpoint: string, learnt: Partial<Known>) => {
    known.set(endpoint, { ...(known.get(endpoint) ?? NOTHING), ...learnt });
    await writeDown(app, { environment, providerId, endpoint }, learnt);
  };
  const isLate = (now: Date) => now >= windowEndsAt;
  const stops = (endpoint: string): BankError | null => {
    const { refusal, refusedAt } = known.get(endpoint) ?? NOTHING;
    const now = nowOf(app.clock);
    if (refusedAt === null || !isWithin(refusedAt, BELIEVED_DAYS, now)) return null;
    if (consentedAt >= later(refusedAt, CONSENT_ASKS_AFTER_DAYS * DAY)) return null;
    if (refusal === 'WINDOW_ONLY') return isLate(now) ? tooLate(endpoint) : null;
    return notSupported(endpoint);
  };
  const noteAnswer = async (endpoint: string) => {
    const { refusal, answeredAt, answeredLateAt } = known.get(endpoint) ?? NOTHING;
    const now = nowOf(app.clock);
    const late = isLate(now);
    const taken = refusal === 'NOT_SUPPORTED' || (refusal === 'WINDOW_ONLY' && late);
    const before = late ? answeredLateAt : answeredAt;
    if (!taken && before !== null && isWithin(before, ANSWERS_NOTED_EVERY_DAYS, now)) return;
    await write(endpoint, {
      answeredAt: now,
      ...(late ? { answeredLateAt: now } : {}),
      ...(taken ? { refusal: null, refusedAt: null } : {}),
    });
  };
  const noteRefusal = async (endpoint: string, error: BankError) => {
    const now = nowOf(app.clock);
    const refusal = refusalOf(endpoint, error, isLate(now));
    if (refusal === null) return;
    const { answeredAt, answeredLateAt } = known.get(endpoint) ?? NOTHING;
    // What the bank has given of late it has: then the refusal is about the one account.
    const given = refusal === 'WINDOW_ONLY' ? answeredLateAt : answeredAt;
    if (given !== null && isWithin(given, BELIEVED_DAYS, now)) return;
    await write(endpoint, { refusal, refusedAt: now });
    app.log.info({ environment, providerId, endpoint, refusal }, 'the bank does not give this');
  };
  const heeded =
    <A extends readonly unknown[], T>(endpoint: string, call: (...args: A) => Promise<T>) =>
    async (...args: A): Promise<T> => {
      const stop = stops(endpoint);
      if (stop !== null) throw stop;
      try {
        const answer = await call(...args);
        await noteAnswer(endpoint);
        return answer;
      } catch (error) {
        if (error instanceof BankError) await noteRefusal(endpoint, error);
        throw error;
      }
    };
  return { heed: (bank) => heedAll(bank, heeded) };
}

// One statement, since whoever reads the bank at the same moment learns the same.
async function writeDown(
  app: App,
  name: { readonly environment: string; readonly providerId: string; readonly endpoint: string },
  learnt: Partial<Known>,
): Promise<void> {
  const { refusal = null, refusedAt = null, answeredAt = null, answeredLateAt = null } = learnt;
  const judged = learnt.refusal !== undefined;
  await app.database.shared.$queryRaw`
    insert into provider_endpoint as old (environment, provider_id, endpoint, refusal, refused_at,
      answered_at, answered_late_at)
    values (${name.environment}, ${name.providerId}, ${name.endpoint}, ${refusal}, ${refusedAt},
      ${answeredAt}, ${answeredLateAt})
    on conflict (environment, provider_id, endpoint) do update set
      refusal = case when ${judged} then excluded.refusal else old.refusal end,
      refused_at = case when ${judged} then excluded.refused_at else old.refused_at end,
      answered_at = greatest(excluded.answered_at, old.answered_at),
      answered_late_at = greatest(excluded.answered_late_at, old.answered_late_at)`;
}

type Heeded = <A extends readonly unknown[], T>(
  endpoint: string,
  call: (...args: A) => Promise<T>,
) => (...args: A) => Promise<T>;

function heedAll(bank: Bank, heeded: Heeded): Bank {
  return {
    ...bank,
    info: heeded('/info', () => bank.info()),
    accounts: heeded('/accounts', () => bank.accounts()),
    accountBalance: heeded('/accounts/{id}/balance', (id: string) => bank.accountBalance(id)),
    accountTransactions: heeded('/accounts/{id}/transactions', (id: string, range: DayRange) =>
      bank.accountTransactions(id, range),
    ),
    accountPendingTransactions: heeded('/accounts/{id}/transactions/pending', (id: string) =>
      bank.accountPendingTransactions(id),
    ),
    standingOrders: heeded('/accounts/{id}/standing_orders', (id: string) =>
      bank.standingOrders(id),
    ),
    directDebits: heeded('/accounts/{id}/direct_debits', (id: string) => bank.directDebits(id)),
    cards: heeded('/cards', () => bank.cards()),
    cardBalance: heeded('/cards/{id}/balance', (id: string) => bank.cardBalance(id)),
    cardTransactions: heeded('/cards/{id}/transactions', (id: string, range: DayRange) =>
      bank.cardTransactions(id, range),
    ),
    cardPendingTransactions: heeded('/cards/{id}/transactions/pending', (id: string) =>
      bank.cardPendingTransactions(id),
    ),
  };
}

// A 501 without TrueLayer's own code may come from anything in between.
function refusalOf(endpoint: string, { meaning, code }: BankError, late: boolean) {
  if (meaning === 'NOT_SUPPORTED' && code === 'endpoint_not_supported') return 'NOT_SUPPORTED';
  const byWindow = meaning === 'SCA_EXCEEDED' && late && MAY_BE_WINDOW_ONLY.includes(endpoint);
  return byWindow ? 'WINDOW_ONLY' : null;
}

function isWithin(instant: Date, days: number, now: Date): boolean {
  return now < later(instant, days * DAY);
}

function notSupported(endpoint: string): BankError {
  return new BankError({ meaning: 'NOT_SUPPORTED', endpoint, code: 'endpoint_not_supported' });
}

function tooLate(endpoint: string): BankError {
  return new BankError({ meaning: 'SCA_EXCEEDED', endpoint, code: 'sca_exceeded' });
}
