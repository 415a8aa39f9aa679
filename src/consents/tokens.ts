import { setTimeout } from 'node:timers/promises';
import type { App } from '../app.ts';
import { later, MINUTE, nowOf } from '../base/clock.ts';
import { unseal } from '../base/seal.ts';
import type { ConsentCredential } from '../generated/prisma/client.ts';
import type { Bank } from '../truelayer/bank.ts';
import { BankError } from '../truelayer/errors.ts';
import {
  ConsentEndedError,
  endConsent,
  type HeldConsent,
  refreshTokens,
  takeLease,
} from './refresh.ts';
import { credentialPlace, psuIpPlace } from './secrets.ts';
import { LIVING } from './status.ts';

const WAIT_MILLISECONDS = 100;
const WAITS_MAX = 400;

/** Which consent, and whether its user is present. */
export interface AccessRequest {
  readonly viewerId: string;
  readonly consentId: string;
  /** True while the user waits or the history window is open: the bank is told their address. */
  readonly attended: boolean;
}

/**
 * Lends access to a consent's bank. The token is refreshed before use where needed, once at a time
 * over all processes, and once more if the bank refuses it before its time; callers never see it.
 *
 * @throws ConsentEndedError if only the user can help; BankError for all else the bank says
 */
export async function withBankAccess<T>(
  app: App,
  request: AccessRequest,
  work: (bank: Bank) => Promise<T>,
): Promise<T> {
  let held = await fresh(app, request, null);
  try {
    return await work(await openBank(app, held, request));
  } catch (error) {
    if (!(error instanceof BankError) || error.meaning !== 'TOKEN_REJECTED') throw error;
  }
  held = await fresh(app, request, held.credential.generation);
  const bank = await openBank(app, held, request);
  try {
    return await work(bank);
  } catch (error) {
    if (!(error instanceof BankError) || error.meaning !== 'TOKEN_REJECTED') throw error;
    // A fresh token is refused too. Only if the bank will not even say whose consent it is does
    // that end it; else one endpoint has a bad moment, and the call may be made again later.
    if (!(await refusesEverything(bank))) throw error;
  }
  app.log.warn({ consentId: held.id }, 'the bank refuses fresh tokens: the user is asked');
  await endConsent(app, held, 'TOKEN_REJECTED');
  throw new ConsentEndedError(held.id);
}

async function refusesEverything(bank: Bank): Promise<boolean> {
  try {
    await bank.me();
    return false;
  } catch (error) {
    return error instanceof BankError && error.meaning === 'TOKEN_REJECTED';
  }
}

async function openBank(app: App, held: HeldConsent, request: AccessRequest): Promise<Bank> {
  const place = credentialPlace('sealed_access', held.id, held.viewerId);
  const accessToken = await unseal(app.keys, place, held.credential.sealedAccess);
  if (!request.attended || held.sealedPsuIp === null) return app.truelayer.bank({ accessToken });
  const psuIp = await unseal(app.keys, psuIpPlace(held.id, held.viewerId), held.sealedPsuIp);
  return app.truelayer.bank({ accessToken, psuIp });
}

/**
 * The consent with an access token that still lives, and is newer than the refused generation.
 * Waits, a bounded time, for another holder of the lease.
 */
async function fresh(
  app: App,
  request: AccessRequest,
  refused: number | null,
): Promise<HeldConsent> {
  for (let waits = 0; waits < WAITS_MAX; waits += 1) {
    const held = await findHeld(app, request);
    const now = nowOf(app.clock);
    const { credential } = held;
    const used = refused !== null && credential.generation <= refused;
    if (!used && now < refreshInstant(credential)) return held;
    if (credential.sealedRefresh === null) {
      if (!used && now < credential.accessExpiresAt) return held;
      await endConsent(app, held, 'ACCESS_OVER');
      throw new ConsentEndedError(held.id);
    }
    const owner = await takeLease(app, held, now);
    if (owner !== null) await refreshTokens(app, held, credential.sealedRefresh, owner);
    // For real, under any clock: the other holder waits for a network.
    else await setTimeout(WAIT_MILLISECONDS);
  }
  throw new Error(`the token of consent ${request.consentId} stayed leased for too long`);
}

// A margin of a minute, or a fifth of a short life, so that a call begun with it can end with it.
function refreshInstant({ accessIssuedAt, accessExpiresAt }: ConsentCredential): Date {
  const life = accessExpiresAt.getTime() - accessIssuedAt.getTime();
  return later(accessExpiresAt, -Math.min(MINUTE, life * 0.2));
}

async function findHeld(app: App, request: AccessRequest): Promise<HeldConsent> {
  const consent = await app.database.reader(request.viewerId).consent.findUnique({
    where: { id: request.consentId },
    include: { credential: true },
  });
  if (consent === null || consent.credential === null || !LIVING.includes(consent.status)) {
    throw new ConsentEndedError(request.consentId);
  }
  const { environment, clientId } = app.client;
  if (consent.environment !== environment || consent.clientId !== clientId) {
    throw new Error(
      `consent ${consent.id} belongs to ${consent.environment}/${consent.clientId}, ` +
        `this server speaks as ${environment}/${clientId}`,
    );
  }
  return consent as HeldConsent;
}
