import { saveHolders } from '../accounts/holders.ts';
import { quarantine } from '../accounts/quarantine.ts';
import { saveAccounts } from '../accounts/save.ts';
import { noteConsentOutcome, noteOutcomes } from '../accounts/troubles.ts';
import type { App } from '../app.ts';
import { later, MINUTE, nowOf } from '../base/clock.ts';
import { recordChanges } from '../changes/log.ts';
import { LIVING } from '../consents/status.ts';
import { ConsentEndedError } from '../consents/held.ts';
import { endOnceKnown } from '../consents/period.ts';
import { withBankAccess } from '../consents/tokens.ts';
import { publish } from '../events.ts';
import type { Consent } from '../generated/prisma/client.ts';
import { ask, jobs } from '../jobs.ts';
import type { Tx } from '../postgres/db.ts';
import { historyLimits } from '../providers/limits.ts';
import { recallBank } from './bank-memory.ts';
import { type BankView, readBankView } from './bank-view.ts';
import { planHistory } from './plan-history.ts';
import { PRIORITY_NOW } from './span-job.ts';

/**
 * Lists what a consent opens, once in each of its periods, plans the spans of its history and asks
 * for each of them, in one transaction. Running twice plans nothing twice. Calls the network; answers
 * `startBackfill`.
 *
 * @throws BankError where trying again can help
 */
export async function startBackfill(app: App, viewerId: string, consentId: string): Promise<void> {
  const reader = app.database.reader(viewerId);
  const asked = await reader.consent.findUnique({ where: { id: consentId } });
  if (asked === null || asked.plannedAt !== null) return;
  const askedAt = nowOf(app.clock);
  const attended = askedAt < asked.windowEndsAt;
  const memory = await recallBank(app, asked);
  let view: BankView;
  try {
    view = await withBankAccess(app, { viewerId, consentId, attended }, (bank) =>
      readBankView(app, memory.heed(bank), asked),
    );
  } catch (error) {
    if (error instanceof ConsentEndedError) return;
    const { period } = asked;
    await noteConsentOutcome(app, { viewerId, consentId, period }, 'ACCOUNTS', error);
    throw error;
  }
  const now = nowOf(app.clock);
  await app.database.transact(viewerId, async (tx) => {
    await tx.$queryRaw`select id from consent where id = ${consentId}::uuid for update`;
    const consent = await tx.consent.findUnique({ where: { id: consentId } });
    if (consent === null || !LIVING.includes(consent.status)) return;
    // Planned by another run meanwhile, or renewed: the new period lists its accounts by itself.
    if (consent.plannedAt !== null || consent.period !== asked.period) return;
    const known = { ...consent, ...(await rememberBank(app, tx, consent, view, now)) };
    const saved = await saveAccounts(app, tx, known, view, now);
    const held = view.holders === null ? [] : await saveHolders(tx, known, view.holders, askedAt);
    for (const { endpoint, refusals } of view.refused) {
      const { environment, providerId } = known;
      const source = { viewerId, consentId, accountId: null, environment, providerId, endpoint };
      await quarantine(tx, source, { refusals }, now);
    }
    const ended = await planHistory(
      app,
      tx,
      known,
      saved.accounts.map(({ id }) => id),
    );
    await app.queue.send(tx, [
      ask(jobs.readRecent, { viewerId, consentId }, { key: consentId, priority: PRIORITY_NOW }),
    ]);
    const listed = { endpoint: 'ACCOUNTS', failure: null } as const;
    const mended = await noteOutcomes(app, tx, viewerId, { consentId }, [listed]);
    await publish(tx, { consentId });
    const changes = [...saved.changes, ...held, ...mended, ...ended];
    await recordChanges(app, tx, viewerId, now, changes, consentId);
  });
}

/** Keeps what the bank says of the consent itself, its name above all. */
async function rememberBank(
  app: App,
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
  const endsAt = await endOnceKnown(app, tx, consent, providerId);
  await tx.consent.update({
    where: { id: consent.id },
    data: {
      providerId,
      windowEndsAt,
      endsAt,
      plannedAt: now,
      bankEndsAt: view.me?.consentExpiresAt ?? consent.bankEndsAt,
      credentialsId: view.me?.credentialsId ?? consent.credentialsId,
    },
  });
  return { providerId, windowEndsAt };
}
