import { endAlarms, raiseAlarm } from '../alarms/alarms.ts';
import type { App } from '../app.ts';
import { later, nowOf, SECOND } from '../base/clock.ts';
import { uuidv7 } from '../base/entropy.ts';
import { seal, unseal, UnsealError } from '../base/seal.ts';
import { REFRESH_TIMEOUT_MILLISECONDS } from '../truelayer/client.ts';
import { BankError } from '../truelayer/errors.ts';
import type { TokenAnswer } from '../truelayer/token-endpoint.ts';
import { addConsentPeriod, REFRESH_TOKEN_IDLE_DAYS } from './due.ts';
import { endUnreadable, flagUnreadable, unflag } from './flag.ts';
import { ConsentEndedError, type HeldConsent } from './held.ts';
import { endConsent } from './end.ts';
import { forgetRefusal, hearRefusal, reviveProved, settleRefusals } from './refusals.ts';
import { credentialPlace } from './secrets.ts';
import { storeAtLast } from './store-at-last.ts';

/** Longer than one token call may take, so that a live holder never loses its lease. */
export const LEASE_SECONDS = REFRESH_TIMEOUT_MILLISECONDS / SECOND + 15;

/** The right to refresh a consent's tokens for a short while. */
export interface Lease {
  readonly owner: string;
  /** By this process's own clock, from before it was asked for. */
  readonly takenAt: Date;
}

/**
 * Takes the right to refresh a consent's tokens. When it ends is said by the database's time, so that
 * a process whose clock is wrong neither robs others nor is robbed.
 *
 * @returns null where another process has it, or has refreshed meanwhile
 */
export async function takeLease(app: App, held: HeldConsent): Promise<Lease | null> {
  const takenAt = nowOf(app.clock);
  const now = await app.database.now();
  const owner = uuidv7(app.entropy, now);
  const endsAt = later(now, LEASE_SECONDS * SECOND);
  const { count } = await app.database.transact(held.viewerId, (tx) =>
    tx.consentCredential.updateMany({
      where: {
        consentId: held.id,
        generation: held.credential.generation,
        OR: [{ leaseOwner: null }, { leaseEndsAt: { lte: now } }],
      },
      data: { leaseOwner: owner, leaseEndsAt: endsAt },
    }),
  );
  return count === 1 ? { owner, takenAt } : null;
}

/**
 * Refreshes the tokens under a lease and stores what came back. Calls the network, with no
 * transaction open and no connection held.
 *
 * @throws ConsentEndedError if the bank says so and is believed; UnsealError if the token here is
 *   damaged; BankError for all else
 */
export async function refreshTokens(app: App, held: HeldConsent, lease: Lease): Promise<void> {
  try {
    const refreshToken = await openRefreshToken(app, held);
    // A process that was held up for so long has lost its lease: another may be at it.
    if (nowOf(app.clock) >= later(lease.takenAt, LEASE_SECONDS * SECOND)) throw tooLate();
    const answer = await app.truelayer.refresh(refreshToken);
    await storeAtLast(() => store(app, held, refreshToken, answer));
  } catch (error) {
    await releaseLease(app, held, lease);
    if (error instanceof UnsealError) await flagUnreadable(app, held);
    if (!(error instanceof BankError)) throw error;
    if (error.meaning === 'OPERATOR_FAULT') {
      await raiseAlarm(app, { kind: 'CLIENT_REFUSED', environment: held.environment });
    }
    if (error.meaning !== 'GRANT_ENDED' || !(await hearRefusal(app, held))) throw error;
    // Where another process has replaced that token meanwhile, nothing was said of the new one.
    if (!(await endConsent(app, held, 'GRANT_ENDED'))) return;
    // Others may have been refused at the same moment.
    await settleRefusals(app, held);
    throw new ConsentEndedError(held.id);
  }
  await endMended(app, held);
}

async function openRefreshToken(app: App, { id, viewerId, credential }: HeldConsent) {
  if (credential.sealedRefresh === null) throw new Error(`consent ${id} has no refresh token`);
  return unseal(
    app.keys,
    credentialPlace('sealed_refresh', id, viewerId),
    credential.sealedRefresh,
  );
}

function tooLate(): BankError {
  return new BankError({ meaning: 'UNAVAILABLE', endpoint: '/connect/token', reason: 'TIMEOUT' });
}

/** What a refresh that succeeded proves to be mended. */
async function endMended(app: App, held: HeldConsent): Promise<void> {
  const { environment, clientId } = held;
  await endAlarms(app, [
    { kind: 'CLIENT_REFUSED', environment },
    { kind: 'CONSENTS_OF_ANOTHER_CLIENT', environment, subject: clientId },
  ]);
  await endUnreadable(app, held);
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
    let { count } = await tx.consentCredential.updateMany({
      where: { consentId: id, generation: held.credential.generation },
      data,
    });
    if (count === 0 && rotated) {
      ({ count } = await tx.consentCredential.updateMany({
        where: { consentId: id, refreshNumber: held.credential.refreshNumber },
        data,
      }));
    }
    await forgetRefusal(tx, held);
    await unflag(app, tx, count === 0 ? held : await reviveProved(app, tx, held));
  });
}

/** Gives the right back, if it is still ours. */
export async function releaseLease(app: App, held: HeldConsent, { owner }: Lease): Promise<void> {
  await app.database.transact(held.viewerId, (tx) =>
    tx.consentCredential.updateMany({
      where: { consentId: held.id, leaseOwner: owner },
      data: { leaseOwner: null, leaseEndsAt: null },
    }),
  );
}
