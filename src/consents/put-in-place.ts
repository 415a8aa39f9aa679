import type { App } from '../app.ts';
import { later, MINUTE, nowOf } from '../base/clock.ts';
import type { AuthLink, Consent, ConsentCredential } from '../generated/prisma/client.ts';
import type { Tx } from '../postgres/db.ts';
import { historyLimits } from '../providers/limits.ts';
import type { TokenAnswer } from '../truelayer/token-endpoint.ts';
import type { WireMe } from '../truelayer/wire-me.ts';
import { beginPeriod, firstNumbers } from './begin-period.ts';
import { authLinkError, type LinkErrorCode } from './link-error.ts';
import type { ConsentWay } from './receipt.ts';
import { compareConnections } from './replaced.ts';
import { createRevocation, type HeldForRevocation } from './revocation.ts';
import type { sealTokens } from './seal-tokens.ts';
import { SPENT } from './secrets.ts';

/** A claimed link that renews a consent. */
export type RenewalLink = AuthLink & { readonly renewsConsentId: string };

/** All that one try to put a renewal in place is made of. */
export interface Renewal {
  readonly link: RenewalLink;
  readonly answer: TokenAnswer;
  readonly me: WireMe | null;
  /** The tokens that are there, and the same for the revocation that ends their connection. */
  readonly before: ConsentCredential | null;
  readonly held: HeldForRevocation;
  readonly fresh: Awaited<ReturnType<typeof sealTokens>>;
  readonly sealedPsuIp: string | null;
}

/**
 * Puts a renewal in the place of what the consent lived by, in one transaction, and ends the link.
 *
 * @returns the consent as it was; why it cannot be renewed; or `CHANGED`, if its tokens are others by
 *   now: in both cases with nothing done
 */
export async function putInPlace(
  app: App,
  renewal: Renewal,
): Promise<Consent | LinkErrorCode | 'CHANGED'> {
  const { link, me, before, fresh } = renewal;
  const { viewerId, renewsConsentId: id } = link;
  const now = nowOf(app.clock);
  return app.database.transact(viewerId, async (tx) => {
    await tx.$queryRaw`select id from consent where id = ${id}::uuid for update`;
    const consent = await tx.consent.findUnique({ where: { id } });
    if (consent === null) throw authLinkError('AUTH_LINK_UNKNOWN');
    const refusal = refusalOf(consent, me);
    if (refusal !== null) return refusal;
    const numbered = { ...fresh, ...firstNumbers(consent.period + 1) };
    if (!(await replaceTokens(tx, consent, before, numbered))) return 'CHANGED';
    await endLink(tx, link, now, null);
    await endReplaced(app, tx, consent, renewal, now);
    await begin(app, tx, consent, renewal, now);
    return consent;
  });
}

function refusalOf(consent: Consent, me: WireMe | null): LinkErrorCode | null {
  if (consent.status === 'REVOKED') return 'CONSENT_TAKEN_BACK';
  const providerId = me?.provider?.providerId ?? null;
  const other = providerId !== null && consent.providerId !== null;
  return other && providerId !== consent.providerId ? 'ANOTHER_BANK' : null;
}

// A refresh, a change of keys or another renewal may have been faster than we: its ciphertexts are others.
async function replaceTokens(
  tx: Tx,
  { id: consentId, viewerId }: Consent,
  before: ConsentCredential | null,
  fresh: Renewal['fresh'] & ReturnType<typeof firstNumbers>,
): Promise<boolean> {
  if (before === null) {
    const made = { ...fresh, consentId, viewerId };
    const { count } = await tx.consentCredential.createMany({ data: [made], skipDuplicates: true });
    return count === 1;
  }
  const { sealedAccess, sealedRefresh } = before;
  const { count } = await tx.consentCredential.updateMany({
    where: { consentId, sealedAccess, sealedRefresh },
    data: fresh,
  });
  return count === 1;
}

/**
 * Ends a link as completed, or as failed with a code.
 *
 * @throws AuthLinkError, by which nothing is written at all, if somebody else has ended it
 */
export async function endLink(
  tx: Tx,
  { id }: RenewalLink,
  now: Date,
  errorCode: LinkErrorCode | null,
): Promise<void> {
  const { count } = await tx.authLink.updateMany({
    where: { id, status: 'CLAIMED' },
    data: {
      ...SPENT,
      status: errorCode === null ? 'COMPLETED' : 'FAILED',
      errorCode,
      endedAt: now,
    },
  });
  if (count === 0) throw authLinkError('AUTH_LINK_IN_PROGRESS');
}

/** Has the connection that was replaced end at the bank, unless it is the one that goes on. */
async function endReplaced(
  app: App,
  tx: Tx,
  consent: Consent,
  { answer, me, held }: Renewal,
  now: Date,
): Promise<void> {
  if (held.tokens.sealedAccess === null && held.tokens.sealedRefresh === null) return;
  const compared = compareConnections(consent.credentialsId, answer, me);
  if (compared === 'SAME') return;
  await createRevocation(app, tx, {
    ...held,
    consent,
    cause: 'REPLACED',
    credentialsId: compared === 'OTHER' ? consent.credentialsId : null,
    now,
  });
}

async function begin(
  app: App,
  tx: Tx,
  consent: Consent,
  { link, answer, me, sealedPsuIp }: Renewal,
  now: Date,
): Promise<void> {
  const { windowMinutes } = historyLimits(consent.providerId ?? '');
  const agreement = {
    way: link.way as ConsentWay,
    textVersion: link.textVersion,
    scopes: link.scopes,
  };
  const refreshable = answer.refreshToken !== null;
  await beginPeriod(
    app,
    tx,
    consent,
    { ...answer, refreshable },
    agreement,
    {
      clientId: link.clientId,
      credentialsId: me?.credentialsId ?? answer.credentialsId,
      scopes: [...(answer.scopes ?? link.scopes)],
      sealedPsuIp,
      bankEndsAt: me?.consentExpiresAt ?? null,
      // The user was at the bank, which opens its old days once more.
      windowEndsAt: later(now, windowMinutes * MINUTE),
      plannedAt: null,
      historyEndedAt: null,
      readAt: null,
    },
    now,
  );
}
