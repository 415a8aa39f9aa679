import { setTimeout } from 'node:timers/promises';
import type { App } from '../app.ts';
import { nowOf } from '../base/clock.ts';
import { uuidv7 } from '../base/entropy.ts';
import { seal, unseal } from '../base/seal.ts';
import type { ConsentCredential } from '../generated/prisma/client.ts';
import type { TokenAnswer } from '../truelayer/token-endpoint.ts';
import type { WireMe } from '../truelayer/wire-me.ts';
import { endUnreadable } from './flag.ts';
import { authLinkError, type LinkErrorCode } from './link-error.ts';
import { periodEnd } from './period.ts';
import { endLink, putInPlace, type RenewalLink } from './put-in-place.ts';
import { createRevocation, type HeldForRevocation } from './revocation.ts';
import { NO_TOKENS, sealAnswer, sealForRevocation } from './revocation-tokens.ts';
import { sealTokens } from './seal-tokens.ts';
import { linkPlace, psuIpPlace } from './secrets.ts';
import { replaceSettledTokens } from './settled-tokens.ts';

const ME_MILLISECONDS_MAX = 10_000;

/**
 * Puts what a renewal's code was exchanged for in the place of what the consent lived by, in one
 * transaction: until then the old tokens work, after that only the new ones. The connection that was
 * replaced is ended at the bank, if it is another. Calls the network.
 *
 * @param link - claimed, and ended by this
 * @returns the consent's id
 * @throws AuthLinkError `ANOTHER_BANK` or `CONSENT_TAKEN_BACK`, with nothing changed but that the new
 *   connection is ended; `AUTH_LINK_IN_PROGRESS` if somebody else has ended the link meanwhile
 */
export async function completeRenewal(
  app: App,
  link: RenewalLink,
  answer: TokenAnswer,
): Promise<string> {
  const { viewerId, renewsConsentId: id } = link;
  const me = await askMe(app, answer.accessToken);
  const fresh = await sealTokens(app, { id, viewerId }, answer, nowOf(app.clock));
  const sealedPsuIp = await moveAddress(app, link);
  const outcome = await replaceSettledTokens(app, { viewerId, consentId: id }, async (before) => {
    const held = await hold(app, link, before);
    return putInPlace(app, { link, answer, me, before, held, fresh, sealedPsuIp });
  });
  if (typeof outcome === 'string') {
    await refuse(app, link, answer, outcome);
    throw authLinkError(outcome);
  }
  await endUnreadable(app, outcome);
  return id;
}

/** The bank's word on whose tokens these are; null where it does not come while the user waits. */
async function askMe(app: App, accessToken: string): Promise<WireMe | null> {
  const asked = app.truelayer.bank({ accessToken }).me();
  const late = setTimeout(ME_MILLISECONDS_MAX, null, { ref: false });
  try {
    return await Promise.race([asked, late]);
  } catch (error) {
    // The link was for one bank alone, so its silence says nothing against the renewal.
    app.log.warn({ err: error }, 'the bank does not say whose tokens a renewal gave');
    return null;
  }
}

async function moveAddress(app: App, link: RenewalLink): Promise<string | null> {
  const { id, viewerId, renewsConsentId, sealedPsuIp } = link;
  if (sealedPsuIp === null) return null;
  const psuIp = await unseal(app.keys, linkPlace('sealed_psu_ip', id, viewerId), sealedPsuIp);
  return seal(app.keys, psuIpPlace(renewsConsentId, viewerId), psuIp);
}

// Sealed before the transaction, since a key may live behind a network.
async function hold(
  app: App,
  { way, viewerId }: RenewalLink,
  before: ConsentCredential | null,
): Promise<HeldForRevocation> {
  const id = uuidv7(app.entropy, nowOf(app.clock));
  // What was extended is the connection that it was: there is nothing to end.
  if (before === null || way === 'EXTEND_LINK') return { id, tokens: NO_TOKENS };
  return { id, tokens: await sealForRevocation(app, before, { id, viewerId }) };
}

/** Ends the link, and at the bank what was connected by it. */
async function refuse(
  app: App,
  link: RenewalLink,
  answer: TokenAnswer,
  errorCode: LinkErrorCode,
): Promise<void> {
  const { viewerId, renewsConsentId, environment, clientId } = link;
  const now = nowOf(app.clock);
  const id = uuidv7(app.entropy, now);
  const tokens = { ...NO_TOKENS, ...(await sealAnswer(app, { id, viewerId }, answer)) };
  const endsAt = await periodEnd(app, app.database.shared, link.providerId, now);
  const consent = { id: renewsConsentId, viewerId, environment, clientId, endsAt };
  await app.database.transact(viewerId, async (tx) => {
    await endLink(tx, link, now, errorCode);
    await createRevocation(app, tx, { id, tokens, consent, cause: 'REFUSED', now });
  });
}
