import type { App } from '../app.ts';
import { later, MINUTE, nowOf } from '../base/clock.ts';
import { seal, unseal } from '../base/seal.ts';
import { recordChanges } from '../changes/log.ts';
import { publish } from '../events.ts';
import type { AuthLink } from '../generated/prisma/client.ts';
import { ask, jobs } from '../jobs.ts';
import { historyLimits } from '../providers/limits.ts';
import type { TokenAnswer } from '../truelayer/token-endpoint.ts';
import { firstDue, keepAliveInstant } from './due.ts';
import { consentIdOf } from './link.ts';
import { authLinkError } from './link-error.ts';
import { askToTend } from './next-due.ts';
import { periodEnd } from './period.ts';
import { writeReceipt } from './receipt.ts';
import { sealTokens } from './seal-tokens.ts';
import { linkPlace, psuIpPlace, SPENT } from './secrets.ts';
import { writeMove } from './status.ts';

/**
 * Stores what a link's code was exchanged for: the consent, its sealed tokens, and the jobs that
 * begin its life, in one transaction.
 *
 * @param link - claimed, and completed by this
 * @returns the consent's id
 * @throws AuthLinkError if somebody else has ended the link meanwhile
 */
export async function saveConsent(app: App, link: AuthLink, answer: TokenAnswer): Promise<string> {
  const now = nowOf(app.clock);
  const { viewerId } = link;
  const id = consentIdOf(link);
  const psuIp =
    link.sealedPsuIp &&
    (await unseal(app.keys, linkPlace('sealed_psu_ip', link.id, viewerId), link.sealedPsuIp));
  const sealedPsuIp = psuIp && (await seal(app.keys, psuIpPlace(id, viewerId), psuIp));
  const credential = await sealTokens(app, { id, viewerId }, answer, now);
  const endsAt =
    answer.refreshToken === null
      ? answer.expiresAt
      : await periodEnd(app, app.database.shared, link.providerId, now);
  const limits = historyLimits(link.providerId ?? '');
  // The first look at its history, minutes from now, finds when the first alert is due.
  const dueAt = firstDue({
    now,
    endsAt,
    keptAlive: answer.refreshToken !== null,
    readEveryHours: app.config.readEveryHours,
    keepAliveAt: credential.refreshEndsAt && keepAliveInstant(id, credential.refreshEndsAt),
    historySince: now,
  });
  await app.database.transact(viewerId, async (tx) => {
    const { count } = await tx.authLink.updateMany({
      where: { id: link.id, status: 'CLAIMED' },
      data: { ...SPENT, status: 'COMPLETED', endedAt: now },
    });
    if (count === 0) throw authLinkError('AUTH_LINK_IN_PROGRESS');
    const consent = await tx.consent.create({
      data: {
        id,
        viewerId,
        authLinkId: link.id,
        environment: link.environment,
        clientId: link.clientId,
        credentialsId: answer.credentialsId,
        providerId: link.providerId,
        scopes: [...(answer.scopes ?? link.scopes)],
        sealedPsuIp,
        consentedAt: now,
        windowEndsAt: later(now, limits.windowMinutes * MINUTE),
        endsAt,
        dueAt,
        createdAt: now,
      },
    });
    await tx.consentCredential.create({ data: { ...credential, consentId: id, viewerId } });
    const given = { to: consent.status, reason: 'GIVEN', by: 'USER', now } as const;
    await writeMove(app, tx, { ...consent, status: null }, given);
    const { textVersion } = link;
    await writeReceipt(
      app,
      tx,
      consent,
      { way: 'AUTH_LINK', textVersion, scopes: link.scopes },
      now,
    );
    const payload = { viewerId, consentId: id };
    await app.queue.send(tx, [
      ask(jobs.startBackfill, payload, { key: id }),
      askToTend({ id, viewerId }, dueAt),
    ]);
    await publish(tx, { consentId: id });
    await recordChanges(app, tx, viewerId, now, [
      { subject: 'CONSENT', subjectId: id, act: 'ADDED' },
    ]);
  });
  return id;
}
