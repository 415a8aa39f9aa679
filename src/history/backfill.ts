import { saveAccounts, type SavedAccount } from '../accounts/save.ts';
import type { App } from '../app.ts';
import { later, MINUTE, nowOf } from '../base/clock.ts';
import { dayOf, startOf } from '../base/days.ts';
import { uuidOf } from '../base/entropy.ts';
import { recordChanges } from '../changes/log.ts';
import { LIVING } from '../consents/status.ts';
import { ConsentEndedError } from '../consents/refresh.ts';
import { withBankAccess } from '../consents/tokens.ts';
import { publish } from '../events.ts';
import type { Consent } from '../generated/prisma/client.ts';
import { ask, jobs } from '../jobs.ts';
import type { Tx } from '../postgres/db.ts';
import { historyLimits } from '../providers/limits.ts';
import type { Bank } from '../truelayer/bank.ts';
import { BankError } from '../truelayer/errors.ts';
import type { Listing } from '../truelayer/listing.ts';
import type { WireAccount } from '../truelayer/wire-account.ts';
import type { WireCard } from '../truelayer/wire-card.ts';
import type { WireMe } from '../truelayer/wire-me.ts';
import { planSpans } from './plan.ts';

interface BankView {
  readonly me: WireMe | null;
  readonly accounts: readonly WireAccount[];
  readonly cards: readonly WireCard[];
}

/**
 * Lists what a fresh consent opens, plans the spans of its history and asks for each of them, in
 * one transaction. Running twice plans nothing twice. Calls the network; answers `startBackfill`.
 *
 * @throws BankError where trying again can help
 */
export async function startBackfill(app: App, viewerId: string, consentId: string): Promise<void> {
  let view: BankView;
  try {
    view = await withBankAccess(app, { viewerId, consentId, attended: true }, (bank) =>
      readBank(app, bank),
    );
  } catch (error) {
    if (error instanceof ConsentEndedError) return;
    throw error;
  }
  const now = nowOf(app.clock);
  await app.database.transact(viewerId, async (tx) => {
    await tx.$queryRaw`select id from consent where id = ${consentId}::uuid for update`;
    const consent = await tx.consent.findUnique({ where: { id: consentId } });
    if (consent === null || !LIVING.includes(consent.status)) return;
    const known = await rememberBank(tx, consent, view, now);
    const owner = {
      viewerId,
      consentId,
      environment: consent.environment,
      providerId: known.providerId,
      holderName: null,
    };
    const saved = await saveAccounts(app, tx, owner, view, now);
    await planHistory(app, tx, { ...consent, ...known }, saved.accounts);
    await app.queue.send(tx, [
      ask(jobs.readRecent, { viewerId, consentId }, { key: consentId, priority: PRIORITY_NOW }),
    ]);
    await publish(tx, { consentId });
    await recordChanges(tx, viewerId, now, saved.changes);
  });
}

/** Above every deadline: what the user waits for in front of a screen. */
const PRIORITY_NOW = 2_000_000_000;

// Cards of a bank without cards, accounts of one without accounts, a bank that says nothing of the
// consent: each is an answer. Where only the scope is missing the bank is not asked at all.
async function readBank(app: App, bank: Bank): Promise<BankView> {
  const [me, accounts, cards] = await Promise.all([
    bank.me().catch((error: unknown) => unless(error, ['NOT_SUPPORTED', 'ACCESS_DENIED'], null)),
    listOrNone(app, 'accounts', bank.accounts()),
    listOrNone(app, 'cards', bank.cards()),
  ]);
  return { me, accounts, cards };
}

async function listOrNone<T>(
  app: App,
  what: string,
  call: Promise<Listing<T>>,
): Promise<readonly T[]> {
  try {
    const { items, refused, refusedReasons } = await call;
    if (refused > 0) app.log.warn({ what, refused, at: refusedReasons }, 'records not understood');
    return items;
  } catch (error) {
    return unless(error, ['NOT_SUPPORTED', 'ACCESS_DENIED'], []);
  }
}

function unless<T>(error: unknown, meanings: readonly BankError['meaning'][], value: T): T {
  if (error instanceof BankError && meanings.includes(error.meaning)) return value;
  throw error;
}

/** Keeps what the bank says of the consent itself, its name above all. */
async function rememberBank(
  tx: Tx,
  consent: Consent,
  view: BankView,
  now: Date,
): Promise<{ providerId: string; windowEndsAt: Date }> {
  const providerId =
    view.me?.provider?.providerId ??
    consent.providerId ??
    [...view.accounts, ...view.cards].find((listed) => listed.providerId !== null)?.providerId;
  if (providerId === undefined || providerId === null) {
    throw new Error(`the bank of consent ${consent.id} does not say which it is`);
  }
  const { environment, consentedAt } = consent;
  // A bank may be missing from the list, or new since it was read.
  await tx.provider.createMany({
    data: [
      {
        environment,
        providerId,
        displayName: view.me?.provider?.displayName ?? providerId,
        listed: false,
        firstSeenAt: now,
        refreshedAt: now,
      },
    ],
    skipDuplicates: true,
  });
  const windowEndsAt = later(consentedAt, historyLimits(providerId).windowMinutes * MINUTE);
  await tx.consent.update({
    where: { id: consent.id },
    data: {
      providerId,
      windowEndsAt,
      bankEndsAt: view.me?.consentExpiresAt ?? consent.bankEndsAt,
      credentialsId: view.me?.credentialsId ?? consent.credentialsId,
    },
  });
  return { providerId, windowEndsAt };
}

async function planHistory(
  app: App,
  tx: Tx,
  consent: Consent & { readonly providerId: string },
  accounts: readonly SavedAccount[],
): Promise<void> {
  if (!consent.scopes.includes('transactions')) return;
  const { id: consentId, viewerId, windowEndsAt } = consent;
  const planned = planSpans(historyLimits(consent.providerId), dayOf(consent.consentedAt));
  const rows = accounts.flatMap((account) =>
    planned.map((span, ordinal) => ({
      // The same span always has the same id, so that planning twice changes nothing.
      id: uuidOf('span', consentId, account.id, span.from),
      viewerId,
      consentId,
      accountId: account.id,
      ordinal,
      fromOn: startOf(span.from),
      untilOn: startOf(span.until),
      deadlineAt: span.windowOnly ? windowEndsAt : null,
    })),
  );
  const added = await tx.historySpan.createManyAndReturn({
    data: rows,
    skipDuplicates: true,
    select: { id: true, ordinal: true, deadlineAt: true },
  });
  await app.queue.send(
    tx,
    added.map((span) =>
      ask(
        jobs.fetchSpan,
        { viewerId, consentId, spanId: span.id },
        { priority: spanPriority(span) },
      ),
    ),
  );
}

/**
 * The sooner the deadline, the higher, over all consents; within a consent in the planned order.
 * Spans without a deadline come after all that have one, but for the quick first of each account.
 */
function spanPriority(span: {
  readonly ordinal: number;
  readonly deadlineAt: Date | null;
}): number {
  if (span.ordinal === 0) return PRIORITY_NOW;
  if (span.deadlineAt === null) return -span.ordinal;
  const minutes = Math.floor(span.deadlineAt.getTime() / MINUTE);
  return PRIORITY_NOW - minutes * 32 - Math.min(span.ordinal, 31);
}
