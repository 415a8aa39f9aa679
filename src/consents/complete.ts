import { raiseAlarm } from '../alarms/alarms.ts';
import type { App } from '../app.ts';
import { later, MINUTE, nowOf, SECOND } from '../base/clock.ts';
import { seal, unseal } from '../base/seal.ts';
import type { AuthLink, Prisma } from '../generated/prisma/client.ts';
import { ask, jobs } from '../jobs.ts';
import { BankError } from '../truelayer/errors.ts';
import type { TokenAnswer } from '../truelayer/token-endpoint.ts';
import { AuthLinkError, authLinkError, type LinkErrorCode } from './link-error.ts';
import { completeRenewal } from './complete-renewal.ts';
import { leaveAnswerToNobody } from './nobodys.ts';
import { saveConsent } from './save-consent.ts';
import { hashOf, linkPlace, SPENT } from './secrets.ts';
import { storeAtLast } from './store-at-last.ts';
import { answerOf, type BankAnswer } from './way-back.ts';

const CODE_MINUTES = 5;
// Longer than two token calls may take together, and for a renewal the question whose tokens they
// are: so the job never races the request.
const RESUME_SECONDS = 45;

/**
 * Takes the bank's answer for a link: completes it with a code, ends it with an error. Only the
 * first answer does; it alone, repeated, gets the same result again.
 *
 * @returns the consent's id
 * @throws AuthLinkError whose code says why there is none
 */
export async function takeAnswer(app: App, link: AuthLink, answer: BankAnswer): Promise<string> {
  if (link.status === 'OPEN' && nowOf(app.clock) < link.expiresAt) {
    if (!('code' in answer)) await cancelLink(app, link, answer.error);
    else {
      const claimed = await claim(app, link, answer.code);
      if (claimed !== null) return exchange(app, claimed, answer.code);
    }
  }
  return answerOf(app, link, answer);
}

async function cancelLink(app: App, link: AuthLink, error: string): Promise<void> {
  const cancelled = error === 'access_denied';
  await endLink(app, link, {
    from: 'OPEN',
    to: cancelled ? 'CANCELLED' : 'FAILED',
    errorCode: cancelled ? 'AUTH_LINK_CANCELLED' : 'BANK_REFUSED',
  });
}

/**
 * Takes up a link whose completion was cut off, and ends one whose time is over; answers the job
 * `completeLink`.
 */
export async function resumeLink(app: App, viewerId: string, linkId: string): Promise<void> {
  const link = await app.database.reader(viewerId).authLink.findUnique({ where: { id: linkId } });
  const now = nowOf(app.clock);
  if (link?.status === 'OPEN' && now >= link.expiresAt) {
    return expire(app, link);
  }
  if (link?.status !== 'CLAIMED' || link.sealedCode === null || link.claimedAt === null) return;
  const tooOld = now > later(link.claimedAt, CODE_MINUTES * MINUTE);
  // A code is for the client alone that the link was issued for, which may be another by now.
  if (tooOld || link.clientId !== app.client.clientId) return fail(app, link, 'CODE_REFUSED');
  const code = await unseal(app.keys, linkPlace('sealed_code', linkId, viewerId), link.sealedCode);
  try {
    await exchange(app, link, code);
  } catch (error) {
    // The link now says why it failed; trying again cannot change that.
    if (!(error instanceof AuthLinkError)) throw error;
  }
}

// One step of claiming, so that of any number of requests, in any number of processes, one exchanges
// the code. The code's hash stays, to know a repeat from another code.
async function claim(app: App, link: AuthLink, code: string): Promise<AuthLink | null> {
  const now = nowOf(app.clock);
  const sealedCode = await seal(app.keys, linkPlace('sealed_code', link.id, link.viewerId), code);
  return app.database.transact(link.viewerId, async (tx) => {
    const { count } = await tx.authLink.updateMany({
      where: { id: link.id, status: 'OPEN' },
      data: {
        status: 'CLAIMED',
        sealedCode,
        codeHash: hashOf(code),
        sealedDialog: null,
        claimedAt: now,
      },
    });
    if (count === 0) return null;
    const resume = ask(
      jobs.completeLink,
      { viewerId: link.viewerId, linkId: link.id },
      { notBefore: later(now, RESUME_SECONDS * SECOND) },
    );
    await app.queue.send(tx, [resume]);
    return { ...link, status: 'CLAIMED', sealedCode, claimedAt: now };
  });
}

