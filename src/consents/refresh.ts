import { setTimeout } from 'node:timers/promises';
import type { App } from '../app.ts';
import { later, nowOf, SECOND } from '../base/clock.ts';
import { uuidv7 } from '../base/entropy.ts';
import { ExpectedError } from '../base/errors.ts';
import { seal, unseal } from '../base/seal.ts';
import type { Consent, ConsentCredential } from '../generated/prisma/client.ts';
import { BankError } from '../truelayer/errors.ts';
import type { TokenAnswer } from '../truelayer/token-endpoint.ts';
import { addConsentPeriod } from './due.ts';
import { credentialPlace } from './secrets.ts';
import { moveConsent } from './status.ts';

/** A refresh token dies when it lies unused for so long. */
export const REFRESH_TOKEN_IDLE_DAYS = 30;

// Longer than one token call may take, so that a live holder never loses its lease.
const LEASE_SECONDS = 30;
const STORE_ATTEMPTS_MAX = 5;
const STORE_WAIT_MILLISECONDS = 500;
/** The consent has ended, or the bank has just said so: only the user can renew it. */
export class ConsentEndedError extends ExpectedError {
  constructor(consentId: string) {
    super('CONSENT_ENDED', `Consent ${consentId} has ended.`);
  }
}

/** A living consent with its tokens, sealed. */
export type HeldConsent = Consent & { readonly credential: ConsentCredential };

/**
 * Takes the right to refresh a consent's tokens for a short while.
 *
 * @returns the lease's owner; null where another process has it, or has refreshed meanwhile
 */
export async function takeLease(app: App, held: HeldConsent, now: Date): Promise<string | null> {
  const owner = uuidv7(app.entropy, now);
  const { count } = await app.database.transact(held.viewerId, (tx) =>
    tx.consentCredential.updateMany({
      where: {
        consentId: held.id,
        generation: held.credential.generation,
        OR: [{ leaseOwner: null }, { leaseEndsAt: { lte: now } }],
      },
      data: { leaseOwner: owner, leaseEndsAt: later(now, LEASE_SECONDS * SECOND) },
    }),
  );
  return count === 1 ? owner : null;
}

/**
 * Refreshes the tokens under a lease and stores what came back. Calls the network, with no
 * transaction open.
 *
 * @param sealed - the refresh token that the row holds
 * @throws ConsentEndedError if the bank says so; BankError for all else
 */
export async function refreshTokens(
  app: App,
  held: HeldConsent,
  sealed: string,
  owner: string,
): Promise<void> {
  const place = credentialPlace('sealed_refresh', held.id, held.viewerId);
  try {
    const refreshToken = await unseal(app.keys, place, sealed);
    const answer = await app.truelayer.refresh(refreshToken);
    await storeAtLast(app, held, refreshToken, answer);
  } catch (error) {
    if (error instanceof BankError && error.meaning === 'GRANT_ENDED') {
      if (await endConsent(app, held, 'GRANT_ENDED')) throw new ConsentEndedError(held.id);
      return;
    }
    await release(app, held, owner);
    throw error;
  }
}

// A refresh token that the bank has just changed lives nowhere but here: a database that is away for
// a moment must not cost it.
async function storeAtLast(
  app: App,
  held: HeldConsent,
  used: string,
  answer: TokenAnswer,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await store(app, held, used, answer);
      return;
    } catch (error) {
      if (attempt === STORE_ATTEMPTS_MAX) throw error;
      await setTimeout(attempt * STORE_WAIT_MILLISECONDS);
    }
  }
}

/**
 * Stores what a refresh gave. A holder that outlived its lease finds a newer generation and must
 * not overwrite it, unless the bank changed the refresh token: the only living one is then kept.
 */
async function store(
  app: App,
  held: HeldConsent,
  used: string,
  answer: TokenAnswer,
): Promise<void> {
  const now = nowOf(app.clock);
  const { id, viewerId } = held;
  const place = (column: Parameters<typeof credentialPlace>[0]) =>
    credentialPlace(column, id, viewerId);
  const rotated = answer.refreshToken !== null && answer.refreshToken !== used;
  const data = {
    generation: { increment: 1 },
    sealedAccess: await seal(app.keys, place('sealed_access'), answer.accessToken),
    accessIssuedAt: now,
    accessExpiresAt: answer.expiresAt,
    refreshEndsAt: addConsentPeriod(now, REFRESH_TOKEN_IDLE_DAYS),
    leaseOwner: null,
    leaseEndsAt: null,
    ...(rotated
      ? {
          sealedRefresh: await seal(app.keys, place('sealed_refresh'), answer.refreshToken),
          refreshNumber: { increment: 1 },
        }
      : {}),
  };
  await app.database.transact(viewerId, async (tx) => {
    const { count } = await tx.consentCredential.updateMany({
      where: { consentId: id, generation: held.credential.generation },
      data,
    });
    if (count === 1 || !rotated) return;
    await tx.consentCredential.updateMany({
      where: { consentId: id, refreshNumber: held.credential.refreshNumber },
      data,
    });
  });
}

async function release(app: App, held: HeldConsent, owner: string): Promise<void> {
  await app.database.transact(held.viewerId, (tx) =>
    tx.consentCredential.updateMany({
      where: { consentId: held.id, leaseOwner: owner },
      data: { leaseOwner: null, leaseEndsAt: null },
    }),
  );
}

/**
 * Ends a consent by the bank's word, but only for the very token that was refused.
 *
 * @returns whether it ended by this
 */
export async function endConsent(
  app: App,
  held: HeldConsent,
  reason: 'GRANT_ENDED' | 'TOKEN_REJECTED' | 'ACCESS_OVER',
): Promise<boolean> {
  return app.database.transact(held.viewerId, async (tx) => {
    const same = await tx.consentCredential.count({
      where: { consentId: held.id, refreshNumber: held.credential.refreshNumber },
    });
    if (same === 0) return false;
    return moveConsent(tx, {
      viewerId: held.viewerId,
      consentId: held.id,
      to: reason === 'ACCESS_OVER' ? 'EXPIRED' : 'REAUTH_REQUIRED',
      reason,
      now: nowOf(app.clock),
    });
  });
}
