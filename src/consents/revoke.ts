import { chooseFeeds } from '../accounts/choose-feeds.ts';
import type { App } from '../app.ts';
import { nowOf } from '../base/clock.ts';
import { uuidv7 } from '../base/entropy.ts';
import { ExpectedError } from '../base/errors.ts';
import { type ChangeEntry, recordChanges } from '../changes/log.ts';
import { publish } from '../events.ts';
import type { ConsentCredential } from '../generated/prisma/client.ts';
import type { Tx } from '../postgres/db.ts';
import { createRevocation, type HeldForRevocation } from './revocation.ts';
import { NO_TOKENS, sealForRevocation } from './revocation-tokens.ts';
import { eraseWhatWasRead } from './revoked-accounts.ts';
import { replaceSettledTokens } from './settled-tokens.ts';
import { moveConsent } from './status.ts';

/** Which consent its user takes back, and what becomes of all that was read by it. */
export interface RevocationRequest {
  readonly viewerId: string;
  readonly consentId: string;
  readonly data: 'KEEP' | 'ERASE';
}

/** The viewer has no such consent. */
export class ConsentUnknownError extends ExpectedError {
  constructor() {
    super('CONSENT_UNKNOWN', 'The viewer has no such consent.');
  }
}

/**
 * Takes a consent back. In one transaction it ends, its tokens leave the reach of everything but the
 * revocation at the bank, which is asked of a job, and what was read by it is erased if so wished.
 * Whatever is under way for it at this moment can write no more. A repeat changes nothing, but may
 * erase what was kept before.
 *
 * @throws ConsentUnknownError
 */
export async function revokeConsent(app: App, request: RevocationRequest): Promise<void> {
  const { viewerId } = request;
  await replaceSettledTokens(app, request, async (credential) => {
    // Sealed for their new place before the transaction, since a key may live behind a network.
    const id = uuidv7(app.entropy, nowOf(app.clock));
    const tokens =
      credential === null ? NO_TOKENS : await sealForRevocation(app, credential, { id, viewerId });
    return (await revoke(app, request, credential, { id, tokens })) ? 'REVOKED' : 'CHANGED';
  });
}

/** @returns false, with nothing done, if the tokens are no longer those that were read */
async function revoke(
  app: App,
  { viewerId, consentId, data }: RevocationRequest,
  read: ConsentCredential | null,
  held: HeldForRevocation,
): Promise<boolean> {
  const now = nowOf(app.clock);
  return app.database.transact(viewerId, async (tx) => {
    // Waits for every transaction that is writing what the bank gave: see `living.ts`.
    await tx.$queryRaw`select id from consent where id = ${consentId}::uuid for update`;
    const consent = await tx.consent.findUnique({ where: { id: consentId } });
    if (consent === null) throw new ConsentUnknownError();
    if (!(await dropCredential(tx, consentId, read))) return false;
    const first = consent.status !== 'REVOKED';
    if (first) await createRevocation(app, tx, { ...held, consent, cause: 'TAKEN_BACK', now });
    const changes: ChangeEntry[] = [
      ...(await chooseFeeds(tx, viewerId, now, consentId)),
      ...(data === 'ERASE' ? await eraseWhatWasRead(tx, consent, now) : []),
    ];
    const move = { to: 'REVOKED', reason: 'REVOKED_BY_USER', by: 'USER' } as const;
    if (first) await moveConsent(app, tx, { viewerId, consentId, ...move, now });
    else if (changes.length > 0) await publish(tx, { consentId });
    await recordChanges(app, tx, viewerId, now, changes, consentId);
    return true;
  });
}

// A refresh or a change of keys may have been faster than we: its ciphertexts are others.
async function dropCredential(
  tx: Tx,
  consentId: string,
  read: ConsentCredential | null,
): Promise<boolean> {
  if (read === null) return (await tx.consentCredential.count({ where: { consentId } })) === 0;
  const { sealedAccess, sealedRefresh } = read;
  const { count } = await tx.consentCredential.deleteMany({
    where: { consentId, sealedAccess, sealedRefresh },
  });
  return count === 1;
}
