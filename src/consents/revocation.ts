import type { App } from '../app.ts';
import type { Consent } from '../generated/prisma/client.ts';
import type { Tx } from '../postgres/db.ts';
import { askFor } from './revoke-at-bank.ts';
import type { RevocationTokens } from './revocation-tokens.ts';

/** Why a connection is to end at the bank. */
export type RevocationCause = 'TAKEN_BACK' | 'REPLACED' | 'REFUSED' | 'ERASED';

/** The id that a revocation will have, and the tokens that were sealed for it. */
export interface HeldForRevocation {
  readonly id: string;
  readonly tokens: RevocationTokens;
}

/**
 * Notes in the caller's transaction that a connection is to end at the bank, and asks for the job that
 * tells it so. Where there is nothing to tell it with, the note alone is made.
 *
 * @param consent - whose connection it is, as it was before anything was put in its place
 * @param viewerId - whose row it will be, for which the tokens were sealed; the consent's own if not given
 */
export async function createRevocation(
  app: Pick<App, 'queue'>,
  tx: Tx,
  revocation: HeldForRevocation & {
    readonly consent: Pick<Consent, 'id' | 'viewerId' | 'environment' | 'clientId' | 'endsAt'>;
    readonly viewerId?: string;
    readonly cause: RevocationCause;
    /** Of a replaced connection: TrueLayer's id, if it is certain that the new one has another. */
    readonly credentialsId?: string | null;
    readonly now: Date;
  },
): Promise<void> {
  const { id, tokens, consent, cause, credentialsId = null, now } = revocation;
  const { environment, clientId, endsAt } = consent;
  const viewerId = revocation.viewerId ?? consent.viewerId;
  const canTell = tokens.sealedAccess !== null || tokens.sealedRefresh !== null;
  await tx.revocation.create({
    data: {
      id,
      viewerId,
      // Nothing is to lead back from it to somebody who was erased.
      consentId: cause === 'ERASED' ? null : consent.id,
      cause,
      credentialsId,
      environment,
      clientId,
      endsAt,
      requestedAt: now,
      ...tokens,
      ...(canTell ? { dueAt: now } : { endedAt: now }),
    },
  });
  if (canTell) await app.queue.send(tx, [askFor(viewerId, id)]);
}
