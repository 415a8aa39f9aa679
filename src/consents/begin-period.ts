import type { App } from '../app.ts';
import type { Consent, Prisma } from '../generated/prisma/client.ts';
import { ask, jobs } from '../jobs.ts';
import type { Tx } from '../postgres/db.ts';
import type { TokenAnswer } from '../truelayer/token-endpoint.ts';
import { askToTend } from './next-due.ts';
import { periodEnd } from './period.ts';
import { type Agreement, writeReceipt } from './receipt.ts';
import { forgetRefusal } from './refusals.ts';
import { moveConsent } from './status.ts';

const NUMBERS_PER_PERIOD = 1_000_000;

/**
 * What the numbers of a period's tokens begin with: beyond all that those of an earlier period can
 * have come to, also where their row is gone. Whoever still holds such tokens, in the middle of a
 * refresh or of being refused, finds them replaced and changes nothing.
 */
export function firstNumbers(period: number) {
  const first = (period - 1) * NUMBERS_PER_PERIOD + 1;
  return { generation: first, refreshNumber: first, leaseOwner: null, leaseEndsAt: null };
}

/**
 * Begins another period of a consent, which its user has confirmed: new dates, a receipt, and the jobs
 * that a consent begins with. The new tokens are there already; the last step of a transaction.
 *
 * @param consent - as it was, locked
 * @param answer - the new tokens, whose own end is the consent's where they cannot be refreshed
 * @param data - what else is other than before
 */
export async function beginPeriod(
  app: App,
  tx: Tx,
  consent: Consent,
  answer: Pick<TokenAnswer, 'expiresAt'> & { readonly refreshable: boolean },
  agreement: Agreement,
  data: Prisma.ConsentUncheckedUpdateInput,
  now: Date,
): Promise<void> {
  const { id, viewerId } = consent;
  const period = consent.period + 1;
  await forgetRefusal(tx, consent);
  await writeReceipt(app, tx, { id, viewerId, period }, agreement, now);
  const payload = { viewerId, consentId: id };
  await app.queue.send(tx, [
    ask(jobs.startBackfill, payload, { key: id }),
    askToTend(consent, now),
  ]);
  await moveConsent(app, tx, {
    viewerId,
    consentId: id,
    to: 'ACTIVE',
    reason: 'RENEWED',
    by: 'USER',
    now,
    data: {
      ...data,
      period,
      consentedAt: now,
      endsAt: answer.refreshable
        ? await periodEnd(app, tx, consent.providerId, now)
        : answer.expiresAt,
    },
  });
}
