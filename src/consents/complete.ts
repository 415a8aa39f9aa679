import { setTimeout } from 'node:timers/promises';
import type { App } from '../app.ts';
import { later, MINUTE, nowOf, SECOND } from '../base/clock.ts';
import { seal, unseal } from '../base/seal.ts';
import type { AuthLink } from '../generated/prisma/client.ts';
import { ask, jobs } from '../jobs.ts';
import { BankError } from '../truelayer/errors.ts';
import type { TokenAnswer } from '../truelayer/token-endpoint.ts';
import { AuthLinkError, authLinkError, type LinkErrorCode } from './link-error.ts';
import { saveConsent } from './save-consent.ts';
import { hashOf, linkPlace } from './secrets.ts';

const CODE_MINUTES = 5;
// Longer than two token calls may take together, so that the job never races the request.
const RESUME_SECONDS = 45;
const CODE_CHARACTERS_MAX = 2_048;
const STATE = /^[\w-]{43}$/;
const WAIT_MILLISECONDS = 100;
const WAITS_MAX = 50;

/** Finds the link that a state belongs to, whoever began it; null for a forged state. */
export async function findLinkByState(app: App, state: string): Promise<AuthLink | null> {
  if (!STATE.test(state)) return null;
  const [found] = await app.database.scout(
    'select id, viewer_id from auth_link where state_hash = $1 limit 1',
    [hashOf(state)],
  );
  if (found === undefined) return null;
  return app.database.reader(found.viewerId).authLink.findUnique({ where: { id: found.id } });
}

/**
 * Completes a link with the code that came back: claims it once, exchanges the code, stores the
 * consent. A repeat answers as the first time did. Calls the network between two transactions; a
 * crash in between is taken up by a job.
 *
 * @returns the consent's id
 * @throws AuthLinkError whose code says why
 */
export async function completeLink(app: App, link: AuthLink, code: string): Promise<string> {
  if (link.status === 'OPEN') {
    if (code.length === 0 || code.length > CODE_CHARACTERS_MAX) throw authLinkError('CODE_REFUSED');
    const claimed = await claim(app, link, code);
    if (claimed !== null) return exchange(app, claimed, code);
  }
  return answerOf(app, link);
}

/** Ends an open link that came back with an error instead of a code. */
export async function cancelLink(app: App, link: AuthLink, error: string): Promise<void> {
  const cancelled = error === 'access_denied';
  await endLink(app, link, {
    from: 'OPEN',
    to: cancelled ? 'CANCELLED' : 'FAILED',
    errorCode: cancelled ? 'AUTH_LINK_CANCELLED' : 'BANK_REFUSED',
  });
}

/**
 * What a link that is no longer open came to. Where another request is completing it at this
 * moment, waits a few seconds for that: browsers do ask twice.
 *
 * @returns the consent's id
 * @throws AuthLinkError whose code says why
 */
export async function answerOf(app: App, link: AuthLink): Promise<string> {
  const reader = app.database.reader(link.viewerId);
  for (let waits = 0; ; waits += 1) {
    const current = await reader.authLink.findUniqueOrThrow({
      where: { id: link.id },
      include: { consent: { select: { id: true } } },
    });
    if (current.consent !== null) return current.consent.id;
    if (current.errorCode !== null) throw authLinkError(current.errorCode);
    if (current.status !== 'CLAIMED' || waits === WAITS_MAX) {
      throw authLinkError('AUTH_LINK_IN_PROGRESS');
    }
    // For real, under any clock: the other request waits for a network.
    await setTimeout(WAIT_MILLISECONDS);
  }
}

/**
 * Takes up a link whose completion was cut off, and ends one whose time is over; answers the job
 * `completeLink`.
 */
export async function resumeLink(app: App, viewerId: string, linkId: string): Promise<void> {
  const link = await app.database.reader(viewerId).authLink.findUnique({ where: { id: linkId } });
  const now = nowOf(app.clock);
  if (link?.status === 'OPEN' && now >= link.expiresAt) {
    return endLink(app, link, { from: 'OPEN', to: 'FAILED', errorCode: 'AUTH_LINK_EXPIRED' });
  }
  if (link?.status !== 'CLAIMED' || link.sealedCode === null || link.claimedAt === null) return;
  if (now > later(link.claimedAt, CODE_MINUTES * MINUTE)) return fail(app, link, 'CODE_REFUSED');
  const code = await unseal(app.keys, linkPlace('sealed_code', linkId, viewerId), link.sealedCode);
  try {
    await exchange(app, link, code);
  } catch (error) {
    // The link now says why it failed; trying again cannot change that.
    if (!(error instanceof AuthLinkError)) throw error;
  }
}

async function claim(app: App, link: AuthLink, code: string): Promise<AuthLink | null> {
  const now = nowOf(app.clock);
  if (now >= link.expiresAt) throw authLinkError('AUTH_LINK_EXPIRED');
  const sealedCode = await seal(app.keys, linkPlace('sealed_code', link.id, link.viewerId), code);
  return app.database.transact(link.viewerId, async (tx) => {
    const { count } = await tx.authLink.updateMany({
      where: { id: link.id, status: 'OPEN' },
      data: { status: 'CLAIMED', sealedCode, claimedAt: now },
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
    const reason = exchangeFailure(error);
    await fail(app, link, reason);
    throw authLinkError(reason);
  }
  return saveConsent(app, link, answer);
}

function exchangeFailure(error: BankError): LinkErrorCode {
  if (error.meaning === 'OPERATOR_FAULT') return 'SERVER_MISCONFIGURED';
  return error.tryAgain ? 'BANK_UNAVAILABLE' : 'CODE_REFUSED';
}

function fail(app: App, link: AuthLink, errorCode: LinkErrorCode): Promise<void> {
  return endLink(app, link, { from: 'CLAIMED', to: 'FAILED', errorCode });
}

/** Ends a link, if it still stands where it is believed to; no secret outlives it. */
async function endLink(
  app: App,
  link: AuthLink,
  move: {
    readonly from: 'OPEN' | 'CLAIMED';
    readonly to: 'CANCELLED' | 'FAILED';
    readonly errorCode: LinkErrorCode;
  },
): Promise<void> {
  await app.database.transact(link.viewerId, (tx) =>
    tx.authLink.updateMany({
      where: { id: link.id, status: move.from },
      data: {
        status: move.to,
        errorCode: move.errorCode,
        sealedCode: null,
        sealedCodeVerifier: null,
        sealedPsuIp: null,
        endedAt: nowOf(app.clock),
      },
    }),
  );
}