async function exchange(app: App, link: AuthLink, code: string): Promise<string> {
  const { sealedCodeVerifier, redirectUri, viewerId } = link;
  const place = linkPlace('sealed_code_verifier', link.id, viewerId);
  const codeVerifier = sealedCodeVerifier && (await unseal(app.keys, place, sealedCodeVerifier));
  const request = { code, redirectUri, ...(codeVerifier === null ? {} : { codeVerifier }) };
  let answer: TokenAnswer;
  try {
    answer = await app.truelayer.exchangeCode(request).catch((error: unknown) => {
      // One more try while the user waits; a code whose first answer was lost is then refused.
      if (error instanceof BankError && error.tryAgain) {
        return app.truelayer.exchangeCode(request);
      }
      throw error;
    });
  } catch (error) {
    if (!(error instanceof BankError)) throw error;
    const { environment } = link;
    if (error.meaning === 'OPERATOR_FAULT') {
      await raiseAlarm(app, { kind: 'CLIENT_REFUSED', environment });
    }
    const reason = exchangeFailure(error);
    await fail(app, link, reason);
    throw authLinkError(reason);
  }
  const { renewsConsentId } = link;
  const stored =
    renewsConsentId === null
      ? saveConsent(app, link, answer)
      : completeRenewal(app, { ...link, renewsConsentId }, answer);
  return stored.catch(async (error: unknown) => {
    const { id } = link;
    const left = await app.database.reader(viewerId).authLink.findUnique({ where: { id } });
    if (left !== null) throw error;
    await storeAtLast(() => leaveAnswerToNobody(app, link, answer));
    throw authLinkError('AUTH_LINK_UNKNOWN');
  });
}

function exchangeFailure(error: BankError): LinkErrorCode {
  if (error.meaning === 'OPERATOR_FAULT') return 'SERVER_MISCONFIGURED';
  return error.tryAgain ? 'BANK_UNAVAILABLE' : 'CODE_REFUSED';
}

function fail(app: App, link: AuthLink, errorCode: LinkErrorCode): Promise<void> {
  return endLink(app, link, { from: 'CLAIMED', to: 'FAILED', errorCode });
}

/** Ends a link whose time is over. Where nobody came back in time, nobody failed. */
async function expire(app: App, link: AuthLink): Promise<void> {
  const { expiresAt } = link;
  const errorCode = 'AUTH_LINK_EXPIRED';
  await endLink(app, link, {
    from: 'OPEN',
    to: 'ABANDONED',
    errorCode,
    where: { OR: [{ returnedAt: null }, { returnedAt: { gte: expiresAt } }] },
  });
  await endLink(app, link, { from: 'OPEN', to: 'FAILED', errorCode });
}

/** Ends a link, if it still stands where it is believed to; no secret outlives it. */
async function endLink(
  app: App,
  link: AuthLink,
  move: {
    readonly from: 'OPEN' | 'CLAIMED';
    readonly to: 'CANCELLED' | 'FAILED' | 'ABANDONED';
    readonly errorCode: LinkErrorCode;
    readonly where?: Prisma.AuthLinkWhereInput;
  },
): Promise<void> {
  await app.database.transact(link.viewerId, (tx) =>
    tx.authLink.updateMany({
      where: { ...move.where, id: link.id, status: move.from },
      data: {
        status: move.to,
        errorCode: move.errorCode,
        ...SPENT,
        endedAt: nowOf(app.clock),
      },
    }),
  );
}
