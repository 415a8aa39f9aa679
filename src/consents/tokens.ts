import type { App } from '../app.ts';
import { unseal, UnsealError } from '../base/seal.ts';
import type { Bank } from '../truelayer/bank.ts';
import { BankError } from '../truelayer/errors.ts';
import { endConsent } from './end.ts';
import { flagUnreadable } from './flag.ts';
import { type ConsentOfViewer, freshCredential } from './fresh.ts';
import { ConsentEndedError, type HeldConsent } from './held.ts';
import { credentialPlace, psuIpPlace } from './secrets.ts';

/** Which consent, and whether its user is present. */
export interface AccessRequest extends ConsentOfViewer {
  /** True while the user waits or the history window is open: the bank is told their address. */
  readonly attended: boolean;
}

/**
 * Lends access to a consent's bank. The token is refreshed before use where needed, once at a time
 * over all processes, and once more if the bank refuses it before its time; callers never see it.
 *
 * @throws ConsentEndedError if only the user can help; UnsealError if its tokens are damaged;
 *   BankError for all else that the bank says
 */
export async function withBankAccess<T>(
  app: App,
  request: AccessRequest,
  work: (bank: Bank) => Promise<T>,
): Promise<T> {
  let held = await freshCredential(app, request, null);
  try {
    return await work(await openBank(app, held, request));
  } catch (error) {
    if (!(error instanceof BankError) || error.meaning !== 'TOKEN_REJECTED') throw error;
  }
  held = await freshCredential(app, request, held.credential.generation);
  const bank = await openBank(app, held, request);
  try {
    return await work(bank);
  } catch (error) {
    if (!(error instanceof BankError) || error.meaning !== 'TOKEN_REJECTED') throw error;
    // A fresh token is refused too. Only if the bank will not even say whose consent it is does
    // that end it; else one endpoint has a bad moment, and the call may be made again later.
    if (!(await refusesEverything(bank))) throw error;
    // Of several callers who are refused another may have replaced the token, which only ends that.
    if (!(await endConsent(app, held, 'TOKEN_REJECTED'))) throw error;
  }
  app.log.warn({ consentId: held.id }, 'the bank refuses fresh tokens: the user is asked');
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
  try {
    const place = credentialPlace('sealed_access', held.id, held.viewerId);
    const accessToken = await unseal(app.keys, place, held.credential.sealedAccess);
    if (!request.attended || held.sealedPsuIp === null) return app.truelayer.bank({ accessToken });
    const psuIp = await unseal(app.keys, psuIpPlace(held.id, held.viewerId), held.sealedPsuIp);
    return app.truelayer.bank({ accessToken, psuIp });
  } catch (error) {
    if (error instanceof UnsealError) await flagUnreadable(app, held);
    throw error;
  }
}
